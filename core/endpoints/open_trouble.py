"""What can go wrong with a console that is opened instead of connected to, in words:
terminals and logs. `trouble` has the words for sockets and for the way to a path.
"""

from __future__ import annotations

import errno
import os
import stat

from core.endpoints import trouble
from core.errors import (
    ConsoleBroken,
    ConsoleBusy,
    ConsoleError,
    ConsoleForbidden,
    ConsoleRefused,
    NotAConsole,
)

_KINDS = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFLNK: "a symbolic link, which is not followed",
    stat.S_IFSOCK: "a socket",
}


def not_a_terminal(path: str, mode: int) -> NotAConsole:
    """`path` holds something else, of file mode `mode`; a character device is no terminal."""
    return NotAConsole(
        f"{path} is {_kind(mode)}, not a terminal",
        path=path,
        hint="Name the pseudo terminal that the VMM made, such as pty:/dev/pts/3.",
    )


def not_a_log(path: str, mode: int) -> NotAConsole:
    """`path` holds something else than a regular file, of file mode `mode`."""
    hint = "Name the log that the VMM writes the console to."
    if stat.S_ISLNK(mode):
        hint = "Name the log itself; readlink -f tells where the link leads."
    elif stat.S_ISFIFO(mode):
        hint = "What one reads from a FIFO is gone for the others. " + hint
    return NotAConsole(f"{path} is {_kind(mode)}, not a regular file", path=path, hint=hint)


def not_a_console(path: str, mode: int) -> NotAConsole:
    """`path`, named without a scheme, holds nothing that a console can be."""
    hint = "A console is a unix socket, a terminal, or a log that the VMM writes."
    if stat.S_ISLNK(mode):
        hint = "Name the socket or log itself; readlink -f tells where the link leads."
    return NotAConsole(f"{path} is {_kind(mode)}, and no console", path=path, hint=hint)


def somebodys_terminal(path: str, pid: int) -> ConsoleForbidden:
    """Process `pid` is run from the terminal at `path`: somebody types there."""
    return ConsoleForbidden(
        f"{path} is the terminal that process {pid} runs on, not a guest's console",
        path=path,
        errno=errno.EPERM,
        hint="Reading it would take away what is typed there. Name the VM's terminal: "
        "QEMU tells it at its start and in query-chardev.",
    )


def while_opening(error: OSError, path: str, found: os.stat_result) -> ConsoleError:
    """Why the terminal or log at `path`, which was `found`, could not be opened."""
    number = error.errno or 0
    if number in (errno.EIO, errno.ENXIO, errno.ENODEV):
        return ConsoleRefused(
            f"Nobody is at the other end of {path}",
            path=path,
            errno=number,
            hint="The VMM that made it has exited. Start the VM, and look for its new terminal.",
        )
    if number == errno.EBUSY:
        return ConsoleBusy(
            f"{path} is kept by another program for itself",
            path=path,
            errno=number,
            hint=f"Close it; fuser {path} lists who has it.",
        )
    if number in (errno.EACCES, errno.EPERM):
        return _forbidden(path, number, found)
    if number == errno.ENOENT:
        return ConsoleError(
            f"Cannot open {path}: /proc/self/fd is missing",
            path=path,
            errno=number,
            hint="Mount /proc: terminals and logs are opened through it.",
        )
    return trouble.other(error, f"Cannot open {path}", path)


def past(path: str) -> ConsoleRefused:
    """What was pinned at `path` is over: removed, or begun anew."""
    return ConsoleRefused(
        f"{path} was removed or begun anew meanwhile",
        path=path,
        hint="What is there now is attached to by itself.",
    )


def broken(error: OSError, path: str) -> ConsoleBroken:
    """What was open at `path` cannot be read any more."""
    number = error.errno or 0
    return ConsoleBroken(f"Cannot read {path}: {os.strerror(number)}", path=path, errno=number)


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")


def _forbidden(path: str, number: int, found: os.stat_result) -> ConsoleForbidden:
    mode = stat.S_IMODE(found.st_mode)
    hint = f"Run it with sudo, or as user {found.st_uid}."
    if os.geteuid() == 0:
        hint = "Even root may not: a security module such as SELinux or AppArmor may forbid it."
    elif mode & stat.S_IRGRP:
        hint = f"Run it with sudo, or join group {found.st_gid}."
    return ConsoleForbidden(
        f"Cannot open {path}: {os.strerror(number)}; it belongs to user {found.st_uid}, "
        f"group {found.st_gid}, mode {mode:04o}",
        path=path,
        errno=number,
        hint=hint,
    )
