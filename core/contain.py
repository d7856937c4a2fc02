"""Keeps a mistake of ours in one sandbox, or in one client, away from all the others.

The one place that catches whatever comes: capture holds every console of a host, and
must not end because of one of them. Whatever is caught is in its log, with its trace.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType

log = logging.getLogger("guestwatch.capture")


class Contained:
    """A block that no `Exception` leaves; `on_failure` is told of it instead.

    What ends a task (cancellation, an interrupt) passes through. Cheap enough for
    every read: a class, because a generator would cost four times as much.

    Args:
        what: names the block in the log.
        on_failure: puts a state in words in the place of what failed.
    """

    __slots__ = ("_on_failure", "_what")

    def __init__(self, what: str, on_failure: Callable[[Exception], None]) -> None:
        self._what = what
        self._on_failure = on_failure

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        caught: Exception | None = error if isinstance(error, Exception) else None
        rest: BaseException | None = None
        if isinstance(error, BaseExceptionGroup) and caught is None:
            caught, rest = error.split(Exception)
        if caught is None:
            return False
        log.error("%s failed unexpectedly: %r", self._what, caught, exc_info=caught)
        self._on_failure(caught)
        if rest is not None:
            raise rest
        return True
