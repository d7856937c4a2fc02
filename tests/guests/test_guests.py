"""The guests that other tests rely on do what they say."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.demo.tools import KERNEL_VARIABLE
from tests.guests import ROOT
from tests.guests.client import connect_soon, read_all, read_until, until
from tests.guests.kit import flood, seeded
from tests.guests.needed import REQUIRE_VARIABLE
from tests.guests.serve import Afterwards, GuestProcess, Kind, pieces
from tests.guests.tee import Tee

SIZE = 300_000


@pytest.mark.parametrize("kind", Kind)
def test_guest_says_exactly_what_its_kind_promises(kind: Kind, short_folder: Path) -> None:
    path = short_folder / "g.sock"
    with (
        GuestProcess(path, kind, SIZE, seed=7, afterwards=Afterwards.HANG_UP) as guest,
        connect_soon(path) as client,
    ):
        heard = read_all(client)
        guest.wait(10)
        assert not path.exists()
    assert len(heard) == SIZE
    assert heard == b"".join(pieces(kind, SIZE, 7))


def test_seeded_stream_tells_where_a_byte_was_lost() -> None:
    whole = b"".join(seeded.stream(1, SIZE))
    assert len(set(whole)) == 256
    assert seeded.first_difference(whole, 1) is None
    assert seeded.first_difference(whole[:1000], 1) is None
    assert seeded.first_difference(whole, 2) == 0
    lost = whole[:200_000] + whole[200_001:]
    at = seeded.first_difference(lost, 1)
    assert at is not None
    assert 200_000 <= at < 200_010


def test_seeded_parts_can_be_made_alone() -> None:
    whole = b"".join(seeded.stream(3, seeded.BLOCK_BYTES * 3))
    assert whole[seeded.BLOCK_BYTES * 2 :] == seeded.block(3, 2)


def test_flooded_lines_are_numbered_and_of_one_length() -> None:
    rows = b"".join(flood.lines(flood.LINE_BYTES * 3000)).splitlines(keepends=True)
    assert {len(row) for row in rows} == {flood.LINE_BYTES}
    assert [int(row[:12]) for row in rows] == list(range(3000))


def test_endless_line_has_no_newline() -> None:
    assert b"\n" not in b"".join(flood.endless_line(1_000_003))


def test_hundred_megabytes_without_newline_arrive_whole(short_folder: Path) -> None:
    size, heard = 100_000_000, 0
    with (
        GuestProcess(short_folder / "g.sock", Kind.ENDLESS_LINE, size) as guest,
        connect_soon(guest.path) as client,
    ):
        while heard < size:
            data = client.recv(1 << 20)
            assert data
            assert b"\n" not in data
            heard += len(data)
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_broken_text_holds_nul_bad_utf8_and_every_byte() -> None:
    text = b"".join(flood.broken_text(SIZE))
    assert len(text) == SIZE
    assert set(text) == set(range(256))
    with pytest.raises(UnicodeDecodeError):
        text.decode()


def test_guest_that_hangs_up_at_once_does_so_each_time(short_folder: Path) -> None:
    with GuestProcess(short_folder / "g.sock", Kind.LINES, 0, afterwards=Afterwards.AGAIN) as guest:
        for _ in range(5):
            with connect_soon(guest.path) as client:
                assert read_all(client) == b""
        assert guest.is_running


def test_guest_that_is_stopped_says_nothing_until_it_is_continued(short_folder: Path) -> None:
    with GuestProcess(
        short_folder / "g.sock", Kind.LINES, SIZE, afterwards=Afterwards.HANG_UP
    ) as guest:
        os.kill(guest.pid, signal.SIGSTOP)
        with connect_soon(guest.path) as client:
            client.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.recv(1)
            os.kill(guest.pid, signal.SIGCONT)
            client.settimeout(30)
            assert len(read_all(client)) == SIZE


def test_second_client_of_a_guest_waits_in_the_queue(short_folder: Path) -> None:
    with (
        GuestProcess(short_folder / "g.sock", Kind.LINES, 640) as guest,
        connect_soon(guest.path) as first,
    ):
        read_until(first, b"000000000009")
        with connect_soon(guest.path) as second:
            second.settimeout(0.05)
            with pytest.raises(TimeoutError):
                second.recv(1)
            first.close()
            second.settimeout(30)
            assert read_until(second, b"000000000009").startswith(b"000000000000")


def test_tee_keeps_a_copy_of_every_byte_and_ends_with_the_guest(short_folder: Path) -> None:
    source, offer, copy = (short_folder / name for name in ("s.sock", "t.sock", "copy"))
    with (
        GuestProcess(source, Kind.SEEDED, 5_000_000, seed=5, afterwards=Afterwards.HANG_UP),
        Tee(source, offer, copy) as tee,
        connect_soon(offer) as client,
    ):
        heard = read_all(client)
        tee.wait(10)
        assert not offer.exists()
    assert len(heard) == 5_000_000
    assert seeded.first_difference(heard, 5) is None
    assert copy.read_bytes() == heard


def test_tee_reads_on_while_its_client_does_not(short_folder: Path) -> None:
    source, offer, copy = (short_folder / name for name in ("s.sock", "t.sock", "copy"))
    size = 20_000_000
    with (
        GuestProcess(source, Kind.SEEDED, size, seed=6, afterwards=Afterwards.HANG_UP) as guest,
        Tee(source, offer, copy) as tee,
        connect_soon(offer) as client,
    ):
        # The guest can end only when every byte was taken from it.
        guest.wait(30)
        assert copy.stat().st_size < size
        heard = read_all(client)
        tee.wait(10)
    assert len(heard) == size
    assert copy.read_bytes() == heard


def test_tee_without_a_client_is_no_client_of_the_guest(short_folder: Path) -> None:
    source, offer, copy = (short_folder / name for name in ("s.sock", "t.sock", "copy"))
    with (
        GuestProcess(source, Kind.LINES, 640, afterwards=Afterwards.AGAIN),
        Tee(source, offer, copy),
    ):
        with connect_soon(source) as direct:
            assert len(read_all(direct)) == 640
        assert copy.read_bytes() == b""
        with connect_soon(offer) as client:
            assert len(read_all(client)) == 640


def test_tee_waits_for_a_guest_that_is_not_there_yet(short_folder: Path) -> None:
    source, offer, copy = (short_folder / name for name in ("s.sock", "t.sock", "copy"))
    with Tee(source, offer, copy), connect_soon(offer) as client:
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(30)
        with GuestProcess(source, Kind.LINES, 640, afterwards=Afterwards.HANG_UP):
            assert len(read_all(client)) == 640


def test_tee_passes_on_what_is_typed(short_folder: Path) -> None:
    source, offer, copy = (short_folder / name for name in ("s.sock", "t.sock", "copy"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source))
        listener.listen(1)
        with Tee(source, offer, copy), connect_soon(offer) as client:
            guest, _ = listener.accept()
            with guest:
                client.sendall(b"typed\r")
                assert read_until(guest, b"typed\r") == b"typed\r"
                guest.sendall(b"said")
                assert read_until(client, b"said") == b"said"
                until(lambda: copy.read_bytes() == b"said")


def test_pieces_never_exceed_what_a_guest_was_asked_for() -> None:
    for kind, size in itertools.product(Kind, (0, 1, 63, 64, 65, 65_536, 65_537)):
        assert len(b"".join(pieces(kind, size))) == size


@pytest.mark.parametrize(("require", "code", "word"), [("", 0, "1 skipped"), ("1", 1, "1 error")])
def test_missing_kernel_skips_a_real_guests_test_unless_it_must_run(
    require: str, code: int, word: str, tmp_path: Path
) -> None:
    name = "tests/guests/test_qemu.py::test_same_path_serves_the_next_generation"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", name],
        cwd=ROOT,
        env={**os.environ, KERNEL_VARIABLE: str(tmp_path / "none"), REQUIRE_VARIABLE: require},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == code
    assert word in done.stdout
    assert f"{KERNEL_VARIABLE} must name an x86 bzImage" in done.stdout
