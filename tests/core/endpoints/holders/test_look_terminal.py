"""Who reads a terminal: a real QEMU's pty, real readers, real locks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.endpoints import parse_console_url
from core.endpoints.holders import Holding, Kind, Standing, is_still_held, judge, look
from core.settings import Auto
from tests.core.endpoints.holders.conftest import Run, StartQemu, look_at
from tests.core.endpoints.sites import NOBODY, without_root
from tests.guests.client import until


@contextlib.contextmanager
def terminal() -> Iterator[str]:
    """A pty whose both sides are ours."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    try:
        yield name
    finally:
        os.close(slave)
        os.close(master)


def reader_of(run: Run, device: str) -> subprocess.Popen[bytes]:
    """A `cat` that has the terminal open."""
    cat = run("cat", device)
    until(lambda: cat.pid in [holder.pid for holder in look_at(f"pty:{device}").holders])
    return cat


@pytest.mark.qemu
def test_pty_of_a_qemu_is_free_until_somebody_reads_it(qemu: StartQemu, run: Run) -> None:
    vmm = qemu("-chardev", "pty,id=c", "-device", "isa-serial,chardev=c")
    assert vmm.stdout is not None
    said = re.search(rb"/dev/pts/\d+", vmm.stdout.readline())
    assert said is not None
    device = said[0].decode()

    free = look_at(f"pty:{device}")
    assert (free.kind, free.family, free.holders) == (Kind.TERMINAL, "qemu", ())
    assert free.server is not None
    assert free.server.pid == vmm.pid
    assert judge(free, Auto.SAFE).may_attach

    cat = reader_of(run, device)
    held = look_at(f"pty:{device}")
    verdict = judge(held, Auto.SAFE)
    assert (verdict.may_attach, verdict.state) == (False, Standing.HELD)
    assert verdict.reason == f"held by pid {cat.pid} (cat)"
    assert "take bytes from each other" in verdict.consequence
    assert is_still_held(held) is True
    cat.kill()
    cat.wait()
    assert is_still_held(held) is False
    assert look_at(f"pty:{device}").holders == ()


def test_we_ourselves_read_no_bytes_away(run: Run) -> None:
    with terminal() as device:
        assert look_at(device).holders == ()
        cat = reader_of(run, device)
        url = parse_console_url(device)
        assert look(url, ours=[cat.pid]).holders == ()


def test_reader_that_cannot_be_seen_is_not_told_as_nobody(run: Run) -> None:
    if os.geteuid():
        pytest.skip("without root there is no other user to be a reader")
    with terminal() as device:
        reader_of(run, device)
        with without_root():
            blind = look_at(device)
    assert (blind.holders, blind.is_known) == ((), False)
    assert blind.hidden > 0
    verdict = judge(blind, Auto.SAFE)
    assert not verdict.may_attach
    assert "cannot be seen" in verdict.reason
    assert "sudo" in verdict.remedy


def test_terminal_that_only_we_may_read_is_nobody_elses_but_roots() -> None:
    if os.geteuid():
        pytest.skip("only root may give a terminal away")
    with terminal() as device:
        os.chown(device, NOBODY, NOBODY)
        Path(device).chmod(0o620)
        with without_root():
            private = look_at(device)
            verdict = judge(private, Auto.SAFE)
        assert (private.is_known, verdict.may_attach) == (True, True)
        assert "cannot be looked into" in verdict.note
        Path(device).chmod(0o640)
        with without_root():
            assert not look_at(device).is_known


SESSION = """
import fcntl, os, sys, termios, time
os.setsid()
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
print("mine", flush=True)
time.sleep(60)
"""


def test_session_on_a_terminal_is_seen_without_root(run: Run) -> None:
    """The kernel tells everybody every process's controlling terminal."""
    with terminal() as device:
        session = run(sys.executable, "-c", SESSION, device)
        assert session.stdout is not None
        assert session.stdout.readline() == b"mine\n"
        with without_root():
            held = look_at(device)
        assert [holder.pid for holder in held.holders] == [session.pid]
        assert is_still_held(held) is True


LOCKER = """
import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(fd, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(60)
"""


def test_flock_on_a_terminal_is_seen_without_root(run: Run) -> None:
    with terminal() as device:
        locker = run(sys.executable, "-c", LOCKER, device)
        assert locker.stdout is not None
        assert locker.stdout.readline() == b"locked\n"
        with without_root():
            held = look_at(device)
        assert [holder.pid for holder in held.holders] == [locker.pid]


def test_our_own_flock_is_nobodys() -> None:
    with terminal() as device:
        fd = os.open(device, os.O_RDWR | os.O_NOCTTY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            assert look_at(device).holders == ()
        finally:
            os.close(fd)


def locked(device: str, folder: Path) -> Holding:
    return look(parse_console_url(f"pty:{device}"), lock_folder=str(folder))


@pytest.mark.parametrize("style", ["LCK..pts_{}", "LCK.._pts_{}", "LCK..pts-{}"])
def test_uucp_lock_names_its_holder(run: Run, folder: Path, style: str) -> None:
    with terminal() as device:
        sleeper = run("sleep", "60")
        lock = folder / style.format(device.rpartition("/")[2])
        lock.write_text(f"{sleeper.pid:>10} minicom\n")
        held = locked(device, folder)
        assert [holder.pid for holder in held.holders] == [sleeper.pid]
        assert is_still_held(held) is True
        lock.write_bytes(sleeper.pid.to_bytes(4, sys.byteorder))
        assert [holder.pid for holder in locked(device, folder).holders] == [sleeper.pid]
        sleeper.kill()
        sleeper.wait()
        assert is_still_held(held) is False
        assert locked(device, folder).holders == ()


def test_lock_older_than_the_process_with_its_pid_is_stale(run: Run, folder: Path) -> None:
    with terminal() as device:
        sleeper = run("sleep", "60")
        lock = folder / f"LCK..pts_{device.rpartition('/')[2]}"
        lock.write_text(f"{sleeper.pid:>10}\n")
        os.utime(lock, (1, 1))
        assert locked(device, folder).holders == ()


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"-1\n", b"0\n", b"99999999999\n", b"\xff" * 4096, b"cat\n"]
)
def test_lock_that_names_no_process_locks_nothing(folder: Path, content: bytes) -> None:
    with terminal() as device:
        (folder / f"LCK..pts_{device.rpartition('/')[2]}").write_bytes(content)
        assert locked(device, folder).holders == ()


@pytest.mark.parametrize("planted", ["fifo", "link", "folder"])
def test_planted_lock_is_not_read(run: Run, folder: Path, planted: str) -> None:
    with terminal() as device:
        lock = folder / f"LCK..pts_{device.rpartition('/')[2]}"
        match planted:
            case "fifo":
                os.mkfifo(lock)
            case "link":
                real = folder / "real"
                real.write_text(f"{run('sleep', '60').pid}\n")
                lock.symlink_to(real)
            case "folder":
                lock.mkdir()
        assert locked(device, folder).holders == ()


def test_link_to_a_terminal_is_followed(folder: Path, run: Run) -> None:
    with terminal() as device:
        (folder / "console").symlink_to(device)
        cat = reader_of(run, device)
        for url in (f"pty:{folder}/console", f"{folder}/console"):
            assert [holder.pid for holder in look_at(url).holders] == [cat.pid]


def test_device_that_is_no_pty_is_looked_up_as_well(run: Run) -> None:
    """/dev/full: a device that hardly anybody has open."""
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
    sleeper = run("sh", "-c", "exec sleep 60 < /dev/full")
    until(lambda: sleeper.pid in [holder.pid for holder in look_at("pty:/dev/full").holders])
