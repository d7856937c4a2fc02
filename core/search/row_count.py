"""How many rows were searched, whatever is searched again or dropped meanwhile."""

from __future__ import annotations


class RowCount:
    """Rows of each generation's chunks."""

    def __init__(self) -> None:
        self._chunks: dict[tuple[int, int], int] = {}
        self._open: set[tuple[int, int]] = set()
        self.total = 0
        """Rows of all chunks."""

    def restart(self, generation: int, number: int) -> None:
        """A chunk is searched from its begin."""
        self.total -= self._chunks.pop((generation, number), 0)
        self._open.discard((generation, number))

    def add(self, generation: int, number: int, count: int) -> None:
        """So many rows of a chunk were searched; an open one before them is the first of them."""
        chunk = generation, number
        if count and chunk in self._open:
            self._open.discard(chunk)
            count -= 1
        self._chunks[chunk] = self._chunks.get(chunk, 0) + count
        self.total += count

    def end(self, generation: int, number: int, *, is_open: bool) -> None:
        """Whether the last row that was counted may grow, and is counted again when it does."""
        if is_open:
            self._open.add((generation, number))
        else:
            self._open.discard((generation, number))

    def forget(self, generation: int) -> None:
        """A generation is gone, or is searched anew."""
        for each in [chunk for chunk in self._chunks if chunk[0] == generation]:
            self.restart(*each)

    def forget_before(self, generation: int, number: int) -> None:
        """A generation's chunks before one are gone."""
        for each in [chunk for chunk in self._chunks if chunk[0] == generation]:
            if 0 <= each[1] < number:
                self.restart(*each)
