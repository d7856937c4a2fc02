"""The page that a report about guestwatch itself should hold. Pure.

No name of a sandbox, no text of a guest, no variable's value but a terminal's own names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.amounts import duration, size
from core.console import SafeStr, safe_text
from core.sandboxes.model import SandboxFacts
from core.wire import Status

_WIDTH = 12
MAX_CHARS = 200


class Latency(NamedTuple):
    """How late timers came, in seconds."""

    timers: int
    """How many were waited for."""
    worst: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """All that the page says."""

    versions: Mapping[str, str]
    terminal: Mapping[str, str]
    columns: int
    rows: int
    theme: str
    host: str
    has_colour: bool
    status: Status | None
    """What capture said of itself; None when there is none or it does not answer."""
    sandboxes: tuple[SandboxFacts, ...]
    panes: int
    """How many are in sight."""
    now: float
    """Seconds since the epoch, UTC."""
    latency: Latency


def lines(about: About, *, has_host: bool) -> list[SafeStr]:
    """The page, a fact a line.

    Args:
        about: what it says.
        has_host: name the host in full; otherwise only its first letter.
    """
    host = about.host if has_host else f"{about.host[:1]}…"
    facts = [*_program(about), ("host", host), *_screen(about), *_capture(about), *_guests(about)]
    return [safe_text(f"{name:<{_WIDTH}}{words}", limit=MAX_CHARS) for name, words in facts]


def _program(about: About) -> Iterator[tuple[str, str]]:
    known = dict(about.versions)
    for name in ("guestwatch", "python", "system"):
        yield name, known.pop(name, "?")
    yield "libraries", _listed(known.items())


def _screen(about: About) -> Iterator[tuple[str, str]]:
    yield "terminal", _listed(about.terminal.items()) or "says nothing of itself"
    colours = "" if about.has_colour else ", without colours"
    yield "screen", f"{about.columns} × {about.rows}, {about.panes} panes in sight{colours}"
    yield "theme", about.theme
    late = about.latency
    if late.timers:
        yield (
            "event loop",
            (
                f"{late.worst * 1000:.0f} ms late at worst, {late.mean * 1000:.1f} ms on average,"
                f" of {late.timers} timers"
            ),
        )


def _capture(about: About) -> Iterator[tuple[str, str]]:
    status = about.status
    if status is None:
        yield "capture", "none, or it does not answer"
        return
    since = duration(max(0.0, about.now - status.since))
    yield (
        "capture",
        (
            f"process {status.pid} for {since}, guestwatch {status.version},"
            f" protocol {status.protocol}, started by {status.started_by}"
        ),
    )
    yield "clients", f"{status.clients}, of them viewers {status.viewers}"
    yield "descriptors", f"{status.descriptors} of {status.descriptor_limit}"
    yield "recordings", f"{size(status.disk_bytes)} on disk"
    for words in status.warnings:
        yield "warning", words


def _guests(about: About) -> Iterator[tuple[str, str]]:
    facts = about.sandboxes
    yield "sandboxes", str(len(facts))
    for name, counted in (
        ("consoles", Counter(str(each.console.state) for each in facts)),
        ("proxies", Counter(str(each.proxy.state) for each in facts)),
        ("transports", Counter(_scheme(each.spec.console) for each in facts)),
    ):
        if counted:
            yield name, ", ".join(f"{count} {what}" for what, count in sorted(counted.items()))
    troubled = sum(bool(each.recording_trouble) for each in facts)
    if troubled:
        yield "trouble", f"{troubled} recordings are not whole"
    rate = sum(each.traffic.bytes_per_s for each in facts)
    lag = sum(each.scan.lag_bytes for each in facts)
    yield "traffic", f"{size(int(rate))}/s now; the scanner is {size(lag)} behind"


def _scheme(console: str) -> str:
    scheme, colon, _ = console.partition(":")
    return scheme if colon and scheme.isalpha() else "path"


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)
