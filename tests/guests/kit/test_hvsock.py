"""The hybrid vsock muxer, against Firecracker's rules (section 2.5 of the facts)."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guests.client import connect_soon, read_all, read_until, unread, until
from tests.guests.kit import Hvsock, Ok, Seeded, verify
from tests.guests.kit.hvsock import FIRST_HOST_PORT, GARBAGE

GREETING = Seeded(3, 500)


@contextlib.contextmanager
def dialled(guest: Hvsock, line: bytes = b"CONNECT 1026\n") -> Iterator[socket.socket]:
    with connect_soon(guest.path) as client:
        client.sendall(line)
        yield client


def ok_line(client: socket.socket) -> int:
    """The port that the OK names."""
    line = bytearray()
    while not line.endswith(b"\n"):
        data = client.recv(1)
        assert data, bytes(line)
        line += data
    found = re.fullmatch(rb"OK (\d+)\n", line)
    assert found, bytes(line)
    return int(found[1])


@pytest.mark.parametrize(
    "line", [b"CONNECT 1026\n", b"connect 1026\n", b"CoNnEcT 1026\n", b"CONNECT    1026       \n"]
)
def test_line_in_any_case_gets_a_host_port(line: bytes, short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock") as guest, dialled(guest, line) as client:
        assert ok_line(client) >= FIRST_HOST_PORT == 1 << 30
        guest.say(b"shell")
        assert read_until(client, b"shell") == b"shell"
        client.sendall(b"ls\n")
        guest.wait_until(lambda truth: truth.lives[-1].visits[-1].typed == b"ls\n")


@pytest.mark.parametrize(
    "line",
    [
        b"CONNECT 1027\n",
        b"CONNECT\n       ",
        b"CONNECT x1026\n",
        b"CONNECT 1026 1\n",
        b"HELLO 1026\n",
        b"CONNECT 4294967296\n",
        b"CONNECT 1026",
        b"CONN",
        b"CONNECT " + b" " * 20 + b"1026\n",
    ],
)
def test_wrong_line_gets_end_of_file_and_not_a_byte(line: bytes, short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock") as guest, dialled(guest, line) as client:
        with contextlib.suppress(ConnectionResetError):
            assert read_all(client) == b""
        assert guest.wait_until(lambda truth: truth.turned_away).turned_away == 1
        assert not guest.visits


def test_line_of_thirty_two_bytes_still_passes(short_folder: Path) -> None:
    line = b"CONNECT " + b"1026\n".rjust(24)
    assert len(line) == 32
    with Hvsock(short_folder / "h.sock") as guest, dialled(guest, line) as client:
        ok_line(client)


def test_tolerant_muxer_takes_the_line_in_pieces(short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock", tolerant=True) as guest, dialled(guest, b"CON") as client:
        client.sendall(b"NECT 10")
        client.sendall(b"26\n")
        ok_line(client)


def test_nobody_listens_yet_and_then_somebody_does(short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock", refusals=3) as guest:
        for _ in range(3):
            with dialled(guest) as client:
                assert read_all(client) == b""
        with dialled(guest) as client:
            ok_line(client)


@pytest.mark.parametrize("ok", [Ok.PLAIN, Ok.WITH_DATA, Ok.BYTE_BY_BYTE])
def test_what_the_guest_says_after_the_ok_is_whole(ok: Ok, short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock", say=GREETING, ok=ok) as guest:
        for visits in (1, 2):
            with dialled(guest) as client:
                ok_line(client)
                heard = bytearray()
                while len(heard) < GREETING.size:
                    heard += client.recv(4096)
                assert verify(heard, GREETING.seed, GREETING.size).is_whole
                assert len(guest.visits) == visits
                assert guest.lives[-1].delivered == [(0, GREETING.size)]


def test_first_data_can_be_in_the_segment_of_the_ok(short_folder: Path) -> None:
    with (
        Hvsock(short_folder / "h.sock", say=GREETING, ok=Ok.WITH_DATA) as guest,
        dialled(guest) as client,
    ):
        assert len(client.recv(4096)) == len(b"OK 1073741824\n") + GREETING.size


def test_ok_can_come_a_byte_at_a_time(short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock", ok=Ok.BYTE_BY_BYTE) as guest, dialled(guest) as client:
        until(lambda: unread(client) > 0)
        for _ in range(50):
            assert guest.truth.lives
            assert unread(client) == 1
        heard = [client.recv(4096) for _ in range(len(b"OK 1073741824\n"))]
        assert b"".join(heard) == b"OK 1073741824\n"
        assert {len(data) for data in heard} == {1}


def test_ok_can_be_held_back_until_a_test_wants_it(short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock", ok=Ok.HELD) as guest, dialled(guest) as client:
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(30)
        guest.answer()
        ok_line(client)


def test_ok_can_be_late(short_folder: Path) -> None:
    begin = time.monotonic()
    with Hvsock(short_folder / "h.sock", late_s=0.2) as guest, dialled(guest) as client:
        ok_line(client)
    assert time.monotonic() - begin >= 0.2


def test_answer_can_be_garbage_or_none(short_folder: Path) -> None:
    with Hvsock(short_folder / "g.sock", ok=Ok.GARBAGE) as guest, dialled(guest) as client:
        assert read_until(client, GARBAGE) == GARBAGE
        assert not guest.visits
    with Hvsock(short_folder / "s.sock", ok=Ok.SILENT) as guest, dialled(guest) as client:
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        guest.exit()
        client.settimeout(30)
        assert client.recv(1) == b""


def test_callers_beyond_the_limit_are_accepted_and_closed(short_folder: Path) -> None:
    with (
        Hvsock(short_folder / "h.sock", limit=2) as guest,
        dialled(guest) as one,
        dialled(guest) as two,
    ):
        assert ok_line(one) != ok_line(two)
        with connect_soon(guest.path) as three:
            assert read_all(three) == b""
        two.close()
        guest.wait_until(lambda truth: truth.lives[-1].visits[-1].ended == "client")
        with dialled(guest) as three:
            ok_line(three)


def test_limit_is_firecrackers(short_folder: Path) -> None:
    with Hvsock(short_folder / "h.sock") as guest, contextlib.ExitStack() as open_:
        for _ in range(1023):
            ok_line(open_.enter_context(dialled(guest)))
        with connect_soon(guest.path) as beyond:
            assert read_all(beyond) == b""
        assert guest.truth.turned_away == 1
