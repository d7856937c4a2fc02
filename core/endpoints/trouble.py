"""What can go wrong with a console's socket, in words: the one place where the
operating system's errors become `core.errors`.

Owners are told as numbers: a name may have to come over the network, and capture
does not wait for that.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from core.errors import (
    ConsoleAbsent,
    ConsoleBroken,
    ConsoleBusy,
    ConsoleError,
    ConsoleForbidden,
    ConsoleRefused,
    NotASocket,
)

_KINDS = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}

_FORBIDDEN = (errno.EACCES, errno.EPERM)

_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)


def not_a_socket(path: str, mode: int) -> NotASocket:
    """`path` holds something else, of file mode `mode`."""
    if stat.S_ISLNK(mode):
        return NotASocket(
            f"{path} is a symbolic link, which is not followed",
            path=path,
            hint="Name the socket itself; readlink -f tells where the link leads.",
        )
    kind = _KINDS.get(stat.S_IFMT(mode), "no socket")
    hint = "Name the unix socket that the VM's console is on."
    return NotASocket(f"{path} is {kind}, not a socket", path=path, hint=hint)


def while_looking(error: OSError, path: str) -> ConsoleError:
    """Why `path` could not be pinned."""
    number = error.errno or 0
    if number == errno.ENOENT:
        return ConsoleAbsent(
            f"{path} does not exist",
            path=path,
            errno=number,
            hint="The VMM makes it when the VM starts. Start the VM, or check the path.",
        )
    if number == errno.ENOTDIR:
        return NotASocket(
            f"{path} leads through something that is not a directory",
            path=path,
            errno=number,
            hint="Check the path.",
        )
    if number in _FORBIDDEN:
        barrier, found = _barrier(path)
        return _forbidden(f"Cannot look at {path}", path, number, barrier, found)
    return other(error, f"Cannot look at {path}", path)


def while_connecting(error: OSError, path: str, found: os.stat_result) -> ConsoleError:
    """Why the socket at `path`, which was `found`, could not be connected to."""
    number = error.errno or 0
    if number == errno.ECONNREFUSED:
        return ConsoleRefused(
            f"Nobody listens on {path}",
            path=path,
            errno=number,
            hint="A VM that was killed leaves its socket behind. Start the VM again.",
        )
    if number == errno.EPROTOTYPE:
        return NotASocket(
            f"{path} is a socket of another type, not a stream",
            path=path,
            errno=number,
            hint="Name the unix stream socket that the VM's console is on.",
        )
    if number in _FORBIDDEN:
        return _forbidden(f"Cannot connect to {path}", path, number, path, found)
    if number == errno.ENOENT:
        # The pinned socket is there; what is not is the way to it.
        return ConsoleError(
            f"Cannot connect to {path}: /proc/self/fd is missing",
            path=path,
            errno=number,
            hint="Mount /proc: sockets are reached through it.",
        )
    return other(error, f"Cannot connect to {path}", path)


def busy(path: str, waited_s: float) -> ConsoleBusy:
    """The queue at `path` was full for `waited_s` seconds."""
    return ConsoleBusy(
        f"{path} is busy: its queue of waiting clients stayed full for {waited_s:g} s",
        path=path,
        errno=errno.EAGAIN,
        hint="A console serves one client and a few more wait. Close some; ss -xp lists them.",
    )


def untrusted(path: str, peer: int, owner: int) -> ConsoleForbidden:
    """Whoever listens at `path` is user `peer`, while the file is user `owner`'s."""
    return ConsoleForbidden(
        f"{path} is served by user {peer}, but belongs to user {owner}",
        path=path,
        errno=errno.EACCES,
        hint="A console's listener should be the socket's owner or root. Find out who it is.",
    )


def broken(error: OSError, path: str) -> ConsoleBroken:
    """An open connection to `path` failed."""
    number = error.errno or 0
    if number == errno.ECONNRESET:
        return ConsoleBroken(
            f"{path} was closed before it took up this connection or what was written to it",
            path=path,
            errno=number,
            hint="The VMM may have exited. A new console at this path is attached to by itself.",
        )
    if number == errno.ETIMEDOUT:
        return ConsoleBroken(
            f"{path} answers no more: the connection was given up",
            path=path,
            errno=number,
            hint="The host died, or the network to it broke. It is tried again.",
        )
    return ConsoleBroken(f"Cannot read {path}: {os.strerror(number)}", path=path, errno=number)


def _forbidden(
    what: str, path: str, number: int, barrier: str, found: os.stat_result | None
) -> ConsoleForbidden:
    if found is None:
        return ConsoleForbidden(
            f"{what}: {os.strerror(number)}", path=path, errno=number, hint="Run it with sudo."
        )
    mode = stat.S_IMODE(found.st_mode)
    asked = 0o020 if stat.S_ISSOCK(found.st_mode) else 0o010
    hint = f"Run it with sudo, or as user {found.st_uid}."
    if os.geteuid() == 0:
        hint = "Even root may not: a security module such as SELinux or AppArmor may forbid it."
    elif mode & asked:
        hint = f"Run it with sudo, or join group {found.st_gid}."
    return ConsoleForbidden(
        f"{what}: {os.strerror(number)}; {barrier} belongs to user {found.st_uid}, "
        f"group {found.st_gid}, mode {mode:04o}",
        path=path,
        errno=number,
        hint=hint,
    )


def _barrier(path: str) -> tuple[str, os.stat_result | None]:
    """The directory on the way to `path` that lets nobody through: the last one to be seen."""
    top = "/" if path.startswith("/") else "."
    while path != top:
        path = path.rstrip("/").rpartition("/")[0] or top
        with contextlib.suppress(OSError):
            return path, os.stat(path)  # noqa: PTH116 (verbatim path)
    return path, None


def other(error: OSError, what: str, path: str) -> ConsoleError:
    """`what` failed, in the operating system's words."""
    number = error.errno or 0
    hint = ""
    if number in _NO_DESCRIPTORS:
        hint = "Too many files are open; raise the limit with ulimit -n."
    elif number == errno.ENAMETOOLONG:
        hint = "Check the path."
    return ConsoleError(f"{what}: {os.strerror(number)}", path=path, errno=number, hint=hint)
