"""A generation in memory, whose oldest bytes can be dropped, and that counts what is read."""

from __future__ import annotations

from collections.abc import Callable


class Memory:
    """Satisfies `core.console.Source`."""

    def __init__(self, data: bytes = b"", start: int = 0) -> None:
        self.data = bytearray(data)
        self.start = start
        self.reads: list[int] = []
        """The sizes that were asked for."""
        self.bytes_read = 0
        self.before_read: Callable[[int], None] = lambda _offset: None

    @property
    def end(self) -> int:
        return len(self.data)

    def read(self, offset: int, size: int) -> bytes:
        self.before_read(offset)
        self.reads.append(size)
        found = b"" if offset < self.start else bytes(self.data[offset : offset + size])
        self.bytes_read += len(found)
        return found
