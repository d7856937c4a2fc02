"""Where a viewing's bytes are from: a sandbox's recording, or a log of any program."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from core.console import SafeStr, Source, safe_text
from core.plain_log import PlainLife, PlainLog
from core.recording import Generation, History, RecordingClock
from core.search.messages import Log, Place, Recordings
from tui.opened.recorded import Recorded

SCAN_BYTES = 128 * 1024
"""How much timing is followed for one date where the index is gone: some 20 ms."""


class Part(Source, Protocol):
    """One generation's bytes for as long as somebody looks at them."""

    @property
    def generation(self) -> Generation:
        """Which one it is."""

    @property
    def sequence(self) -> int:
        """Its place among the others."""

    def refresh(self) -> bool:
        """Whether there are other bytes than before.

        Raises:
            RecordingError: they cannot be read any more.
        """

    def rest_if_unread(self) -> None:
        """Give the descriptors back unless it was read since the last call."""

    def close(self) -> None:
        """Give the descriptors back. Harmless when repeated."""


class Library(Protocol):
    """The generations of what is viewed, and how each is opened."""

    @property
    def has_times(self) -> bool:
        """Whether it is known when a byte came."""

    @property
    def trouble(self) -> SafeStr:
        """Why there may be more than is shown; empty when there is not."""

    @property
    def place(self) -> Place:
        """Where a search finds the same."""

    def look(self) -> tuple[Generation, ...]:
        """The generations that are there now, oldest first.

        Raises:
            RecordingError: that cannot be told.
        """

    def open(self, generation: Generation) -> Part:
        """The bytes of one of them.

        Raises:
            RecordingError: they cannot be read.
        """

    def clock(self, generation: Generation) -> RecordingClock | None:
        """What dates its bytes; None when nothing does.

        Raises:
            RecordingError: there is no such generation any more.
        """

    def seam(self, earlier: Generation, generation: Generation) -> SafeStr:
        """What is said between two of them."""

    def close(self) -> None:
        """Let go of what it holds itself. Harmless when repeated."""


class RecordingLibrary:
    """A sandbox's recording.

    Args:
        folder: the sandbox's, `<recordings>/<id>`.
        only: the one generation to show; None for all of them.
    """

    has_times = True
    trouble = safe_text("")

    def __init__(self, folder: Path, only: Generation | None = None) -> None:
        self._folder = folder
        self._only = only
        self._history: History | None = None

    @property
    def place(self) -> Place:
        """The folder, or one generation in it."""
        return Recordings(str(self._folder), "" if self._only is None else self._only.name)

    def look(self) -> tuple[Generation, ...]:
        """Its generations, oldest first."""
        if self._only is not None:
            return (self._only,)
        if self._history is None:
            self._history = History(self._folder)
        else:
            self._history.refresh()
        return self._history.generations

    def open(self, generation: Generation) -> Part:
        """The bytes of one of them."""
        return Recorded(generation)

    def clock(self, generation: Generation) -> RecordingClock | None:
        """What dates its bytes."""
        return RecordingClock(generation.folder, scan_bytes=SCAN_BYTES)

    def seam(self, earlier: Generation, generation: Generation) -> SafeStr:
        """When the guest began anew."""
        return safe_text(f"guest rebooted {_when(earlier, generation)}")

    def close(self) -> None:
        """Holds nothing."""


class LogLibrary:
    """A log of any program; a generation is what it held between two cuts.

    Args:
        log: open; closed with the library.
    """

    has_times = False

    def __init__(self, log: PlainLog) -> None:
        self._log = log

    @property
    def trouble(self) -> SafeStr:
        """Why it cannot be followed any more."""
        return safe_text(self._log.trouble)

    @property
    def place(self) -> Place:
        """The file, as it is now."""
        return Log(str(self._log.path), self._log.lives[-1].sequence)

    def look(self) -> tuple[Generation, ...]:
        """What it held since it was opened, oldest first."""
        self._log.look()
        return tuple(_generation(life) for life in self._log.lives)

    def open(self, generation: Generation) -> Part:
        """The bytes of one of them."""
        return _Life(self._log.lives[generation.sequence - 1])

    def clock(self, generation: Generation) -> RecordingClock | None:
        """Nothing dates its bytes."""
        return None

    def seam(self, earlier: Generation, generation: Generation) -> SafeStr:
        """What happened to the file."""
        why = self._log.lives[generation.sequence - 1].why
        return safe_text(f"{why} {_when(earlier, generation)}")

    def close(self) -> None:
        """Close the log."""
        self._log.close()


class _Life:
    """A life of a log as a part; it never rests, for its path may lead elsewhere by now."""

    def __init__(self, life: PlainLife) -> None:
        self._life = life
        self.generation = _generation(life)
        self.sequence = life.sequence

    @property
    def start(self) -> int:
        return self._life.start

    @property
    def end(self) -> int:
        return self._life.end

    def read(self, offset: int, size: int) -> bytes:
        return self._life.read(offset, size)

    def refresh(self) -> bool:
        return self._life.refresh()

    def rest_if_unread(self) -> None:
        pass

    def close(self) -> None:
        self._life.close()


def _generation(life: PlainLife) -> Generation:
    return Generation(life.sequence, str(life.sequence), life.path, life.began_wall)


def _when(earlier: Generation, generation: Generation) -> str:
    began = datetime.fromtimestamp(generation.started_wall)
    is_same_day = began.date() == datetime.fromtimestamp(earlier.started_wall).date()
    return f"{began:%H:%M:%S}" if is_same_day else f"{began:%Y-%m-%d %H:%M:%S}"
