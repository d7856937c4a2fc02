"""What VMMs that are not here do, against the facts that were read in their sources."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.guests.client import connect_soon, read_all, read_until, until
from tests.guests.kit import (
    Afterwards,
    ClhKick,
    Device,
    DragonballDrop,
    Kind,
    QemuQueue,
    Rebirth,
    Seeded,
    Speech,
    as_seen,
    length,
    verify,
)
from tests.guests.kit.speech import TORN

MIB = 1 << 20


def read_exactly(client: socket.socket, size: int) -> bytes:
    heard = bytearray()
    while len(heard) < size:
        data = client.recv(min(65536, size - len(heard)))
        assert data
        heard += data
    return bytes(heard)


def test_cloud_hypervisor_throws_the_old_client_off_for_the_new_one(short_folder: Path) -> None:
    with ClhKick(short_folder / "c.sock") as guest, connect_soon(guest.path) as old:
        guest.wait_for_client(1)
        guest.say(b"one")
        assert read_until(old, b"one") == b"one"
        with connect_soon(guest.path) as new:
            assert read_all(old) == b""
            guest.say(b"two")
            assert read_until(new, b"two") == b"two"
            assert [visit.ended for visit in guest.visits] == ["newcomer", ""]


def test_cloud_hypervisor_keeps_the_last_mebibyte(short_folder: Path) -> None:
    size = 3 * MIB + 1000
    with ClhKick(short_folder / "c.sock", say=Seeded(4, size)) as guest:
        [life] = guest.wait_until_said().lives
        assert life.said == size
        assert life.dropped == [(0, size - MIB)]


def test_cloud_hypervisor_gives_its_backlog_to_one_client_once(short_folder: Path) -> None:
    size, ring = 300_000, 100_000
    with ClhKick(short_folder / "c.sock", say=Seeded(4, size), ring=ring) as guest:
        guest.wait_until_said()
        with connect_soon(guest.path) as first:
            heard = read_exactly(first, ring)
            assert verify(heard, 4, size).missing == [as_seen((0, size - ring), 4, size)]
        with connect_soon(guest.path) as second:
            guest.wait_for_client(2)
            guest.say(b"new")
            assert read_until(second, b"new") == b"new"
        [life] = guest.lives
        assert life.dropped == [(0, size - ring)]
        assert life.visits[0].delivered == [(size - ring, size)]


def test_cloud_hypervisor_leaves_the_tail_until_the_guest_prints_again(short_folder: Path) -> None:
    size = MIB
    with ClhKick(short_folder / "c.sock") as guest, connect_soon(guest.path) as client:
        guest.wait_for_client()
        guest.say(b"." * size)
        guest.wait_until(lambda truth: truth.lives[0].said == size)
        taken = length(guest.lives[0].delivered)
        assert taken < size
        read_exactly(client, taken)
        assert length(guest.lives[0].delivered) == taken
        guest.say(b"!")
        guest.wait_until(lambda truth: length(truth.lives[0].delivered) > taken)


def test_dragonball_drops_the_newcomer_with_end_of_file(short_folder: Path) -> None:
    with DragonballDrop(short_folder / "d.sock") as guest, connect_soon(guest.path) as first:
        guest.wait_for_client()
        for count in (1, 2, 3):
            with connect_soon(guest.path) as late:
                assert read_all(late) == b""
            assert guest.truth.turned_away == count
        guest.say(b"still here")
        assert read_until(first, b"here") == b"still here"
        first.close()
        guest.wait_until(lambda truth: not truth.lives[0].is_served)
        with connect_soon(guest.path) as next_one:
            guest.wait_for_client(2)
            guest.say(b"served")
            assert read_until(next_one, b"served") == b"served"


def test_virtconsole_drops_what_a_stalled_reader_leaves_and_counts_it(short_folder: Path) -> None:
    size = 5_000_000
    with (
        QemuQueue(
            short_folder / "v.sock",
            say=Seeded(9, size),
            wait=True,
            device=Device.VIRTCONSOLE,
            piece=4096,
        ) as guest,
        connect_soon(guest.path) as client,
    ):
        # The printer is not held up by a client that does not read at all.
        guest.wait_until_said()
        truth = guest.exit()
        heard = read_all(client)
    [life] = truth.lives
    assert life.said == size
    assert length(life.dropped) + length(life.delivered) == size
    assert len(heard) == length(life.delivered)
    verdict = verify(heard, 9, size)
    assert verdict.missing_bytes == length(life.dropped) > 0
    assert not verdict.foreign


def test_serial_port_waits_for_its_reader_and_drops_nothing(short_folder: Path) -> None:
    size = 5_000_000
    with (
        QemuQueue(short_folder / "s.sock", say=Seeded(9, size), wait=True) as guest,
        connect_soon(guest.path) as client,
    ):
        guest.wait_until(lambda truth: truth.lives[0].said > 0)
        assert guest.said < size
        assert verify(read_exactly(client, size), 9, size).is_whole
        [life] = guest.wait_until_said().lives
        assert life.dropped == []
        assert life.delivered == [(0, size)]


@pytest.mark.parametrize("rebirth", Rebirth)
def test_each_life_at_the_same_path_says_its_own(rebirth: Rebirth, short_folder: Path) -> None:
    path, size = short_folder / "r.sock", 200_000
    with QemuQueue(path, say=Seeded(5, size), wait=True) as guest:
        for number in range(3):
            with connect_soon(path) as client:
                guest.wait_until_said()
                assert verify(read_exactly(client, size), 5 + number, size).is_whole
                guest.down(leaves_file=rebirth is not Rebirth.UNLINK)
                assert read_all(client) == b""
                assert path.exists() == (rebirth is not Rebirth.UNLINK)
                guest.up(rebirth)
        assert [life.seed for life in guest.lives] == [5, 6, 7, 8]


def test_lives_follow_each_other_without_being_told(short_folder: Path) -> None:
    path, size = short_folder / "r.sock", 10_000
    with QemuQueue(path, say=Seeded(5, size), wait=True, lives=3, downtime_s=(0.0, 0.01)) as guest:
        for number in range(3):
            until(lambda: len(guest.lives) > number)  # noqa: B023 (asked at once)
            with connect_soon(path) as client:
                assert verify(read_exactly(client, size), 5 + number, size).is_whole


@pytest.mark.parametrize("kind", [Kind.MID_ESCAPE, Kind.MID_UTF8])
def test_guest_hangs_up_in_mid_sequence(kind: Kind, short_folder: Path) -> None:
    with (
        QemuQueue(
            short_folder / "m.sock",
            say=Speech(kind, 1000),
            wait=True,
            afterwards=Afterwards.HANG_UP,
        ) as guest,
        connect_soon(guest.path) as client,
    ):
        heard = read_all(client)
        guest.wait(30)
    assert len(heard) == 1000
    assert heard.endswith(TORN[kind])


def test_drip_gives_a_byte_at_a_time(short_folder: Path) -> None:
    with (
        QemuQueue(
            short_folder / "d.sock", say=Seeded(1, 20), wait=True, piece=1, every_ms=1.0
        ) as guest,
        connect_soon(guest.path) as client,
    ):
        assert verify(read_exactly(client, 20), 1, 20).is_whole
        assert guest.wait_until_said().lives[0].delivered == [(0, 20)]


def test_killed_guest_told_the_truth_before(short_folder: Path) -> None:
    size = 50_000_000
    with QemuQueue(short_folder / "k.sock", say=Seeded(2, size), wait=True) as guest:
        with connect_soon(guest.path) as client:
            read_exactly(client, 100_000)
            [life] = guest.exit(kill=True).lives
            rest = read_all(client)
        assert 100_000 + len(rest) == length(life.delivered) == life.said < size
        assert guest.path.is_socket()


def test_guest_ends_with_whoever_started_it(short_folder: Path) -> None:
    with QemuQueue(short_folder / "o.sock") as guest:
        assert guest._child.stdin is not None
        guest._child.stdin.close()
        guest.wait(30)
        until(lambda: not guest.is_running)
        assert not guest.path.exists()


def test_signal_ends_a_guest_cleanly(short_folder: Path) -> None:
    with QemuQueue(short_folder / "o.sock") as guest, connect_soon(guest.path) as client:
        guest.wait_for_client()
        os.kill(guest.pid, signal.SIGTERM)
        guest.wait(30)
        assert read_all(client) == b""
        assert not guest.path.exists()
        assert guest.visits[0].ended == "guest"


def test_guest_goes_on_when_nobody_reads_its_events(short_folder: Path) -> None:
    # A pipe holds 64 KiB, which are some 700 visits.
    with QemuQueue(short_folder / "e.sock", anew=True, afterwards=Afterwards.AGAIN) as guest:
        for _ in range(2000):
            with connect_soon(guest.path) as client:
                assert read_all(client) == b""
        assert len(guest.visits) == 2000
