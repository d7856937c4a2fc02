"""A ledger's lines as it grows, each with the place where it begins in the file.

Holds no descriptor. A line that is still being written waits for its end: a crash may
have torn it, and the next start of capture then cuts it. A line's place so never changes,
and names its entry for as long as the ledger is there.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from core.recording.folder import Folder
from core.recording.layout import LEDGER
from core.recording.trouble import explain

MAX_LINE_BYTES = 64 * 1024
"""A longer line is no entry."""

READ_BYTES = 1024 * 1024
_READS = 64
"""How far one call follows a line without end."""

_SHORT_BYTES = 2048
"""Most lines are shorter; one that is not is read again, whole."""


class LedgerLine(NamedTuple):
    """One line, whole."""

    place: int
    """Where it begins in the file."""
    text: bytes
    """Without its end; empty for one that is too long."""


class LedgerLines:
    """Reads a ledger on from where the last call stopped."""

    def __init__(self) -> None:
        self.position = 0
        """Up to where it was read."""
        self._is_too_long = False
        self._began = 0

    def read_new(
        self, folder: Folder, max_lines: int | None = None, max_bytes: int = READ_BYTES
    ) -> list[LedgerLine]:
        """The next lines; empty when there are no more for now.

        Args:
            folder: holds the ledger.
            max_lines: no more than so many of them.
            max_bytes: how much of the ledger is read at a time; above `MAX_LINE_BYTES`.

        Raises:
            RecordingError: the ledger may not be read.
        """
        fd = folder.open_read(LEDGER)
        if fd is None:
            return []
        try:
            for _ in range(_READS):
                data = os.pread(fd, max_bytes, self.position)
                if lines := self._whole(data, max_lines):
                    return lines
                if not self._is_too_long:
                    break
        except OSError as error:
            raise explain(folder.path / LEDGER, error) from error
        finally:
            os.close(fd)
        return []

    def _whole(self, data: bytes, max_lines: int | None) -> list[LedgerLine]:
        end = data.rfind(b"\n") + 1
        if end == 0:
            if len(data) > MAX_LINE_BYTES:
                # Nobody waits for the end of such a line.
                if not self._is_too_long:
                    self._began = self.position
                self.position += len(data)
                self._is_too_long = True
            return []
        texts = data[:end].split(b"\n")[:-1]
        if max_lines is not None:
            del texts[max_lines:]
        lines: list[LedgerLine] = []
        for text in texts:
            if self._is_too_long:
                lines.append(LedgerLine(self._began, b""))
                self._is_too_long = False
            else:
                lines.append(LedgerLine(self.position, text))
            self.position += len(text) + 1
        return lines


def read_lines(folder: Folder, places: list[int]) -> list[bytes]:
    """The lines that begin at some places, empty where none that may be an entry does.

    Raises:
        RecordingError: the ledger may not be read.
    """
    fd = folder.open_read(LEDGER)
    if fd is None:
        return [b""] * len(places)
    try:
        return [_line_at(fd, place) for place in places]
    except OSError as error:
        raise explain(folder.path / LEDGER, error) from error
    finally:
        os.close(fd)


def _line_at(fd: int, place: int) -> bytes:
    for size in (_SHORT_BYTES, MAX_LINE_BYTES + 1):
        line, end, _ = os.pread(fd, size, place).partition(b"\n")
        if end:
            return line
    return b""
