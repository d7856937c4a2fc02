"""What can go wrong with a socket that we bind for VMMs to dial, in words."""

from __future__ import annotations

import errno
import os
import stat

from core.errors import (
    ConsoleAbsent,
    ConsoleBusy,
    ConsoleError,
    ConsoleForbidden,
    ConsoleRefused,
    NotASocket,
)

_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def nobody_dialed(path: str) -> ConsoleAbsent:
    """We listen at `path`, and no VMM has connected."""
    return ConsoleAbsent(
        f"No VMM has dialed {path} yet",
        path=path,
        hint=f"Start the VM with -chardev socket,id=con,path={path},server=off,reconnect=1",
    )


def dialed_by_stranger(path: str, uid: int) -> ConsoleForbidden:
    """User `uid`, neither us nor root, connected to `path`."""
    return ConsoleForbidden(
        f"User {uid} dialed {path}, and was turned away: it is neither us nor root",
        path=path,
        errno=errno.EACCES,
        hint=f"Run guestwatch as user {uid}, or the VM as user {os.geteuid()}.",
    )


def hung_up(path: str) -> ConsoleRefused:
    """The VMM that dialed `path` left before its console was opened."""
    return ConsoleRefused(
        f"The VMM that dialed {path} has hung up",
        path=path,
        errno=errno.ECONNREFUSED,
        hint="The next one that dials is attached to by itself.",
    )


def taken(path: str) -> ConsoleBusy:
    """The connection to `path` is being read already."""
    return ConsoleBusy(
        f"The VMM that dialed {path} is being read already", path=path, errno=errno.EBUSY
    )


def in_the_way(path: str, mode: int) -> NotASocket:
    """Something that is no socket, of file mode `mode`, is at `path`."""
    kind = "a symbolic link" if stat.S_ISLNK(mode) else "no socket"
    return NotASocket(
        f"{path} is there already and is {kind}: it is not replaced",
        path=path,
        errno=errno.EADDRINUSE,
        hint="Name a path at which nothing is, or remove what is there.",
    )


def not_ours(path: str, uid: int) -> ConsoleForbidden:
    """A socket of user `uid` is at `path`."""
    return ConsoleForbidden(
        f"{path} is a socket of user {uid}: it is not replaced",
        path=path,
        errno=errno.EADDRINUSE,
        hint=f"Name another path, or have user {uid} remove it.",
    )


def listened_on(path: str) -> ConsoleBusy:
    """Somebody else listens at `path`."""
    return ConsoleBusy(
        f"Another program listens on {path}: it is not replaced",
        path=path,
        errno=errno.EADDRINUSE,
        hint=f"If it is the VMM that listens, the console is unix:{path}. ss -xlp tells who.",
    )


def name_unfit(path: str, room: int) -> ConsoleError:
    """The last name of `path` is empty, or longer than `room` bytes."""
    return ConsoleError(
        f"{path} cannot be bound: its last name has to have 1 to {room} bytes",
        path=path,
        errno=errno.ENAMETOOLONG,
        hint="Name it shorter. The folders before it may be as long as they like.",
    )


def while_binding(error: OSError, path: str) -> ConsoleError:
    """Why `path` could not be bound."""
    number = error.errno or 0
    folder = path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
    if number in (errno.ENOENT, errno.ENOTDIR):
        return ConsoleError(
            f"Cannot listen on {path}: {folder} is no folder",
            path=path,
            errno=number,
            hint=f"Make it: mkdir -p -m 700 {folder}",
        )
    if number in _FORBIDDEN:
        return ConsoleForbidden(
            f"Cannot listen on {path}: {os.strerror(number)}",
            path=path,
            errno=number,
            hint=f"Name a path in a folder that user {os.geteuid()} may write.",
        )
    return ConsoleError(
        f"Cannot listen on {path}: {os.strerror(number)}",
        path=path,
        errno=number,
        hint=_hint_for(number),
    )


def while_accepting(error: OSError, path: str) -> ConsoleError:
    """Why a VMM that dialed `path` could not be taken up; it waits in the queue."""
    number = error.errno or 0
    return ConsoleError(
        f"Cannot take up the VMM that dialed {path}: {os.strerror(number)}",
        path=path,
        errno=number,
        hint=_hint_for(number),
    )


def _hint_for(number: int) -> str:
    if number in (errno.EMFILE, errno.ENFILE):
        return "Too many files are open; raise the limit with ulimit -n."
    return ""
