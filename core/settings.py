"""What a person may set that concerns capture as a whole: how much it keeps, what it warns of.

Travels from the config to capture, over the control socket as it stands here.
"""

from __future__ import annotations

import enum

import msgspec

QUOTA_CONSOLE_BYTES = 256_000_000
QUOTA_TOTAL_BYTES = 8_000_000_000
SMALLEST_QUOTA_BYTES = 1_000_000
"""Below this not even the newest lines of a boot would be kept."""


class Auto(enum.StrEnum):
    """Which consoles are attached to without asking."""

    OFF = "off"
    """None: each waits for a person's yes."""
    SAFE = "safe"
    """Those where it harms nobody."""
    ALL = "all"
    """All of them, also where that throws another client off."""


class Severity(enum.StrEnum):
    """How much an alert matters."""

    CRITICAL = "critical"
    """The guest is dead or dying."""
    WARNING = "warning"
    """Something broke; the guest goes on."""
    NOTE = "note"
    """A milestone, such as a login prompt."""


class AlertPattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user's own alert: a line that matches raises it."""

    name: str
    pattern: str
    """An RE2 expression, searched in each line."""
    severity: Severity = Severity.WARNING


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What capture is told by whoever starts or joins it; who joins last decides."""

    quota_console: int = QUOTA_CONSOLE_BYTES
    """Bytes each sandbox's recordings may take on disk; 0 is no limit."""
    quota_total: int = QUOTA_TOTAL_BYTES
    """Bytes all recordings may take on disk; 0 is no limit."""
    alerts: tuple[AlertPattern, ...] = ()
