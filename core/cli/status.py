"""What `guestwatch status` prints: as a table for people, as JSON for programs."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core import wire
from core.capture.tally import count_gaps
from core.console import SafeStr, safe_text
from core.errors import RecordingError
from core.sandboxes.model import SandboxFacts

_NAME_LENGTH = 40
_REASON_LENGTH = 120
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


def as_text(report: Report, recordings: Path) -> Iterator[SafeStr]:
    """Lines that are safe for any terminal."""
    for name, value in _heads(report, recordings):
        yield safe_text(f"{name:<12}{value}", limit=2000)
    if report.sandboxes:
        yield safe_text("")
        yield from _table(report.sandboxes)


def _heads(report: Report, recordings: Path) -> Iterator[tuple[str, str]]:
    status = report.status
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.since))
    yield "capture", f"runs: process {status.pid}, guestwatch {status.version}, since {began}"
    stays = "stays until it is told to end" if status.stays else "ends with its last viewer"
    yield "started by", f"{_STARTED_BY.get(status.started_by, status.started_by)}; {stays}"
    yield "viewers", f"{status.viewers}"
    yield "socket", report.socket
    limit = status.settings.quota_total
    quota = f"{size_text(limit)} allowed" if limit else "no quota"
    yield "recordings", f"{recordings}: {size_text(status.disk_bytes)}, {quota}"
    lag = sum(facts.scan.lag_bytes for facts in report.sandboxes)
    yield "scanner", f"{size_text(lag)} behind" if lag else "has read all"
    yield "descriptors", f"{status.descriptors} of {status.descriptor_limit}"
    for words in status.warnings:
        yield "warning", words


def _table(sandboxes: Iterable[SandboxFacts]) -> Iterator[SafeStr]:
    rows: list[tuple[str, ...]] = [
        ("SANDBOX", "PROXY", "CONSOLE", "BYTES", "RATE", "GAPS", "ALERTS", "LAG", "WHY")
    ]
    for facts in sandboxes:
        gaps = _gaps(facts)
        rows.append(
            (
                safe_text(facts.id, limit=_NAME_LENGTH),
                str(facts.proxy.state),
                str(facts.console.state),
                size_text(facts.traffic.bytes),
                f"{size_text(facts.traffic.bytes_per_s)}/s",
                "?" if gaps is None else str(gaps),
                str(facts.scan.alerts),
                size_text(facts.scan.lag_bytes),
                _why(facts),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield safe_text(_aligned(row, widths), limit=2000)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if 3 <= i <= 7 else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _why(facts: SandboxFacts) -> str:
    words = [facts.console.reason, facts.console.hint, facts.recording_trouble]
    if facts.proxy.reason != facts.console.reason:
        words.insert(0, facts.proxy.reason)
    return safe_text("; ".join(filter(None, words)), limit=_REASON_LENGTH)


def _gaps(facts: SandboxFacts) -> int | None:
    """How many gaps the present generation's ledger tells of; None when it cannot be read."""
    if not facts.recordings or not facts.generation:
        return 0
    with contextlib.suppress(RecordingError):
        return count_gaps(Path(facts.recordings, facts.generation))
    return None


def size_text(size: float) -> str:
    """A number of bytes as people read it, in powers of 1,000 as the quota is."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
