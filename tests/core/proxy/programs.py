"""Programs that stand in for kata-proxy: they tell what they were given, and take orders."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from pathlib import Path

import anyio

_SOURCE = """#!{python} -IS
import json, os, signal, socket, sys

def report(what, **facts):
    try:
        fd = os.open({reports!r}, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        os._exit(0)  # the test is over
    os.write(fd, json.dumps(dict(facts, what=what, pid=os.getpid())).encode() + b"\\n")
    os.close(fd)

def on_term(number, frame):
    report("terminated")
    if {ends!r}:
        os._exit(0)

signal.signal(signal.SIGTERM, on_term)
report(
    "started",
    argv=sys.argv,
    session=os.getsid(0),
    blocked=sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    places=[os.readlink("/proc/self/fd/%d" % fd) for fd in range(3)],
)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
orders = os.open({orders!r}, os.O_RDONLY | os.O_NONBLOCK)
os.set_blocking(orders, True)
while True:
    order = os.read(orders, 1)
    if order == b"":
        os._exit(0)  # the test is over
    elif order == b"x":
        os._exit(7)
    elif order == b"k":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order == b"p":
        for _ in range(300):
            os.write(1, b"o" * 999 + b"\\n")
        os.write(2, b"last words\\n")
        report("printed")
    elif order == b"l":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[2].removeprefix("unix://"))
        report("listening")
"""
"""Python sets SIGPIPE to be ignored in itself, so the program sets it back like any other's."""


class Programs:
    """Makes programs, hears their reports and gives them orders. They end with the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pipes: dict[str, int] = {}
        self._unread = b""
        self._heard: list[dict[str, object]] = []
        for name in ("reports", "orders"):
            os.mkfifo(folder / name)
            self._pipes[name] = os.open(folder / name, os.O_RDWR | os.O_NONBLOCK)

    def make(self, name: str = "kata-proxy", *, ends: bool = True) -> Path:
        """A program; unless it `ends`, SIGTERM does not end it."""
        return self.script(
            name,
            _SOURCE.format(
                python=sys.executable,
                reports=str(self._folder / "reports"),
                orders=str(self._folder / "orders"),
                ends=ends,
            ),
        )

    def script(self, name: str, source: str) -> Path:
        """Any program."""
        path = self._folder / name
        path.write_text(source)
        path.chmod(stat.S_IRWXU)
        return path

    async def reported(self, what: str) -> dict[str, object]:
        """The next report of that kind, waited for."""
        with anyio.fail_after(20):
            while True:
                for report in self._heard:
                    if report["what"] == what:
                        self._heard.remove(report)
                        return report
                await anyio.wait_readable(self._pipes["reports"])
                self._read()

    def has_reported(self, what: str) -> bool:
        """Whether such a report has come."""
        with contextlib.suppress(BlockingIOError):
            self._read()
        return any(report["what"] == what for report in self._heard)

    def _read(self) -> None:
        self._unread += os.read(self._pipes["reports"], 65536)
        *lines, self._unread = self._unread.split(b"\n")
        self._heard += [json.loads(line) for line in lines]

    def order(self, order: bytes) -> None:
        """Give an order: x exit with 7, k be killed, p print 300 kB, l listen."""
        os.write(self._pipes["orders"], order)

    def close(self) -> None:
        """Let every program end that still runs."""
        for fd in self._pipes.values():
            os.close(fd)


def is_zombie(pid: int) -> bool:
    """Whether there is a dead process of this number that nobody reaped."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


def is_running(pid: int) -> bool:
    """Whether there is a live process of this number."""
    return Path(f"/proc/{pid}").exists() and not is_zombie(pid)


def is_child(pid: int) -> bool:
    """Whether this process has a child of this number, which may be dead."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return str(pid) in children.split()


async def end_of_zombie(pid: int) -> None:
    """Wait until `pid` is a zombie, without reaping it."""
    pidfd = os.pidfd_open(pid)
    try:
        with anyio.fail_after(10):
            await anyio.wait_readable(pidfd)
    finally:
        os.close(pidfd)
    assert is_zombie(pid)
