"""What an alert is, and what kinds there are."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from core.settings import Severity

MAX_TITLE_CHARS = 256


class Kind(enum.StrEnum):
    """What guestwatch knows by itself, the gravest first."""

    PANIC = "panic"
    OOPS = "oops"
    BUG = "bug"
    HARD_LOCKUP = "hard-lockup"
    SOFT_LOCKUP = "soft-lockup"
    SANITIZER = "sanitizer"
    """KASAN, KCSAN, KMSAN, KFENCE, UBSAN."""
    RCU_STALL = "rcu-stall"
    HUNG_TASK = "hung-task"
    OOM = "oom-kill"
    WARNING = "warning"
    AGENT = "agent-exit"
    """Kata's agent, or another program in Rust, panicked or ended."""
    SHELL = "emergency-shell"
    FILESYSTEM = "filesystem"
    """A file system or the disk below it reports errors."""
    LOGIN = "login"


_CRITICAL = frozenset(
    {
        Kind.PANIC,
        Kind.OOPS,
        Kind.BUG,
        Kind.HARD_LOCKUP,
        Kind.SOFT_LOCKUP,
        Kind.AGENT,
        Kind.SHELL,
    }
)


def severity_of(kind: Kind) -> Severity:
    """How much an alert of this kind matters."""
    if kind is Kind.LOGIN:
        return Severity.NOTE
    return Severity.CRITICAL if kind in _CRITICAL else Severity.WARNING


GRAVITY = {kind: rank for rank, kind in enumerate(Kind)}
"""The lower, the graver."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing worth alarm: a line, or a trace of many lines."""

    kind: str
    """A `Kind`, or the name of a user's pattern."""
    title: str
    """The line that says it, without stamp and escape sequences. The guest's: hostile."""
    severity: Severity
    start: int
    """The offset of its first line."""
    end: int
    """The offset behind its last line, newline included."""
    lines: int = 1
    """How many lines are its own; others may lie between them."""
