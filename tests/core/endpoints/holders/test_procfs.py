"""Processes, by /proc as it is and by one that lies."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.endpoints.holders.inet import clients_of_port
from core.endpoints.holders.locks import flock_holders
from core.endpoints.holders.procfs import (
    Process,
    command_line,
    is_running,
    openers,
    process,
    socket_owners,
)
from tests.core.endpoints.holders.conftest import Run
from tests.guests.client import until


def test_process_is_named_by_its_pid_and_its_start(run: Run) -> None:
    sleeper = run("sleep", "60")
    until(lambda: command_line(sleeper.pid) == ["sleep", "60"])
    found = process(sleeper.pid)
    assert found is not None
    assert (found.pid, found.name) == (sleeper.pid, "sleep")
    assert is_running(found)
    assert not is_running(Process(found.pid, found.name, found.started - 1))
    sleeper.kill()
    sleeper.wait()
    assert process(sleeper.pid) is None
    assert not is_running(found)
    assert command_line(sleeper.pid) == []


def test_one_scan_finds_the_owners_of_several_sockets() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inodes = [os.fstat(sock.fileno()).st_ino for sock in (ours, theirs)]
        owners = socket_owners([*inodes, 0])
        assert {owner.pid for owner in owners.found.values()} == {os.getpid()}
        assert set(owners.found) == set(inodes)
        assert owners.is_whole
    assert socket_owners(inodes).found == {}


def fake(proc: Path, pid: int, stat: bytes, links: dict[str, str]) -> None:
    """One process of a /proc of our own making."""
    (proc / str(pid) / "fd").mkdir(parents=True)
    (proc / str(pid) / "stat").write_bytes(stat)
    for fd, link in links.items():
        (proc / str(pid) / "fd" / fd).symlink_to(link)


STAT = b"%d (a) b) S 1 7 7 34816 7 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0"


def test_process_that_vanishes_between_two_reads_is_passed_over(tmp_path: Path) -> None:
    """Its descriptors were seen, its name no more; and one whose folder is gone."""
    fake(tmp_path, 7, b"", {"3": "socket:[77]"})
    fake(tmp_path, 8, STAT % 8, {"3": "socket:[77]"})
    (tmp_path / "9").mkdir()
    (tmp_path / "self").mkdir()
    owners = socket_owners([77, 78], proc=str(tmp_path))
    assert owners.found == {77: Process(8, "a) b", 4711)}
    assert owners.hidden == 0


def test_no_proc_at_all_tells_nothing(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert socket_owners([1], proc=nowhere).found == {}
    assert openers(os.stat("/dev/null"), proc=nowhere).found == ()  # noqa: PTH116
    assert flock_holders(os.stat("/dev/null"), proc=nowhere) == ()  # noqa: PTH116
    assert clients_of_port(1, proc=nowhere) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_stat_is_borne(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "7").mkdir(exist_ok=True)
    (tmp_path / "7" / "stat").write_bytes(raw)
    found = process(7, proc=str(tmp_path))
    assert found is None or found.pid == 7


TABLES = st.binary(max_size=300) | st.text("0123456789ABCDEF: \n", max_size=300).map(str.encode)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TABLES)
def test_any_table_of_ports_or_locks_is_borne(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "net").mkdir(exist_ok=True)
    (tmp_path / "net" / "tcp").write_bytes(b"head\n" + raw)
    (tmp_path / "locks").write_bytes(raw)
    assert clients_of_port(22, proc=str(tmp_path)) is not None
    assert flock_holders(os.stat("/dev/null"), proc=str(tmp_path)) == ()  # noqa: PTH116


@pytest.mark.parametrize("inodes", [[], [0], [0, 0]])
def test_nothing_wanted_is_found_at_once(inodes: list[int]) -> None:
    owners = socket_owners(inodes)
    assert (owners.found, owners.hidden, owners.is_whole) == ({}, 0, True)
