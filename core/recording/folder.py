"""A folder of a recording, opened once; what is in it is reached through its descriptor.

Nothing here follows a link below that folder or writes into a file it did not
find to be plain, ours and without a second name: a planted symlink, FIFO,
directory or hard link is refused with its path in the message, and its target is
not touched. Files are 0600 and folders 0700 whatever the umask.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from types import TracebackType

from core.errors import RecordingError
from core.recording.trouble import check_owner, check_plain, explain, kind_of, strange

APPEND = os.O_RDWR | os.O_APPEND
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""O_NONBLOCK: an open of a planted FIFO must not wait for its other end."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Folder:
    """An open folder. Close it, or use it in a `with` block.

    Args:
        path: for messages and for whoever wants the name; never opened again.
        fd: its descriptor, owned by this object from here on.
    """

    __slots__ = ("fd", "path")

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd

    @classmethod
    def open(cls, path: Path) -> Folder:
        """The folder a person named; links on the way to it are theirs and are followed.

        Raises:
            RecordingError: there is none, or it may not be looked at.
        """
        try:
            return cls(path, os.open(path, _FOLDER))
        except (OSError, ValueError) as error:
            raise explain(path, error) from error

    @classmethod
    def make_home(cls, path: Path) -> Folder:
        """The folder of all recordings, made with its parents (0700) where they are missing.

        Raises:
            RecordingError: it cannot be made or opened.
        """
        try:
            for folder in (*reversed(path.parents), path):
                if not folder.exists():
                    with contextlib.suppress(FileExistsError):
                        _make_folder(str(folder))
        except (OSError, ValueError) as error:
            raise explain(path, error) from error
        return cls.open(path)

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptor. Harmless when repeated."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)

    # Folders below this one.

    def make(self, name: str) -> Folder:
        """A new folder in this one.

        Raises:
            FileExistsError: the name is taken.
            RecordingError: it cannot be made.
        """
        try:
            _make_folder(name, dir_fd=self.fd)
        except FileExistsError:
            raise
        except OSError as error:
            raise explain(self.path / name, error) from error
        try:
            return self.own_folder(name)
        except RecordingError:
            with contextlib.suppress(OSError):
                os.rmdir(name, dir_fd=self.fd)
            raise

    def own_folder(self, name: str) -> Folder:
        """The folder of this name in this one: ours, not a link, 0700 from here on.

        Raises:
            RecordingError: it is something else, or somebody else's.
        """
        path = self.path / name
        try:
            fd = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=self.fd)
        except OSError as error:
            self._refuse_strange(name, stat.S_IFDIR)
            raise explain(path, error) from error
        folder = Folder(path, fd)
        try:
            found = os.fstat(fd)
            check_owner(path, found)
            if stat.S_IMODE(found.st_mode) != 0o700:
                os.fchmod(fd, 0o700)
        except OSError as error:
            folder.close()
            raise explain(path, error) from error
        except RecordingError:
            folder.close()
            raise
        return folder

    def sub(self, name: str) -> Folder:
        """The folder of this name in this one, made when it is missing.

        Raises:
            RecordingError: it is something else, somebody else's, or cannot be made.
        """
        if self.stat(name) is None:
            with contextlib.suppress(FileExistsError):
                return self.make(name)
        return self.own_folder(name)

    # Files in this folder, to write.

    def create(self, name: str, flags: int = APPEND) -> int:
        """A descriptor of a new file, 0600.

        Raises:
            RecordingError: the name is taken, or the file cannot be made.
        """
        try:
            fd = os.open(name, flags | os.O_CREAT | os.O_EXCL | _SAFE, 0o600, dir_fd=self.fd)
        except OSError as error:
            self._refuse_strange(name, stat.S_IFREG)
            raise explain(self.path / name, error) from error
        try:
            os.fchmod(fd, 0o600)
        except OSError as error:
            os.close(fd)
            raise explain(self.path / name, error) from error
        return fd

    def reopen(self, name: str, flags: int = APPEND) -> int:
        """A descriptor of a file we made before; of a new one when there is none.

        Raises:
            RecordingError: it is not a plain file of ours with one name.
        """
        path = self.path / name
        if not self._refuse_strange(name, stat.S_IFREG):
            return self.create(name, flags)
        try:
            fd = os.open(name, flags | _SAFE, dir_fd=self.fd)
        except OSError as error:
            raise explain(path, error) from error
        try:
            # Once more on what was opened: the name may lead elsewhere by now.
            found = os.fstat(fd)
            check_plain(path, found)
            if stat.S_IMODE(found.st_mode) != 0o600:
                os.fchmod(fd, 0o600)
        except OSError as error:
            os.close(fd)
            raise explain(path, error) from error
        except RecordingError:
            os.close(fd)
            raise
        return fd

    def replace(self, name: str, data: bytes) -> None:
        """Put `data` in the place of the file, so that readers see the old or the new one whole.

        Raises:
            RecordingError: it cannot be written, or something strange has its name.
        """
        self._refuse_strange(name, stat.S_IFREG)
        fresh = f"{name}.new"
        try:
            if self.stat(fresh) is not None:
                # Left by a crash; removing a link does not touch its target.
                os.unlink(fresh, dir_fd=self.fd)
        except OSError as error:
            raise explain(self.path / fresh, error) from error
        fd = self.create(fresh)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(fd, rest) :]
            os.rename(fresh, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except OSError as error:
            self.discard(fresh)
            raise explain(self.path / name, error) from error
        finally:
            os.close(fd)

    def rename(self, name: str, new_name: str) -> None:
        """Rename a file to a name that is free.

        Raises:
            RecordingError: the new name is taken, or the file cannot be renamed.
        """
        path = self.path / new_name
        try:
            if self.stat(new_name) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            os.rename(name, new_name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except OSError as error:
            raise explain(path, error) from error

    def discard(self, name: str) -> None:
        """Remove a file of ours that is of no use, if that can be done."""
        try:
            os.unlink(name, dir_fd=self.fd)
        except OSError:
            return

    # Looking.

    def names(self) -> list[str]:
        """What is in this folder; nothing once it was removed or closed.

        Raises:
            RecordingError: it cannot be listed. Nothing may be concluded then.
        """
        if self.fd < 0:
            return []
        try:
            with os.scandir(self.fd) as entries:
                return [entry.name for entry in entries]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explain(self.path, error) from error

    def stat(self, name: str) -> os.stat_result | None:
        """What has this name, links not followed; None when nothing has.

        Raises:
            RecordingError: that cannot be told.
        """
        if self.fd < 0:
            return None
        try:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explain(self.path / name, error) from error

    def stat_file(self, name: str) -> os.stat_result | None:
        """What has this name, if it is a plain file."""
        found = self.stat(name)
        return found if found is not None and stat.S_ISREG(found.st_mode) else None

    def open_read(self, name: str) -> int | None:
        """A descriptor to read a plain file; None when there is none to be read.

        Raises:
            RecordingError: the file is there and may not be read, or no more can be opened.
        """
        if self.stat_file(name) is None:
            return None
        try:
            fd = os.open(name, os.O_RDONLY | _SAFE, dir_fd=self.fd)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explain(self.path / name, error) from error
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            return None
        return fd

    def read_small(self, name: str, limit: int) -> bytes | None:
        """A small file's bytes; None when there is none or it is larger than `limit`."""
        fd = self.open_read(name)
        if fd is None:
            return None
        try:
            data = os.pread(fd, min(os.fstat(fd).st_size, limit) + 1, 0)
        except OSError as error:
            raise explain(self.path / name, error) from error
        finally:
            os.close(fd)
        return data if len(data) <= limit else None

    def has_own(self, name: str) -> bool:
        """Whether a plain file of ours has this name.

        Raises:
            RecordingError: something else has it.
        """
        return self._refuse_strange(name, stat.S_IFREG)

    def _refuse_strange(self, name: str, expected: int) -> bool:
        """Whether something of the `expected` kind has this name; refuses anything else."""
        found = self.stat(name)
        if found is None:
            return False
        path = self.path / name
        if stat.S_IFMT(found.st_mode) != expected:
            raise strange(path, f"is {kind_of(found)}")
        if expected == stat.S_IFREG:
            check_plain(path, found)
        return True


def _make_folder(name: str, *, dir_fd: int | None = None) -> None:
    os.mkdir(name, 0o700, dir_fd=dir_fd)
    # The umask may have kept even us out of it.
    os.chmod(name, 0o700, dir_fd=dir_fd)
