"""The simulated pty and QEMU's pass the same tests."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterator
from pathlib import Path

from tests.guests.bridge import Bridge
from tests.guests.client import until
from tests.guests.kit import PtySteal
from tests.guests.kit.sides import BOTH, Side, Simulated


@contextlib.contextmanager
def pty(is_real: bool, folder: Path) -> Iterator[tuple[Side, Path]]:
    """A guest on a pty, and the pty."""
    if is_real:
        with Bridge(folder, "pty") as bridge:
            yield bridge, bridge.pty()
    else:
        with PtySteal("-") as guest:
            yield Simulated(guest), Path(guest.address)


@contextlib.contextmanager
def reader(path: Path) -> Iterator[int]:
    """The pty, open and non-blocking."""
    opened = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield opened
    finally:
        os.close(opened)


def is_readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def asks_and_is_heard(guest: Side, opened: int) -> bool:
    guest.say(b"?")
    return is_readable(opened)


def attach(guest: Side, opened: int) -> None:
    """Return when the guest has noticed that its pty is open, with all it said read."""

    until(lambda: asks_and_is_heard(guest, opened))
    while is_readable(opened):
        os.read(opened, 4096)


@BOTH
def test_two_readers_of_a_pty_steal_from_each_other(is_real: bool, short_folder: Path) -> None:
    with pty(is_real, short_folder) as (guest, path), reader(path) as one, reader(path) as other:
        attach(guest, one)
        guest.say(b"abcd")
        until(lambda: is_readable(one))
        heard = [os.read(descriptor, 1) for descriptor in (one, other, one, other)]
        assert heard == [b"a", b"b", b"c", b"d"]


@BOTH
def test_what_is_printed_to_a_closed_pty_is_gone(is_real: bool, short_folder: Path) -> None:
    with pty(is_real, short_folder) as (guest, path):
        guest.say(b"to nobody")
        with reader(path) as opened:
            until(lambda: asks_and_is_heard(guest, opened))
            assert set(os.read(opened, 4096)) == set(b"?")


@BOTH
def test_what_is_typed_on_a_pty_reaches_the_guest(is_real: bool, short_folder: Path) -> None:
    with pty(is_real, short_folder) as (guest, path), reader(path) as opened:
        attach(guest, opened)
        os.write(opened, b"typed\r\n")
        guest.wait_for_typed(b"typed\r\n")


@BOTH
def test_reader_of_a_pty_learns_that_the_guest_ended(is_real: bool, short_folder: Path) -> None:
    with pty(is_real, short_folder) as (guest, path), reader(path) as opened:
        attach(guest, opened)
        guest.exit()
        poll = select.poll()
        poll.register(opened, select.POLLIN)
        [(_, events)] = poll.poll(30_000)
        assert events & select.POLLHUP


def test_stalled_reader_of_a_pty_stops_the_printer_and_loses_nothing() -> None:
    text = b"".join(b"%06d." % number for number in range(10_000))
    with PtySteal("-", piece=64) as guest, reader(Path(guest.address)) as opened:
        guest.wait_for_client()
        guest.say(text)
        until(lambda: is_readable(opened))
        heard = bytearray()

        def is_all() -> bool:
            with contextlib.suppress(BlockingIOError):
                heard.extend(os.read(opened, 4096))
            return len(heard) == len(text)

        until(is_all)
        assert heard == text
        [life] = guest.lives
        assert life.delivered == [(0, len(text))]
        assert life.dropped == []
