"""A kata-proxy's folder below the runtime folder: its socket's place and its record.

The record outlives us, as the proxy does: with it a later capture finds the process
again and can end it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from core.paths import ensure_private, make_folders
from core.proxy.identity import ProcessIdentity
from core.proxy.url import SOCKET_NAME

PROXIES = "proxies"
RECORD_NAME = "process.json"

_NEW_RECORD_NAME = "process.json.new"

_MAX_RECORD_BYTES = 1024 * 1024
"""Arguments may be long; a bigger record is none of ours."""


@dataclass(frozen=True, slots=True)
class ProxyRecord:
    """What is written down of a running kata-proxy."""

    process: ProcessIdentity
    argv: tuple[str, ...]
    url: str
    made_folder: bool
    """Whether `start` made the folder, so that `stop` removes it."""


class ProxyFolder:
    """One proxy's folder, `<runtime folder>/proxies/<id>`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, runtime: Path, sandbox_id: str) -> ProxyFolder:
        """The folder of a sandbox's proxy, which may not exist."""
        return cls(runtime / PROXIES / sandbox_id)

    @classmethod
    def all_in(cls, runtime: Path) -> list[ProxyFolder]:
        """Every proxy's folder there is."""
        try:
            return [cls(path) for path in (runtime / PROXIES).iterdir()]
        except OSError:
            return []

    @property
    def socket(self) -> Path:
        """Where the proxy listens unless Kata has a place for it."""
        return self.path / SOCKET_NAME

    def make(self) -> bool:
        """Make the folder if it is missing, private to us; returns whether it was.

        Raises:
            RuntimeDirError: it cannot be made or is open to others.
            OSError: the runtime folder cannot be made.
        """
        make_folders(self.path.parent.parent)
        uid = os.geteuid()
        ensure_private(self.path.parent, uid)
        is_missing = not os.path.lexists(self.path)
        ensure_private(self.path, uid)
        return is_missing

    def read(self) -> ProxyRecord | None:
        """The record; None when there is none or it is damaged."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            fd = os.open(self.path / RECORD_NAME, flags)
            with os.fdopen(fd, "rb") as file:
                text = file.read(_MAX_RECORD_BYTES)
            return msgspec.convert(json.loads(text), type=ProxyRecord)
        except (OSError, ValueError, RecursionError):
            return None

    def write(self, record: ProxyRecord) -> None:
        """Write the record, 0600 whatever the umask, as a whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        new = self.path / _NEW_RECORD_NAME
        new.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(new, flags, 0o600), "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            # ASCII only: an argument may hold half a character, and the file is for people too.
            json.dump(asdict(record), file, indent=1)
        new.replace(self.path / RECORD_NAME)

    def remove_socket(self) -> None:
        """Remove a socket that a dead proxy left in the folder."""
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(self.socket.lstat().st_mode):
                self.socket.unlink()

    def remove(self, *, with_folder: bool) -> None:
        """Remove the record and, `with_folder`, the socket and the folder. Never fails.

        A folder that holds anything else stays.
        """
        for name in (RECORD_NAME, _NEW_RECORD_NAME):
            with contextlib.suppress(OSError):
                (self.path / name).unlink()
        if with_folder:
            self.remove_socket()
            with contextlib.suppress(OSError):
                self.path.rmdir()
