"""A trace as Markdown, to be pasted into a bug report."""

from __future__ import annotations

from datetime import UTC, datetime

from core.console import SafeStr, safe_text
from core.console.alerts.about import task_words
from core.reports.fence import code, fenced
from core.reports.trace import BESIDE_S, Said, TraceReport

_ROW_CHARS = 16384
"""A row is never longer: eight KiB of bytes, and a picture for each at most."""


def trace_markdown(report: TraceReport, version: str) -> str:
    """Everything the report holds, all of it safe to print.

    Args:
        report: as far as it was read.
        version: guestwatch's, so that a reader knows what counted the bytes.
    """
    alert, facts = report.alert, report.about
    where = code(safe_text(report.guest.name))
    if report.guest.family:
        where += f", {code(safe_text(report.guest.family))}"
    pairs = [
        ("what", safe_text(alert.title)),
        ("when", _when(alert.wall)),
        ("kernel", safe_text(facts.kernel)),
        ("process", safe_text(task_words(report.about))),
        ("place", safe_text(facts.place)),
        ("tainted", safe_text(facts.taint)),
        ("hardware", safe_text(facts.hardware)),
        ("recording", _place(report)),
        ("guestwatch", safe_text(version)),
    ]
    lines = [f"{code(safe_text(alert.kind))} in {where}", ""]
    lines += [f"- {label}: {code(value)}" for label, value in pairs if value]
    text = "\n".join(lines) + "\n\n"
    if report.trouble:
        return text + f"The trace is not here: {safe_text(report.trouble)}.\n"
    rows = [*report.before, *report.trace]
    shown = [dated(said) for said in rows]
    if report.is_cut:
        shown.append(safe_text("… and more lines of it"))
    shown += [dated(said) for said in report.after]
    text += fenced("\n".join(shown)) + "\n"
    if report.beside:
        text += f"\nWhat other guests printed within {BESIDE_S:g} s of it:\n"
    for each in report.beside:
        cut = [safe_text("… and more")] if each.is_cut else []
        shown = [*(dated(said) for said in each.rows), *cut]
        text += f"\n{code(safe_text(each.guest.name))}\n\n{fenced(chr(10).join(shown))}\n"
    return text


def dated(said: Said) -> SafeStr:
    """A row with the moment it came, UTC."""
    when = "" if said.wall is None else f"{datetime.fromtimestamp(said.wall, UTC):%H:%M:%S.%f}"[:12]
    return safe_text(f"{when:12}  {said.line.text}".rstrip(), limit=_ROW_CHARS)


def _place(report: TraceReport) -> SafeStr:
    alert = report.alert
    return safe_text(f"{alert.generation}, bytes {alert.start} to {alert.end}")


def _when(wall: float) -> SafeStr:
    return safe_text(f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%d %H:%M:%S.%f}"[:23] + " UTC")
