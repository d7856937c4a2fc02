"""A program run as a process of its own, held by a pidfd from its first moment."""

from __future__ import annotations

import contextlib
import os
import select
import signal

import anyio

RETRY_S = 0.1
"""Between two tries while the process is out of descriptors."""

_DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGCHLD)
"""What Python or whoever started us may have set to be ignored, which a program inherits."""


class HeldProcess:
    """A process held by a pidfd: no other process is ever taken for it.

    Args:
        pid: its number, for people.
        pidfd: a descriptor of it, owned from now on.
        reaps: whether it is a child of ours that nobody else reaps.

    Attributes:
        exit_status: once it has ended, its exit status, or minus the signal's number
            that killed it; None before, and when it is not reaped here.
    """

    def __init__(self, pid: int, pidfd: int, *, reaps: bool) -> None:
        self.pid = pid
        self.exit_status: int | None = None
        self._pidfd = pidfd
        self._reaps = reaps

    def has_ended(self) -> bool:
        """Whether it has ended. The first time it is found so, it is reaped."""
        if self._pidfd < 0:
            return True
        if not _is_readable(self._pidfd):
            return False
        if self._reaps:
            self._reap(os.WNOHANG)
        self.close()
        return True

    def _reap(self, options: int) -> None:
        try:
            result = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | options)
        except ChildProcessError:
            # Somebody ignores SIGCHLD or reaps whatever there is: its status is lost.
            return
        if result is not None:
            is_exit = result.si_code == os.CLD_EXITED
            self.exit_status = result.si_status if is_exit else -result.si_status

    async def wait(self) -> None:
        """Return once it has ended. Several tasks may wait."""
        while not self.has_ended():
            try:
                # Of its own, because one descriptor can be waited on by one task only.
                fd = os.dup(self._pidfd)
            except OSError:
                await anyio.sleep(RETRY_S)
                continue
            try:
                await anyio.wait_readable(fd)
            finally:
                os.close(fd)

    def send(self, number: int) -> None:
        """Send it a signal; nothing happens when it has ended or may not be signalled."""
        if self._pidfd >= 0:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """End it at once and wait for that."""
        self.send(signal.SIGKILL)
        if self._pidfd >= 0 and self._reaps:
            self._reap(0)
        self.close()

    def fileno(self) -> int:
        """The pidfd; -1 once it has ended."""
        return self._pidfd

    def close(self) -> None:
        """Let go of it. Harmless when repeated."""
        pidfd, self._pidfd = self._pidfd, -1
        if pidfd >= 0:
            os.close(pidfd)


def spawn(
    argv: tuple[str, ...], *, stdin: int | None = None, output: int | None = None
) -> HeldProcess:
    """Run a program in a session of its own; a name without "/" is looked up in PATH.

    It gets no descriptor of ours but `stdin` and, for stdout and stderr, `output`;
    /dev/null stands for what is not given. It blocks no signals.

    Raises:
        OSError: it cannot be run.
        ValueError: an argument holds what no argument can, such as a NUL.
    """
    # Standard descriptors last: what is given may have such a number itself.
    actions: list[tuple[int, int] | tuple[int, int, int] | tuple[int, int, str, int, int]] = []
    if output is not None:
        actions += [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    if stdin is not None:
        actions.append((os.POSIX_SPAWN_DUP2, stdin, 0))
    else:
        actions.append((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0))
    if output is None:
        actions.append((os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0))
        actions.append((os.POSIX_SPAWN_DUP2, 1, 2))
    actions += [(os.POSIX_SPAWN_CLOSE, fd) for fd in _inheritable()]
    pid = os.posix_spawnp(
        argv[0],
        argv,
        os.environ,
        file_actions=actions,
        setsid=True,
        setsigmask=(),
        setsigdef=_DEFAULT_SIGNALS,
    )
    try:
        # Nobody reaps it but us, so the number is still its own.
        return HeldProcess(pid, os.pidfd_open(pid), reaps=True)
    except ProcessLookupError:
        # SIGCHLD is ignored, so it went without being reaped.
        raise
    except OSError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise


def _inheritable() -> list[int]:
    """The descriptors beyond the standard ones that a program would inherit."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # names are wanted, not paths
            with contextlib.suppress(OSError):
                if int(name) > 2 and os.get_inheritable(int(name)):
                    found.append(int(name))
    return found


def _is_readable(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))
