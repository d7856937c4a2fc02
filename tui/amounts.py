"""Numbers as a person reads them at a glance."""

from __future__ import annotations

from core.console import SafeStr, safe_text


def size(count: float) -> SafeStr:
    """Bytes in decimal units with two or three digits: `812 B`, `1.2 kB`, `48 MB`."""
    return safe_text(_scaled(count, (" B", " kB", " MB", " GB", " TB")))


def rate(bytes_per_s: float) -> SafeStr:
    """A rate such as `1.2 kB/s`; empty when nothing comes."""
    if bytes_per_s < 1:
        return safe_text("")
    return safe_text(f"{size(bytes_per_s)}/s")


def short_rate(bytes_per_s: float) -> SafeStr:
    """A rate in five columns at most: `812`, `1.2k`; empty when nothing comes."""
    if bytes_per_s < 1:
        return safe_text("")
    return safe_text(_scaled(bytes_per_s, ("", "k", "M", "G", "T")))


def unseen(lines: int) -> SafeStr:
    """Lines nobody saw yet, such as `+1,204` or `+35k`; empty when there are none."""
    if lines <= 0:
        return safe_text("")
    return safe_text(f"+{lines:,}" if lines < 10_000 else f"+{_scaled(lines, ('', 'k', 'M', 'G'))}")


def _scaled(count: float, units: tuple[str, ...]) -> str:
    for unit in units[:-1]:
        # What would be rounded to 1000 belongs to the next unit.
        if count < 999.5:
            is_whole = unit == units[0] or count >= 9.95
            return f"{count:.0f}{unit}" if is_whole else f"{count:.1f}{unit}"
        count /= 1000
    return f"{count:.0f}{units[-1]}"
