"""A running kata-proxy, from when it was run or found until it has ended.

A kata-proxy outlives the block that started it. It is kept here, so that a long-lived
process of ours still reaps it (`reap`), and what it prints is then read by a process of
its own: writing into a pipe that nobody has open would kill it, and one that nobody
reads would stop it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from dataclasses import dataclass, field

import anyio

from core.proxy.child import HeldProcess, spawn
from core.proxy.folder import ProxyFolder, ProxyRecord
from core.proxy.identity import open_recorded
from core.proxy.quiet import QuietLogger

_log = logging.getLogger("guestwatch.proxy")

STOP_TIMEOUT_S = 2.0
"""How long a program that was told to end is waited for."""

_DRAIN = "cat"
"""Reads a pipe to its end, then ends."""


@dataclass(eq=False, slots=True)
class RunningProxy:
    """One kata-proxy: its process, its folder and what is written there."""

    process: HeldProcess
    folder: ProxyFolder
    record: ProxyRecord
    logger: QuietLogger
    """Is told how it ended."""
    output: int = -1
    """A descriptor of ours of the pipe it prints into; -1 when there is none."""
    is_stopping: bool = False
    ended: anyio.Event = field(default_factory=anyio.Event)

    def settle(self) -> bool:
        """Whether it has ended. The first time it is found so, that is logged and tidied up."""
        if self.ended.is_set():
            return True
        if not self.process.has_ended():
            return False
        # A later proxy of the same sandbox may have the folder by now.
        if self.folder.read() == self.record:
            self.folder.remove(with_folder=self.record.made_folder)
        self.close_output()
        self.ended.set()
        level, how = (
            (logging.INFO, "was stopped")
            if self.is_stopping
            else (logging.ERROR, "ended by itself")
        )
        self.logger.log(
            level,
            f"The kata-proxy {how}: {self.exit_words}",
            sandbox=self.folder.path.name,
            pid=self.process.pid,
            exit_status=self.process.exit_status,
        )
        return True

    async def wait(self) -> None:
        """Return once it has ended and that is settled."""
        await self.process.wait()
        self.settle()

    async def stop(self) -> None:
        """Tell it to end, and wait for that for `STOP_TIMEOUT_S`."""
        self.is_stopping = True
        self.process.send(signal.SIGTERM)
        with anyio.move_on_after(STOP_TIMEOUT_S):
            await self.wait()
        if not self.ended.is_set():
            self.logger.log(
                logging.WARNING,
                f"The kata-proxy was told to end and still runs after {STOP_TIMEOUT_S} s",
                sandbox=self.folder.path.name,
                pid=self.process.pid,
            )

    @property
    def exit_words(self) -> str:
        """How it ended, for people; empty while it runs."""
        status = self.process.exit_status
        if not self.ended.is_set():
            return ""
        if status is None:
            return "exit status unknown"
        if status >= 0:
            return f"exit status {status}"
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"

    def close_output(self) -> None:
        """Close our descriptor of its output. Harmless when repeated."""
        fd, self.output = self.output, -1
        if fd >= 0:
            os.close(fd)


_known: list[RunningProxy] = []
"""Every kata-proxy that this process has run or found, until its end was noticed."""

_drains: list[HeldProcess] = []


def remember(running: RunningProxy) -> None:
    """Keep `running` until it has ended, beyond the block that started it."""
    if running not in _known:
        _known.append(running)


def known(pid: int) -> RunningProxy | None:
    """The kata-proxy with this pid, when this process knows it and it still runs."""
    return next((each for each in _known if each.process.pid == pid and not each.settle()), None)


def known_in(folder: ProxyFolder) -> RunningProxy | None:
    """The kata-proxy of this folder, when this process knows it and it still runs."""
    for each in _known:
        if each.folder.path == folder.path and not each.settle():
            return each
    return None


def recorded_in(folder: ProxyFolder) -> RunningProxy | None:
    """The proxy that a process before this one ran and recorded, when it still runs."""
    record = folder.read()
    if record is None:
        return None
    pidfd = open_recorded(record.process)
    if pidfd is None:
        return None
    process = HeldProcess(record.process.pid, pidfd, reaps=False)
    if process.has_ended():
        return None
    return RunningProxy(process, folder, record, QuietLogger(_log))


async def stop_recorded(folder: ProxyFolder, pid: int) -> None:
    """End the folder's proxy if it has this pid."""
    record = folder.read()
    if record is None or record.process.pid != pid:
        return
    running = recorded_in(folder)
    if running is not None:
        with contextlib.closing(running.process):
            await running.stop()


def reap() -> None:
    """Reap what has ended since nobody waits for it any more."""
    _known[:] = [each for each in _known if not each.settle()]
    _drains[:] = [each for each in _drains if not each.has_ended()]


def leave(running: RunningProxy) -> None:
    """Leave a proxy running that nobody waits for any more."""
    if not running.settle() and running.output >= 0:
        _drain(running)


def _drain(running: RunningProxy) -> None:
    try:
        drain = spawn((_DRAIN,), stdin=running.output)
    except OSError as error:
        _log.warning(
            "nobody reads what process %d prints, which may stop it: %s",
            running.process.pid,
            error.strerror,
        )
    else:
        _drains.append(drain)
    running.close_output()
