"""From a moment to the bytes that came then: the way back from what a clock says."""

from __future__ import annotations

from collections.abc import Callable, Generator


def looks_for(
    when: Callable[[int], float | None], start: int, end: int, moment: float
) -> Generator[int, None, int]:
    """The way to what `offset_at` finds, a look a step, for whoever has to rest in between.

    Yields how many bytes it still lies among.
    """
    low, high = start, end
    while low < high:
        middle = (low + high) // 2
        came = when(middle)
        if came is not None and came < moment:
            low = middle + 1
        else:
            high = middle
        yield high - low
    return low


def offset_at(when: Callable[[int], float | None], start: int, end: int, moment: float) -> int:
    """The first offset whose byte came at `moment` or later; `end` when none did.

    Halves what is left at each step: a day's recording takes some thirty looks. Where the
    wall clock was set back meanwhile, it is one of the places that fit.

    Args:
        when: when the byte at an offset came, in seconds on the clock of `moment`, such as
            `RecordingClock.elapsed`; None when no record says so. Undated bytes are taken for
            later ones: the newest wait for their record.
        start: the first offset that can be read.
        end: the offset behind the last byte.
        moment: seconds.
    """
    looks = looks_for(when, start, end, moment)
    while True:
        try:
            next(looks)
        except StopIteration as found:
            return int(found.value)
