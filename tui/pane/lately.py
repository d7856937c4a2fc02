"""What was asked for lately, and the rest forgotten."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lately(Generic[K, V]):
    """A bounded memory: whatever was asked for within the last `size` others is still there."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[K, V] = {}
        self._older: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._kept) + len(self._older)

    def get(self, key: K) -> V | None:
        """What was put there under `key`, None if nothing was or it is forgotten."""
        found = self._kept.get(key)
        if found is None:
            found = self._older.pop(key, None)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: K, value: V) -> V:
        """Remember `value`, and return it."""
        if len(self._kept) >= self._size:
            self._older, self._kept = self._kept, {}
        self._kept[key] = value
        return value
