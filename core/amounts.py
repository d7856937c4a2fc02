"""Amounts and moments in the words that people read."""

from __future__ import annotations

from datetime import datetime

from core.recording.layout import utc

_LATEST_S = 253_370_764_800.0
"""The year 9999 begins; in its last hours some time zones have none left."""


def size(count: int) -> str:
    """Bytes with at most three digits, in decimal units: `1.2 MB`."""
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        amount /= 1000
        if amount < 9.95:
            return f"{amount:.1f} {unit}"
        if amount < 999.5 or unit == "PB":
            return f"{amount:.0f} {unit}"
    raise AssertionError


def duration(seconds: float) -> str:
    """Seconds in the units that matter: `40 ms`, `0.3 s`, `3 m 07 s`, `2 d 04 h`."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.0005 else "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} m"
    return f"{whole // 86_400} d {whole % 86_400 // 3600:02} h"


def local(wall: float) -> datetime:
    """A moment in this machine's time zone, whatever a recording claims."""
    return utc(min(wall, _LATEST_S)).astimezone()


def iso(wall: float) -> str:
    """A moment for programs: UTC, to the microsecond."""
    return utc(wall).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
