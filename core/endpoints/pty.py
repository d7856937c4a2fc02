"""Consoles on terminal devices: the pseudo terminal that a VMM made for its guest.

What a terminal does that a socket does not, and what follows from it:

*It may be anything.* Links to `/dev/pts/3` are common, so links are followed, the last
one too. What they lead to is held with O_PATH, which does nothing to a device, and
opened only when its number is a terminal driver's: opening a watchdog starts it.

*It may be somebody's.* Whoever names the terminal of his own shell would have his
typing taken away, and his shell's terminal made raw. Such a one is refused.

*It may become ours.* Capture is a session leader without a terminal: the first one it
opens would become its controlling terminal, whose end would kill it. So O_NOCTTY.

*Its bytes are shared.* Every reader takes some away from the others. We only read.

*It has modes, shared by all who have it open.* In the mode a new one is in, the kernel
echoes what the guest prints back to the guest as its input, swallows some bytes and
keeps the rest until a newline. A VMM or its other clients make it raw; when none did,
we do, and change nothing else: neither speed nor what happens to output. It is left
raw, because the echo would begin again.

*It ends suddenly.* When the VMM closes its side, the kernel throws away what was not
read by then (seen on 6.18), so it is read greedily; nothing more can be done. Its number
goes to the next one. A held inode of a past terminal has no name any more (st_nlink
is 0), which tells it from a new one of equal device, inode and number.

QEMU looks once a second for somebody to have opened the terminal, and drops what the
guest prints until then.

Sources: pty(7), ioctl_tty(2), linux drivers/tty/n_tty.c, drivers/tty/pty.c, fs/devpts.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import termios

import anyio.lowlevel
import anyio.to_thread

from core.clock import boot_id
from core.endpoints import open_trouble, trouble
from core.endpoints.protocol import READ_BYTES, Pin
from core.endpoints.terminal import identity, is_terminal_device, make_raw, session_on
from core.errors import ConsoleBroken


class PtyPin:
    """A hold on one life of a terminal. Made by `PtyEndpoint.pin`, which owns the checks."""

    def __init__(self, path: str, fd: int, found: os.stat_result) -> None:
        self._path = path
        self._fd = fd
        self._found = found
        self._key = (
            f"{boot_id()}:{found.st_dev:x}:{found.st_rdev:x}:{found.st_ino}:{found.st_ctime_ns}"
        )

    @property
    def key(self) -> str:
        """Names this life across restarts of capture: boot id, devices, inode, change time."""
        return self._key

    @property
    def found(self) -> os.stat_result:
        """The device file as it was when it was pinned: `st_dev` and `st_rdev` name it."""
        return self._found

    def fileno(self) -> int:
        """The O_PATH descriptor; -1 once closed."""
        return self._fd

    def is_current(self) -> bool:
        """Whether the path still leads to the pinned terminal, and that one still exists."""
        if self._fd < 0:
            return False
        try:
            now = os.stat(self._path)  # noqa: PTH116 (verbatim path)
            is_named = os.fstat(self._fd).st_nlink > 0
        except OSError:
            return False
        return is_named and identity(now) == identity(self._found)

    def close(self) -> None:
        """Let go. Harmless when repeated."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class PtyConsole:
    """An open terminal. It owns `fd`."""

    def __init__(self, fd: int, *, url: str, path: str) -> None:
        self._fd = fd
        self._url = url
        self._path = path

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def peer_pid(self) -> int:
        """0: the kernel does not tell who made a terminal."""
        return 0

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once closed."""
        return self._fd

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What has arrived, empty once the VMM has closed its side.

        A terminal gives 4 KiB at a time, so it is read on until it has no more.

        Raises:
            BlockingIOError: nothing has arrived.
            ConsoleBroken: the terminal failed, or was closed by us.
        """
        pieces: list[bytes] = []
        size = 0
        while size < max_bytes:
            try:
                piece = self._read(max_bytes - size)
            except (BlockingIOError, ConsoleBroken):
                if not pieces:
                    raise
                break
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def _read(self, max_bytes: int) -> bytes:
        try:
            piece = os.read(self._fd, max_bytes)
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno == errno.EIO:
                return b""
            raise open_trouble.broken(error, self._path) from error
        if not piece and not _is_hung_up(self._fd):
            # Another opener set VMIN to 0: nothing there looks like the end.
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return piece

    def is_accepted(self) -> bool | None:
        """True: a terminal has no queue."""
        return True

    def close(self) -> None:
        """Close the descriptor. Harmless when repeated."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class PtyEndpoint:
    """A console on a terminal device.

    Args:
        path: of the device or of a link to it, taken as it stands.
        url: the console's URL as it was given; `pty:<path>` when empty.
    """

    def __init__(self, path: str, *, url: str = "") -> None:
        self._path = path
        self._url = url or f"pty:{path}"

    @property
    def url(self) -> str:
        """The console's URL, as it was given."""
        return self._url

    @property
    def place(self) -> str:
        """The terminal's path."""
        return self._path

    @property
    def arrivals(self) -> int:
        """-1: nobody dials us."""
        return -1

    def close(self) -> None:
        """Holds nothing."""

    def pin(self) -> PtyPin:
        """Take hold of the terminal that the path leads to now. Nothing is opened yet.

        Raises:
            ConsoleAbsent: nothing is there.
            NotAConsole: something else is there.
            ConsoleForbidden: it may not be looked at.
            ConsoleError: the kernel refused for another reason.
        """
        with contextlib.ExitStack() as held:
            try:
                fd = os.open(self._path, os.O_PATH | os.O_CLOEXEC)
                held.callback(os.close, fd)
                found = os.fstat(fd)
            except OSError as error:
                raise trouble.while_looking(error, self._path) from error
            if not (stat.S_ISCHR(found.st_mode) and is_terminal_device(found.st_rdev)):
                raise open_trouble.not_a_terminal(self._path, found.st_mode)
            held.pop_all()
            return PtyPin(self._path, fd, found)

    async def connect(self, pin: Pin, *, timeout_s: float = 2.0) -> PtyConsole:
        """Open the pinned terminal and see to it that it is raw.

        Raises:
            ConsoleRefused: its other side is closed.
            ConsoleBusy: another program keeps it for itself (TIOCEXCL).
            ConsoleForbidden: no permission, or it is the terminal somebody works on.
            ConsoleError: anything else the kernel answered.
        """
        if not isinstance(pin, PtyPin):
            raise TypeError("a terminal is opened through its own pin")
        del timeout_s  # opened without waiting
        await anyio.lowlevel.checkpoint()
        user = await anyio.to_thread.run_sync(session_on, pin.found)
        if user:
            raise open_trouble.somebodys_terminal(self._path, user)
        if pin.fileno() < 0:
            raise open_trouble.past(self._path)
        with contextlib.ExitStack() as held:
            try:
                fd = os.open(
                    f"/proc/self/fd/{pin.fileno()}",
                    os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC,
                )
                held.callback(os.close, fd)
                make_raw(fd)
            except OSError as error:
                raise open_trouble.while_opening(error, self._path, pin.found) from error
            except termios.error as error:
                cause = OSError(*error.args)
                raise open_trouble.while_opening(cause, self._path, pin.found) from error
            held.pop_all()
            return PtyConsole(fd, url=self._url, path=self._path)


def _is_hung_up(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, 0)
    return bool(poll.poll(0))
