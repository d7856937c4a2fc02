"""A unix socket of our own that VMMs dial: bound privately, and unbound with care.

Only what is ours is replaced: a socket file that we own and nobody listens on, as a
crash leaves behind. Sources: unix(7); `sock_diag`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat

from core.endpoints import listen_trouble
from core.endpoints.sock_diag import unix_sockets
from core.errors import ConsoleError

BACKLOG = 4
"""A VMM that dials again before the end of its last connection was read waits here."""

SUN_PATH_MAX = 107


class Listener:
    """A bound and listening socket, 0600 whatever the umask.

    Bound through a descriptor of its folder, so that the path may be longer than the
    107 bytes an address has room for.

    Raises:
        NotASocket: something else is at the path.
        ConsoleForbidden: what is there is another user's, or the folder may not be written.
        ConsoleBusy: somebody listens there.
        ConsoleError: the folder is missing, or the kernel refused.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        folder, _, name = path.rpartition("/")
        self._name = name
        with contextlib.ExitStack() as held:
            try:
                flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
                self._folder = os.open((folder or "/") if "/" in path else ".", flags)
                held.callback(os.close, self._folder)
                self.sock = held.enter_context(
                    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                )
                self._bind()
            except OSError as error:
                raise listen_trouble.while_binding(error, path) from error
            held.pop_all()

    @property
    def life(self) -> str:
        """Tells this binding from every other one of this boot."""
        found = self._found
        return f"{found.st_dev:x}:{found.st_ino}:{found.st_ctime_ns}"

    def is_bound(self) -> bool:
        """Whether the path still leads here."""
        try:
            now = os.stat(self._path, follow_symlinks=False)  # noqa: PTH116 (verbatim path)
        except OSError:
            return False
        return os.path.samestat(now, self._found)

    def close(self) -> None:
        """Unbind what we bound, and listen no more. Harmless when repeated."""
        if self.sock.fileno() < 0:
            return
        # Looked at in the folder we bound in. Our socket still holds its inode number.
        with contextlib.suppress(OSError):
            if os.path.samestat(_looked_at(self._name, self._folder), self._found):
                os.unlink(self._name, dir_fd=self._folder)
        self.sock.close()
        os.close(self._folder)

    def _bind(self) -> None:
        address = f"/proc/self/fd/{self._folder}/{self._name}"
        room = SUN_PATH_MAX - len(address) + len(self._name)
        if not 1 <= len(os.fsencode(self._name)) <= room:
            raise listen_trouble.name_unfit(self._path, room)
        # A socket's own mode is what its file is made with, so that nothing at the path has
        # to be changed later, when somebody might have put a link there.
        os.fchmod(self.sock.fileno(), 0o600)
        try:
            self.sock.bind(address)
        except OSError:
            self._remove_stale()
            self.sock.bind(address)
        self._found = _looked_at(self._name, self._folder)
        if stat.S_IMODE(self._found.st_mode) != 0o600:
            # The umask kept even us out of it.
            os.chmod(f"/proc/self/fd/{self._folder}/{self._name}", 0o600)  # noqa: PTH101
            self._found = _looked_at(self._name, self._folder)
        self.sock.listen(BACKLOG)

    def _remove_stale(self) -> None:
        """Remove what a crash left at the path; refuse whatever may be of use to somebody.

        Raises:
            ConsoleError: what is there stays; the message says why.
            OSError: nothing is there, or it cannot be removed.
        """
        found = _looked_at(self._name, self._folder)
        refusal = self._refusal(found)
        if refusal is not None:
            raise refusal
        os.unlink(self._name, dir_fd=self._folder)

    def _refusal(self, found: os.stat_result) -> ConsoleError | None:
        if not stat.S_ISSOCK(found.st_mode):
            return listen_trouble.in_the_way(self._path, found.st_mode)
        if found.st_uid != os.geteuid():
            return listen_trouble.not_ours(self._path, found.st_uid)
        if _is_listened_on(found) or self._answers():
            return listen_trouble.listened_on(self._path)
        return None

    def _answers(self) -> bool:
        """Whether a connection is taken, as of a listener in another network namespace.

        Tried last: a console's listener notices it.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
            try:
                probe.connect(f"/proc/self/fd/{self._folder}/{self._name}")
            except ConnectionRefusedError:
                return False
            except OSError:
                return True
            return True


def _looked_at(name: str, folder: int) -> os.stat_result:
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _is_listened_on(found: os.stat_result) -> bool:
    """Whether somebody in this network namespace listens on the socket file `found`."""
    file = (found.st_ino & 0xFFFFFFFF, found.st_dev)
    return any(sock.is_listening and sock.file == file for sock in unix_sockets() or ())
