"""Obeys a viewer: searches what it is told to, a piece of each search in turn.

Between two pieces it hears what the viewer says, so that a search that nobody wants any
more, because the next letter was typed, ends within one piece.
"""

from __future__ import annotations

import logging
import os
import select
import time

import msgspec

from core.contain import Contained
from core.errors import BadQuery
from core.search.messages import Frames, FromSearch, Look, Stand, Stop, ToSearch, framed
from core.search.task import Task

log = logging.getLogger("guestwatch.search")

TICK_S = 0.1
"""How often it is looked whether a place grew."""

_READ_BYTES = 64 * 1024

_decoder = msgspec.msgpack.Decoder(ToSearch)


class Searcher:
    """Obeys until the viewer hangs up.

    Args:
        commands: the descriptor that commands come from.
        answers: the descriptor that hits go to.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._frames = Frames()
        self._tasks: dict[int, Task] = {}
        self._current = 0
        self._tick_at = 0.0
        self._contained = Contained("searching", self._give_up)

    def run(self) -> None:
        """Search until the viewer hangs up."""
        poll = select.poll()
        poll.register(self._commands, select.POLLIN)
        while True:
            if poll.poll(self._patience_ms()):
                data = os.read(self._commands, _READ_BYTES)
                if not data:
                    return
                for message in self._frames.take(data):
                    self._obey(_decoder.decode(message))
                continue
            self._search_some()

    def _patience_ms(self) -> int | None:
        if any(task.is_busy for task in self._tasks.values()):
            return 0
        if self._tasks:
            return max(0, int((self._tick_at - time.monotonic()) * 1000) + 1)
        return None

    def _obey(self, command: ToSearch) -> None:
        match command:
            case Stop(id=number):
                self._end(number)
            case Look(id=number):
                self._end(number)
                self._current = number
                with self._contained:
                    try:
                        self._tasks[number] = Task(command, self._tell)
                    except BadQuery as error:
                        self._tell(Stand(number, 0, 0, False, error.message))

    def _search_some(self) -> None:
        """A piece of each search, and a look around when it is time for one."""
        now = time.monotonic()
        is_tick = now >= self._tick_at
        if is_tick:
            self._tick_at = now + TICK_S
        for number, task in list(self._tasks.items()):
            self._current = number
            with self._contained:
                if task.is_busy:
                    task.step()
                elif is_tick:
                    task.look(now)

    def _end(self, number: int) -> None:
        task = self._tasks.pop(number, None)
        if task is not None:
            task.close()

    def _give_up(self, error: Exception) -> None:
        """A place that we were not made for ends its own search and no other."""
        self._end(self._current)
        self._tell(Stand(self._current, 0, 0, False, f"cannot be searched: {error!r}"))

    def _tell(self, message: FromSearch) -> None:
        view = memoryview(framed(message))
        while view:
            view = view[os.write(self._answers, view) :]
