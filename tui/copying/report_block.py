"""A guest's lines as a block for a bug report: where they are from, and a fence around them."""

from __future__ import annotations

from dataclasses import dataclass

from core import __version__
from core.console import Position, SafeStr
from core.recording.layout import utc
from core.reports import code, fenced
from tui.copying.clipboard import MAX_BYTES
from tui.copying.taking import Taken

HEAD_BYTES = 2_000
"""What the lines above and below the text never take more than."""

TEXT_BYTES = (MAX_BYTES - HEAD_BYTES, (MAX_BYTES - HEAD_BYTES) // 3)
"""The most text of a guest's in one block, so that with its heading it may be copied; and the
most that may whatever it is: of backticks alone, each fence is as long as the text."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where some lines are from."""

    name: SafeStr
    family: SafeStr
    first: Position
    """Their first byte."""
    end: Position
    """Behind their last one."""
    began: float | None
    """When the first one arrived: seconds since the epoch, UTC; None when no record says."""
    ended: float | None
    """When the last one did."""


def block(origin: Origin, taken: Taken) -> str:
    """Markdown that says where the text is from, and shows it as it stands."""
    lines = [
        f"{code(origin.name)} ({code(origin.family or 'console')}), {_generations(origin)}",
        f"{_moment(origin.began)} to {_moment(origin.ended)}, {_offsets(origin)},"
        f" guestwatch {__version__}",
        "",
        fenced(taken.text),
    ]
    if taken.is_cut:
        lines += ["", f"Cut: these are the first {taken.lines:,} lines of more."]
    return "\n".join(lines) + "\n"


def _generations(origin: Origin) -> str:
    if origin.first.generation == origin.end.generation:
        return f"generation {origin.first.generation}"
    return f"generations {origin.first.generation} to {origin.end.generation}"


def _offsets(origin: Origin) -> str:
    if origin.first.generation == origin.end.generation:
        return f"bytes {origin.first.offset} to {origin.end.offset}"
    return f"from byte {origin.first.offset} to byte {origin.end.offset} of the last"


def _moment(wall: float | None) -> str:
    if wall is None:
        return "unknown time"
    return utc(wall).isoformat(timespec="milliseconds")[:23] + "Z"
