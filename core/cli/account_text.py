"""An account in print: a table for people, JSON lines for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from core.amounts import duration, iso, local, size
from core.console import safe_text
from core.recording import Account, Gap, Stretch

Field = str | int | float | bool | None

_HEADS = ("gen", "from", "to", "lasted")
_LEAST_WIDTH = 14
"""What the last column has even in the narrowest terminal."""

_LABEL_WIDTH = 10


class _Row(NamedTuple):
    cells: tuple[str, ...]
    word: str
    """`heard` or `GAP`."""
    rest: str


def table(
    account: Account, told: Iterable[str] = (), *, width: int, colours: bool
) -> Iterator[str]:
    """The account's lines for people, none wider than `width` where that can be.

    Args:
        account: whose.
        told: its alerts and marks in print.
        width: columns.
        colours: make gaps stand out by more than their word.
    """
    rows = [_row(stretch) for stretch in account.stretches]
    if rows:
        widths = [
            max(map(len, column)) for column in zip(_HEADS, *(r.cells for r in rows), strict=True)
        ]
        yield _cells(_HEADS, widths) + "  what"
        for row in rows:
            yield from _lines(row, widths, width, colours=colours)
        yield ""
    lines = list(told)
    if lines:
        yield from (*lines, "")
    for label, text in _totals(account):
        head = f"{label:{_LABEL_WIDTH}}"
        yield from textwrap.wrap(
            text, max(width, 40), initial_indent=head, subsequent_indent=" " * _LABEL_WIDTH
        )


def _row(stretch: Stretch) -> _Row:
    start, end = local(stretch.start), local(stretch.end)
    if start.date() == end.date():
        until = f"{end:%H:%M:%S}"
    elif start.year == end.year:
        until = f"{end:%m-%d %H:%M:%S}"
    else:
        until = f"{end:%Y-%m-%d %H:%M:%S}"
    cells = (
        str(stretch.generation or "-"),
        f"{start:%Y-%m-%d %H:%M:%S}",
        until,
        duration(stretch.seconds),
    )
    if stretch.gap is None:
        return _Row(cells, "heard", size(stretch.bytes))
    return _Row(cells, "GAP", _gap_text(stretch.gap))


def _gap_text(gap: Gap) -> str:
    text = str(gap.cause)
    if gap.lost_bytes is not None:
        text += f", {size(gap.lost_bytes)} lost"
    if gap.evidence:
        text += f": {safe_text(gap.evidence, limit=200)}"
    return text


def _cells(cells: tuple[str, ...], widths: list[int]) -> str:
    gen, start, end, lasted = cells
    return "  ".join(
        (
            f"{gen:>{widths[0]}}",
            f"{start:{widths[1]}}",
            f"{end:>{widths[2]}}",
            f"{lasted:>{widths[3]}}",
        )
    )


def _lines(row: _Row, widths: list[int], width: int, *, colours: bool) -> Iterator[str]:
    head = _cells(row.cells, widths) + "  "
    # "heard" is the longer word: what follows begins in one column.
    indent = len(head) + len("heard ")
    pieces = textwrap.wrap(row.rest, max(width - indent, _LEAST_WIDTH)) or [""]
    word = f"{row.word:5}"
    if colours and row.word == "GAP":
        word = f"\x1b[1;33m{word}\x1b[0m"
    yield f"{head}{word} {pieces[0]}".rstrip()
    for piece in pieces[1:]:
        yield " " * indent + piece


def _totals(account: Account) -> Iterator[tuple[str, str]]:
    missing = account.captured_bytes - account.disk_bytes
    kept = f"{size(account.disk_bytes)} still on disk" if missing else "all of it on disk"
    yield (
        "heard",
        f"{duration(account.heard_seconds)}; {size(account.captured_bytes)} captured, {kept}",
    )
    if account.dropped:
        dropped = sum(gap.lost_bytes or 0 for gap in account.dropped)
        times = "once" if len(account.dropped) == 1 else f"{len(account.dropped)} times"
        yield "dropped", f"{size(dropped)} by the quota, {times}"
    yield "gaps", _gaps(account)
    yield "alerts", str(account.alerts)
    yield "repairs", str(account.repairs)
    last = account.stretches[-1] if account.stretches else None
    if account.is_attached:
        yield "last", "attached, as far as the files tell"
    elif last is not None:
        since = last.end if last.gap is None else last.start
        yield "last", f"not attached since {local(since):%Y-%m-%d %H:%M:%S}"
    if account.skipped_lines:
        yield "skipped", f"{account.skipped_lines} lines of the ledgers, which are no entries"


def _gaps(account: Account) -> str:
    if not account.gaps:
        return "none"
    text = f"{len(account.gaps)}, {duration(account.gap_seconds)} in all"
    text += f"; {size(account.lost_bytes)} known to be lost"
    unknown = account.gaps_of_unknown_loss
    return text + (f", an unknown amount in {unknown}" if unknown else "")


def records(account: Account, told: Iterable[str] = ()) -> Iterator[str]:
    """The account's lines for programs: JSON, ASCII, one object each, the totals last.

    Args:
        account: whose.
        told: its alerts and marks in print; they stand before the totals.
    """
    for stretch in account.stretches:
        yield _line(_stretch_fields(stretch))
    for gap in account.dropped:
        yield _line(
            {
                "type": "dropped",
                **_times(gap.start, gap.end, gap.seconds),
                "bytes": gap.lost_bytes,
                "evidence": gap.evidence,
            }
        )
    yield from told
    yield _line(
        {
            "type": "totals",
            "generations": account.generations,
            "captured_bytes": account.captured_bytes,
            "disk_bytes": account.disk_bytes,
            "heard_seconds": round(account.heard_seconds, 6),
            "gaps": len(account.gaps),
            "gap_seconds": round(account.gap_seconds, 6),
            "lost_bytes": account.lost_bytes,
            "gaps_of_unknown_loss": account.gaps_of_unknown_loss,
            "alerts": account.alerts,
            "repairs": account.repairs,
            "skipped_lines": account.skipped_lines,
            "attached": account.is_attached,
        }
    )


def _stretch_fields(stretch: Stretch) -> dict[str, Field]:
    fields: dict[str, Field] = {
        "type": "heard" if stretch.gap is None else "gap",
        "generation": stretch.generation,
        **_times(stretch.start, stretch.end, stretch.seconds),
    }
    if stretch.gap is None:
        return {**fields, "first": stretch.first, "last": stretch.last, "bytes": stretch.bytes}
    gap = stretch.gap
    return {
        **fields,
        "offset": stretch.first,
        "cause": str(gap.cause),
        "evidence": gap.evidence,
        "lost_bytes": gap.lost_bytes,
        "entered": stretch.is_entered,
    }


def _times(start: float, end: float, seconds: float) -> dict[str, Field]:
    return {"from": iso(start), "to": iso(end), "seconds": round(seconds, 6)}


def _line(fields: dict[str, Field]) -> str:
    return json.dumps(fields, ensure_ascii=True)
