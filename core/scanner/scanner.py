"""Follows many generations: whichever grew gets its turn, a piece at a time.

Theory of operation. Nothing is polled: capture says which generations grew, at most
every 50 ms, and only these are read. One that has more than a piece to be scanned takes
turns with the others. While a report of many lines is open, a tick asks every 50 ms
whether it still grows; when it does not, it is told.
"""

from __future__ import annotations

import logging
import os
import select
import time
from pathlib import Path

import msgspec

from core.console.alerts import Rules
from core.contain import Contained
from core.errors import GuestwatchError, RecordingError
from core.sandboxes.model import AlertFacts
from core.scanner.cursor import Cursor
from core.scanner.messages import (
    Answer,
    Ask,
    Behind,
    Finish,
    Finished,
    Follow,
    Found,
    FromScanner,
    Grown,
    Lines,
    Patterns,
    ToScanner,
)

log = logging.getLogger("guestwatch.scanner")

TICK_S = 0.05
"""A report that did not grow from one tick to the next is told."""

LAG_S = 1.0
"""How often it is told how much is not scanned yet."""

_READ_BYTES = 1024 * 1024

_decoder = msgspec.json.Decoder(ToScanner)
_encoder = msgspec.json.Encoder()


class Scanner:
    """Obeys capture until it hangs up.

    Args:
        commands: the descriptor that commands come from.
        answers: the descriptor that findings go to.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._lines = Lines()
        self._rules = Rules()
        self._cursors: dict[str, Cursor] = {}
        self._behind: dict[str, Cursor] = {}
        """Those with more to scan, in turn."""
        self._waiting: dict[str, Cursor] = {}
        """Those that a tick may have something to tell of."""
        self._told_lags: dict[str, int] = {}
        self._current = ""
        """Which generation is being scanned."""
        self._contained = Contained("scanning a recording", self._give_up)
        self._tick_at = 0.0
        self._lag_at = 0.0

    def run(self) -> None:
        """Scan until capture hangs up."""
        poll = select.poll()
        poll.register(self._commands, select.POLLIN)
        while True:
            if poll.poll(self._patience_ms()):
                data = os.read(self._commands, _READ_BYTES)
                if not data:
                    return
                for line in self._lines.take(data):
                    self._obey(_decoder.decode(line))
            self._scan_some()
            at = time.monotonic()
            if at >= self._tick_at:
                self._tick_at = at + TICK_S
                self._tick()
            if at >= self._lag_at:
                self._lag_at = at + LAG_S
                self._tell_lags()

    def _patience_ms(self) -> int | None:
        if self._behind:
            return 0
        if self._waiting:
            return max(1, int((self._tick_at - time.monotonic()) * 1000) + 1)
        return int(LAG_S * 1000) if self._told_lags else None

    # What capture says.

    def _obey(self, command: ToScanner) -> None:
        match command:
            case Patterns(alerts=alerts):
                try:
                    self._rules = Rules(alerts)
                except GuestwatchError as error:
                    # Capture has checked them.
                    log.error("patterns are not used: %s", error)
                    return
                for key, cursor in self._cursors.items():
                    self._tell(key, cursor.look_for(self._rules))
            case Follow(key=key, folder=folder, start=start):
                self._follow(key, Path(folder), start)
            case Grown(sizes=sizes):
                for key, size in sizes.items():
                    self._grow(key, size)
            case Finish(key=key, size=size):
                self._grow(key, size)
                self._end(key)
            case Ask():
                self._send(Answer())

    def _follow(self, key: str, folder: Path, start: int) -> None:
        known = self._cursors.get(key)
        if known is not None:
            known.is_ending = False
            return
        try:
            self._cursors[key] = Cursor(folder, start, self._rules)
        except RecordingError as error:
            log.warning("%s is not scanned: %s", key, error)

    def _grow(self, key: str, size: int) -> None:
        cursor = self._cursors.get(key)
        if cursor is not None and size > cursor.size:
            cursor.size = size
            self._behind[key] = cursor

    def _end(self, key: str) -> None:
        cursor = self._cursors.get(key)
        if cursor is None:
            self._send(Finished(key))
        else:
            cursor.is_ending = True
            self._behind[key] = cursor

    # Scanning.

    def _scan_some(self) -> None:
        """A piece of each generation that has more."""
        for key, cursor in list(self._behind.items()):
            self._current = key
            with self._contained:
                try:
                    self._scan_one(key, cursor)
                except RecordingError as error:
                    log.warning("%s is not scanned any more: %s", key, error)
                    self._drop(key)

    def _scan_one(self, key: str, cursor: Cursor) -> None:
        if cursor.is_behind:
            self._tell(key, cursor.scan())
        if cursor.is_behind:
            return
        if cursor.is_ending:
            self._tell(key, cursor.finish())
            self._drop(key)
            return
        self._behind.pop(key, None)
        if cursor.is_waiting:
            self._waiting[key] = cursor

    def _give_up(self, error: Exception) -> None:
        """A recording that we were not made for ends its own scan and no other."""
        log.error("%s is not scanned any more: %r", self._current, error)
        self._drop(self._current)

    def _drop(self, key: str) -> None:
        """Be done with a generation."""
        self._behind.pop(key, None)
        self._waiting.pop(key, None)
        cursor = self._cursors.pop(key, None)
        if cursor is not None:
            cursor.close()
            self._send(Finished(key))

    def _tick(self) -> None:
        for key, cursor in list(self._waiting.items()):
            self._current = key
            with self._contained:
                if cursor.is_waiting:
                    self._tell(key, cursor.idle())
                if not cursor.is_waiting and not cursor.is_behind:
                    self._waiting.pop(key, None)

    # What capture is told.

    def _tell(self, key: str, alerts: list[AlertFacts]) -> None:
        cursor = self._cursors[key]
        for alert in alerts:
            self._send(Found(key, alert, cursor.resume))

    def _tell_lags(self) -> None:
        lags = {key: cursor.size - cursor.position for key, cursor in self._behind.items()}
        gone = {key: 0 for key in self._told_lags if key not in lags}
        if lags or gone:
            self._send(Behind(lags | gone))
        self._told_lags = lags

    def _send(self, answer: FromScanner) -> None:
        view = memoryview(_encoder.encode(answer) + b"\n")
        while view:
            view = view[os.write(self._answers, view) :]
