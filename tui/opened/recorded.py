"""A generation's bytes for as long as somebody looks at them.

A guest in a crash loop has hundreds of generations, and each open one costs
descriptors. Those that nobody reads are closed, and opened again by the next read.
"""

from __future__ import annotations

from core.recording import Generation, GenerationReader


class Recorded:
    """One generation: a `core.console.Source` that can rest."""

    def __init__(self, generation: Generation) -> None:
        """Open a generation.

        Raises:
            RecordingError: it cannot be read.
        """
        self.generation = generation
        self._reader: GenerationReader | None = GenerationReader(generation.folder)
        self._extent = (self._reader.start, self._reader.end)
        self._was_read = True

    @property
    def sequence(self) -> int:
        """Its place among its sandbox's generations."""
        return self.generation.sequence

    @property
    def start(self) -> int:
        """The first offset that can be read."""
        return self._extent[0] if self._reader is None else self._reader.start

    @property
    def end(self) -> int:
        """The offset behind the last byte that can be read."""
        return self._extent[1] if self._reader is None else self._reader.end

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`.

        Raises:
            RecordingError: the disk does not give them.
        """
        self._was_read = True
        if self._reader is None:
            self._reader = GenerationReader(self.generation.folder)
        return self._reader.read(offset, size)

    def refresh(self) -> bool:
        """Whether there are other bytes than before: new ones, or old ones dropped.

        Raises:
            RecordingError: the log may not be read any more.
        """
        if self._reader is None:
            return False
        before = self._reader.start
        grew = self._reader.refresh()
        return grew or self._reader.start != before

    def rest_if_unread(self) -> None:
        """Give the descriptors back unless it was read since the last call."""
        if not self._was_read:
            self.close()
        self._was_read = False

    def close(self) -> None:
        """Give the descriptors back. Harmless when repeated; a read opens it again."""
        if self._reader is not None:
            self._extent = (self._reader.start, self._reader.end)
            self._reader.close()
            self._reader = None
