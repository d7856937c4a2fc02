"""What `guestwatch status` prints: as a table for people, as JSON for programs."""

from __future__ import annotations

import contextlib
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from core import wire
from core.amounts import duration, local, size
from core.capture.tally import count_gaps
from core.console import safe_text
from core.errors import RecordingError
from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts

_NAME_LENGTH = 40
_REASON_LENGTH = 240
_LABEL_WIDTH = 13
_LEAST_WIDTH = 36
"""What the words beside the table have; with less they stand below their row."""

_MAX_NAMES = 3
_NOTHING = "-"
_TAKEABLE = (ConsoleState.HELD, ConsoleState.NOT_WATCHED)
_COLOURS = {
    ConsoleState.FAILED: "31",
    ConsoleState.HELD: "33",
    ConsoleState.WAITING: "33",
    ConsoleState.NOT_WATCHED: "33",
}
_STARTED_BY = {
    "dashboard": "a dashboard",
    "record": "guestwatch record",
    "service": "a service manager",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a capture answered."""

    status: wire.Status
    sandboxes: tuple[SandboxFacts, ...]
    socket: str


def as_json(report: Report | None, recordings: Path) -> str:
    """One line of ASCII: no name in it can do anything to a terminal."""
    if report is None:
        return json.dumps({"running": False})
    told = {
        "running": True,
        "capture": msgspec.to_builtins(report.status),
        "socket": report.socket,
        "recordings": str(recordings),
        "disk_bytes": report.status.disk_bytes,
        "sandboxes": [
            {**msgspec.to_builtins(facts), "gaps": _gaps(facts)} for facts in report.sandboxes
        ],
    }
    return json.dumps(told, ensure_ascii=True)


def as_text(
    report: Report, recordings: Path, *, width: int | None, colours: bool, now: float
) -> Iterator[str]:
    """Lines that are safe for any terminal.

    Args:
        report: what capture answered.
        recordings: the folder of all recordings.
        width: columns; None keeps each sandbox on one line, however long.
        colours: make what should be seen to stand out by more than its words.
        now: seconds since the epoch.
    """
    for name, value in _heads(report, recordings):
        head = f"{name:<{_LABEL_WIDTH}}"
        yield from _wrapped(head, safe_text(value, limit=2000), width)
    if report.sandboxes:
        yield ""
        yield from _table(report.sandboxes, width, colours=colours, now=now)


def _heads(report: Report, recordings: Path) -> Iterator[tuple[str, str]]:
    status = report.status
    began = f"{local(status.since):%Y-%m-%d %H:%M:%S}"
    yield "capture", f"runs since {began}: process {status.pid}, guestwatch {status.version}"
    stays = "stays until it is told to end" if status.stays else "ends with its last viewer"
    yield "started by", f"{_STARTED_BY.get(status.started_by, status.started_by)}; {stays}"
    yield "viewers", str(status.viewers or "none")
    yield "socket", report.socket
    limit = status.settings.quota_total
    quota = f"of {size(limit)} allowed" if limit else "and no quota"
    yield "recordings", f"{size(status.disk_bytes)} {quota}, in {recordings}"
    behind = [facts for facts in report.sandboxes if facts.scan.lag_bytes]
    lag = size(sum(facts.scan.lag_bytes for facts in behind))
    names = ", ".join(facts.id for facts in behind[:_MAX_NAMES])
    more = ", …" if len(behind) > _MAX_NAMES else ""
    yield "scanner", f"{lag} behind: {names}{more}" if behind else "has read all"
    yield "descriptors", f"{status.descriptors} of {status.descriptor_limit}"
    for words in status.warnings:
        yield "warning", words


class _Row(NamedTuple):
    cells: tuple[str, ...]
    why: str
    console: ConsoleState | None = None
    has_alerts: bool = False


_HEAD = _Row(("SANDBOX", "CONSOLE", "BYTES", "RATE", "LAST BYTE", "GAPS", "ALERTS"), "")


def _table(
    sandboxes: Iterable[SandboxFacts], width: int | None, *, colours: bool, now: float
) -> Iterator[str]:
    rows = [_HEAD, *(_row(facts, now) for facts in sandboxes)]
    widths = [max(map(len, column)) for column in zip(*(row.cells for row in rows), strict=True)]
    used = sum(widths) + 2 * len(widths)
    is_beside = width is None or width - used >= _LEAST_WIDTH
    for row in rows:
        cells = "  ".join(_styled(row, widths) if colours else _padded(row.cells, widths))
        if not is_beside:
            yield cells.rstrip()
            if row.why:
                yield from _wrapped(" " * (widths[0] + 2), row.why, width)
        elif row is _HEAD or not row.why:
            yield cells.rstrip()
        else:
            first, *others = _wrapped(" " * used, row.why, width)
            yield f"{cells}  {first[used:]}"
            yield from others


def _row(facts: SandboxFacts, now: float) -> _Row:
    gaps, traffic = _gaps(facts), facts.traffic
    last = f"{duration(now - traffic.last_byte_at)} ago" if traffic.last_byte_at else _NOTHING
    cells = (
        safe_text(facts.id, limit=_NAME_LENGTH),
        str(facts.console.state),
        size(traffic.bytes) if traffic.bytes else _NOTHING,
        f"{size(round(traffic.bytes_per_s))}/s" if traffic.bytes_per_s >= 1 else _NOTHING,
        last,
        "?" if gaps is None else str(gaps or _NOTHING),
        str(facts.scan.alerts or _NOTHING),
    )
    return _Row(cells, _why(facts), facts.console.state, bool(facts.scan.alerts))


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if i < 2 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]


def _styled(row: _Row, widths: Sequence[int]) -> list[str]:
    cells = _padded(row.cells, widths)
    if row is _HEAD:
        return [f"\x1b[2m{cell}\x1b[0m" for cell in cells]
    if row.console in _COLOURS:
        cells[1] = f"\x1b[{_COLOURS[row.console]}m{cells[1]}\x1b[0m"
    if row.has_alerts:
        cells[-1] = f"\x1b[1;31m{cells[-1]}\x1b[0m"
    return cells


def _wrapped(head: str, text: str, width: int | None) -> list[str]:
    """`text` behind `head`, its further lines below its first."""
    if width is None:
        return [head + text]
    return textwrap.wrap(
        text,
        max(width, len(head) + _LEAST_WIDTH),
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_on_hyphens=False,
    ) or [head.rstrip()]


def _why(facts: SandboxFacts) -> str:
    """What should be known of a sandbox, the gravest first, in sentences."""
    console, proxy, last = facts.console, facts.proxy, facts.scan.last
    words = [f"{last.severity}: {last.title}"] if facts.scan.alerts and last else []
    words.append(facts.recording_trouble)
    if proxy.state is not ProxyState.RUNNING:
        words.append(f"proxy {proxy.state}")
    if proxy.reason != console.reason:
        words.append(proxy.reason)
    words += [console.reason, console.hint, console.note]
    if console.is_takeable and console.state in _TAKEABLE:
        words.append("T in the dashboard attaches it all the same")
    told = (safe_text(text, limit=_REASON_LENGTH).rstrip(".") for text in words if text)
    return ". ".join(told)


def _gaps(facts: SandboxFacts) -> int | None:
    """How many gaps the present generation's ledger tells of; None when it cannot be read."""
    if not facts.recordings or not facts.generation:
        return 0
    with contextlib.suppress(RecordingError):
        return count_gaps(Path(facts.recordings, facts.generation))
    return None
