"""Asks who has a console: one look at a time, for all who ask meanwhile.

A look goes through all the kernel's unix sockets and through all processes. When a
thousand consoles appear at once, as when capture starts, whoever asks while a look is
under way waits and shares the next one. What is told was always looked for after it was
asked for.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

import anyio
import anyio.to_thread

from core.contain import Contained
from core.endpoints import ConsoleUrl
from core.endpoints.holders import Holding, look_all

SHARED = 64
"""So many share a look at most, so that the first are attached to before the last are
looked at, and no look keeps the interpreter from the readers for long."""

_DESCRIPTORS = 8
"""As many as a look and what happens beside it may take."""


class _Question:
    """One console that is asked about, until there is an answer."""

    def __init__(self, url: ConsoleUrl) -> None:
        self.url = url
        self.holding: Holding | None = None
        self.error: OSError | None = None
        self.is_alone = False
        """Whether a look that was shared met with what it was not made for."""

    @property
    def is_answered(self) -> bool:
        """Whether it was found out, or why not."""
        return self.holding is not None or self.error is not None


class Asking:
    """Who has which console; shared by all consoles of a capture."""

    def __init__(self) -> None:
        self._turn = anyio.Lock()
        self._thread = anyio.CapacityLimiter(1)
        self._waiting: list[_Question] = []

    async def look(self, url: ConsoleUrl) -> Holding:
        """Who has a console now.

        Raises:
            OSError: there are too few descriptors to ask anybody.
        """
        question = _Question(url)
        self._waiting.append(question)
        try:
            async with self._turn:
                # Unless one before us has asked for us as well.
                if not question.is_answered and not question.is_alone:
                    await self._ask()
                if question.is_alone:
                    await self._find_out([question])
        finally:
            if question in self._waiting:
                self._waiting.remove(question)
        if question.error is not None:
            raise question.error
        assert question.holding is not None
        return question.holding

    async def _ask(self) -> None:
        """Answer those who wait longest, the holder of the turn among them."""
        asked, self._waiting = self._waiting[:SHARED], self._waiting[SHARED:]

        def ask_alone(_error: Exception) -> None:
            # Whosever console that was, the others must not suffer for it.
            for question in asked:
                question.is_alone = True

        try:
            with Contained("asking who has consoles", ask_alone):
                await self._find_out(asked)
        finally:
            # The holder of the turn may have been let go of before it had an answer.
            left = [each for each in asked if not each.is_answered and not each.is_alone]
            self._waiting = left + self._waiting

    async def _find_out(self, asked: Sequence[_Question]) -> None:
        urls = [question.url for question in asked]
        try:
            # Left alone when nobody waits for the answer any more: a monitor may take a second.
            holdings = await anyio.to_thread.run_sync(
                _look, urls, limiter=self._thread, abandon_on_cancel=True
            )
        except OSError as error:
            for question in asked:
                question.error = error
            return
        for question, holding in zip(asked, holdings, strict=True):
            question.holding = holding


def _look(urls: Sequence[ConsoleUrl]) -> list[Holding]:
    """Who has these consoles.

    Raises:
        OSError: there are too few descriptors to ask anybody.
    """
    with contextlib.ExitStack() as spare:
        for _ in range(_DESCRIPTORS):
            fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            spare.callback(os.close, fd)
    return look_all(urls)
