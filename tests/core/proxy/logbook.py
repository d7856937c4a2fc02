"""A logger whose records a test can wait for."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable

import anyio

_numbers = itertools.count(1)


class Logbook(logging.Handler):
    """Keeps every record of `logger`, which nothing else listens to."""

    def __init__(self, level: int = logging.DEBUG) -> None:
        super().__init__()
        # Registered, or a change of its level would not reach the cache of `isEnabledFor`.
        self.logger = logging.getLogger(f"tests.guest.{next(_numbers)}")
        self.logger.propagate = False
        self.logger.setLevel(level)
        self.logger.addHandler(self)
        self.records: list[logging.LogRecord] = []
        self._changed = anyio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self._changed.set()

    def facts(self, name: str) -> list[object]:
        """One attribute of every record that has it."""
        return [vars(record)[name] for record in self.records if name in vars(record)]

    @property
    def lines(self) -> list[object]:
        """The guest's lines that were logged."""
        return self.facts("vmconsole")

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    def one(self, beginning: str) -> logging.LogRecord:
        """The one record whose message begins so."""
        (found,) = (r for r in self.records if r.getMessage().startswith(beginning))
        return found

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait for a record that makes it true."""
        with anyio.fail_after(10):
            while not is_true():
                self._changed = anyio.Event()
                await self._changed.wait()

    async def until_lines(self, *lines: str) -> None:
        await self.until(lambda: len(self.lines) >= len(lines))
        assert self.lines == list(lines)


class FailingHandler(logging.Handler):
    """Raises at every record, as a handler without `handleError` does."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def handle(self, record: logging.LogRecord) -> bool:
        self.asked += 1
        raise RuntimeError("the disk of the log is full")
