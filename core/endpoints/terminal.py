"""Terminal devices: which there are, who works on one, and in which mode it is.

Sources: termios(3), proc(5) on stat and tty/drivers, linux/kdev_t.h.
"""

from __future__ import annotations

import contextlib
import os
import termios
from pathlib import Path

_DRIVERS = Path("/proc/tty/drivers")
_READABLE_DRIVERS = ("pty:slave", "serial")
_PTS_MAJOR = 136

_COOKED_INPUT = (
    termios.BRKINT
    | termios.PARMRK
    | termios.ISTRIP
    | termios.INLCR
    | termios.IGNCR
    | termios.ICRNL
    | termios.IXON
    | termios.IXOFF
)
_COOKED_LOCAL = termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN


def is_terminal_device(device: int) -> bool:
    """Whether a device number is that of a terminal that a VMM or a cable is behind.

    Neither a pseudo terminal's other side nor `/dev/tty`, `/dev/console` or a screen.
    """
    major, minor = os.major(device), os.minor(device)
    try:
        drivers = _DRIVERS.read_text("ascii", "replace")
    except OSError:
        return major == _PTS_MAJOR
    for line in drivers.splitlines():
        words = line.split()
        if len(words) < 5 or words[2] != str(major) or words[4] not in _READABLE_DRIVERS:
            continue
        first, _, last = words[3].partition("-")
        if int(first) <= minor <= int(last or first):
            return True
    return False


def session_on(found: os.stat_result) -> int:
    """A process that has the terminal `found` as its controlling one; 0 when none is seen.

    Looks at every process (some 10 µs each), so it belongs in a thread.
    """
    number = _kernel_number(found.st_rdev)
    for pid in os.listdir("/proc"):  # noqa: PTH208 (thousands of names, no paths wanted)
        if pid.isdecimal() and _terminal_of(pid) == number and _has_open(pid, found):
            return int(pid)
    return 0


def _terminal_of(pid: str) -> int:
    try:
        line = Path("/proc", pid, "stat").read_bytes()
    except OSError:
        return 0
    # state, parent, group, session, terminal; the name before them may hold anything.
    words = line.rpartition(b")")[2].split()
    return int(words[4]) if len(words) > 4 else 0


def _has_open(pid: str, found: os.stat_result) -> bool:
    """Whether it is this terminal: each mount of devpts, as containers have, counts its own."""
    for fd in range(3):
        with contextlib.suppress(OSError):
            if identity(Path("/proc", pid, "fd", str(fd)).stat()) == identity(found):
                return True
    return False


def _kernel_number(device: int) -> int:
    """A device number as /proc/<pid>/stat writes it (new_encode_dev)."""
    major, minor = os.major(device), os.minor(device)
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)


def identity(found: os.stat_result) -> tuple[int, int, int]:
    """Tells one terminal that exists from all others: devpts mount, inode, device number."""
    return found.st_dev, found.st_ino, found.st_rdev


def make_raw(fd: int) -> None:
    """Have bytes come as they were written, at once, and none echoed; as little as that takes."""
    modes = termios.tcgetattr(fd)
    iflag, lflag, characters = modes[0], modes[3], modes[6]
    if not (iflag & _COOKED_INPUT or lflag & _COOKED_LOCAL) and _at_once(characters):
        return
    modes[0] = iflag & ~_COOKED_INPUT
    modes[3] = lflag & ~_COOKED_LOCAL
    characters[termios.VMIN] = 1
    characters[termios.VTIME] = 0
    termios.tcsetattr(fd, termios.TCSANOW, modes)


def _at_once(characters: list[bytes | int]) -> bool:
    # Without ICANON these two are numbers, given as one byte or as an int.
    least, wait = characters[termios.VMIN], characters[termios.VTIME]
    return least in (1, b"\1") and wait in (0, b"\0")
