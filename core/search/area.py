"""A place to search, opened: its generations, as far as they are on disk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core.console import Source
from core.plain_log import PlainLog
from core.recording import GenerationReader, History
from core.search.messages import Log, Place, Recordings

MAX_GENERATIONS = 512
"""The newest ones that are searched; a scroll holds no more."""

_MAX_OPEN = 4
"""Generations that are open at once, besides the newest."""


class Area(Protocol):
    """The generations of a place. What cannot be read is a `RecordingError`."""

    def look(self) -> None:
        """Look which generations there are."""

    @property
    def generations(self) -> Sequence[int]:
        """Their numbers, oldest first."""

    def open(self, generation: int) -> Source | None:
        """The bytes of one of them, as of its last `refresh`; None when it is gone."""

    def refresh(self, generation: int) -> None:
        """Look for what was added to it, or dropped."""

    def close(self) -> None:
        """Let go of all files."""


def opened(place: Place) -> Area:
    """The area of a place.

    Raises:
        RecordingError: it cannot be read.
    """
    match place:
        case Recordings(folder=folder, only=only):
            return _RecordedArea(Path(folder), only)
        case Log():
            return _LogArea(place)


class _RecordedArea:
    def __init__(self, folder: Path, only: str) -> None:
        self._history = History(folder)
        self._only = only
        self._folders: dict[int, Path] = {}
        self._readers: OrderedDict[int, GenerationReader] = OrderedDict()
        self._list()

    def look(self) -> None:
        if self._history.refresh():
            self._list()

    def _list(self) -> None:
        found = [
            each for each in self._history.generations if not self._only or each.name == self._only
        ]
        self._folders = {each.sequence: each.folder for each in found[-MAX_GENERATIONS:]}
        for gone in [each for each in self._readers if each not in self._folders]:
            self._readers.pop(gone).close()

    @property
    def generations(self) -> Sequence[int]:
        return list(self._folders)

    def open(self, generation: int) -> Source | None:
        reader = self._readers.get(generation)
        if reader is None:
            folder = self._folders.get(generation)
            if folder is None or not folder.is_dir():
                return None
            reader = self._readers[generation] = GenerationReader(folder)
            if len(self._readers) > _MAX_OPEN:
                self._readers.popitem(last=False)[1].close()
        self._readers.move_to_end(generation)
        return reader

    def refresh(self, generation: int) -> None:
        reader = self._readers.get(generation)
        if reader is not None:
            reader.refresh()

    def close(self) -> None:
        while self._readers:
            self._readers.popitem()[1].close()


class _LogArea:
    def __init__(self, place: Log) -> None:
        self._log = PlainLog(Path(place.path))
        self._first = place.sequence

    def look(self) -> None:
        self._log.look()

    @property
    def generations(self) -> Sequence[int]:
        return [life.sequence - 1 + self._first for life in self._log.lives]

    def open(self, generation: int) -> Source | None:
        number = generation - self._first
        return self._log.lives[number] if 0 <= number < len(self._log.lives) else None

    def refresh(self, generation: int) -> None:
        number = generation - self._first
        if 0 <= number < len(self._log.lives):
            self._log.lives[number].refresh()

    def close(self) -> None:
        self._log.close()
