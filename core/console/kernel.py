"""What a line of the kernel's log, or of systemd's at boot, is made of.

The forms are those of printk: `[   12.345678] `, with `[   T123]` or `[    C1]` behind it
when CONFIG_PRINTK_CALLER is set, a number such as `<4>` before it where the log is copied
raw, and facility and level in words as `dmesg -x` writes them. Behind that may stand who
says it (`usb 1-1: `, `systemd[1]: `) and a word that tells how grave it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.console.level import (
    ALARM,
    BRACKETS,
    DAY,
    DECODED,
    NUMBER,
    PROCESS,
    level_named,
    word_at,
)
from core.console.model import PLAIN, Level, Role, Run

_PREFIX = re.compile(f"(?:{NUMBER}|{DECODED})")
_STAMP = re.compile(f"{BRACKETS}|{DAY}")
_LATER_STAMP = re.compile(BRACKETS)
_ALARM = re.compile(ALARM)
_PROCESS = re.compile(PROCESS)

# `usb 1-1: `, `pci 0000:00:1f.0: `, `EXT4-fs (vda1): `, `random: `; no register of a crash.
_SUBSYSTEM = re.compile(
    r"(?!(?:CPU|Code|R[A-Z0-9]{2}|[CD]R\d|[C-G]S|EFLAGS|PKRU|Comm|PID): )"
    r"[A-Za-z][\w./@+-]{0,31}"
    r"(?: (?:\([\w:.-]{1,32}\)|(?=[^\s\d]{0,16}\d)[\w:.-]{1,32})){0,2}: "
)


# Making a Run costs as much as finding it, and most lines need one of a few.
@lru_cache(maxsize=2048)
def _run(length: int, role: Role = Role.TEXT) -> Run:
    return Run(length, PLAIN, role)


def kernel_runs(text: str) -> tuple[Run, ...]:
    """Runs that cover a line of safe text and say what it is made of; none for an empty one.

    A stamp is looked for in the whole line, not just at its begin: what the kernel says
    comes behind a prompt that waits for somebody to type.
    """
    at, level = 0, None
    runs: list[Run] = []
    prefix = _PREFIX.match(text) if text[:1] == "<" or ":" in text[:9] else None
    if prefix is not None:
        level, said = _prefix_runs(prefix)
        runs += said
        at = prefix.end()
    stamp = _STAMP.match(text, at)
    if stamp is None and prefix is None:
        bracket = text.find("[", 1)
        stamp = _LATER_STAMP.search(text, bracket) if bracket > 0 else None
    if stamp is not None:
        if stamp.start() > at:
            runs.append(_run(stamp.start() - at))
        runs.append(_run(stamp.end() - stamp.start(), Role.STAMP))
        at = stamp.end()
    is_kernel = bool(runs)
    return (*runs, *_message_runs(text, at, level, is_kernel=is_kernel))


def _prefix_runs(prefix: re.Match[str]) -> tuple[Level, list[Run]]:
    """The level that stands before a line, and how it looks."""
    if prefix["facility"]:
        level = level_named(prefix["level"])
        facility, word = len(prefix["facility"]), len(prefix["level"])
        look = [_run(facility, Role.SOURCE), _run(1), _run(word, level.role), _run(2)]
        return level, look
    level = Level(int(prefix["number"]) & 7)
    return level, [_run(prefix.end(), level.role)]


def _message_runs(text: str, at: int, level: Level | None, *, is_kernel: bool) -> list[Run]:
    """What is said from `at` on: who says it, how grave it is, and the rest."""
    if at >= len(text):
        return []
    if _ALARM.match(text, at):
        return [_run(len(text) - at, Role.ALARM)]
    runs: list[Run] = []
    source = _PROCESS.match(text, at)
    begin = at if source is None else source.end()
    word = word_at(text, begin)
    if word is None and source is None and is_kernel:
        source = _SUBSYSTEM.match(text, at)
    if source is not None:
        runs += [_run(source.end() - at - 1, Role.SOURCE), _run(1)]
        at = source.end()
    if word is not None:
        look, start, stop = word
        if start > at:
            runs.append(_run(start - at))
        runs.append(_run(stop - start, look))
        at = stop
    if at < len(text):
        role = Role.TEXT if level is None or level > Level.WARNING else level.role
        runs.append(_run(len(text) - at, role))
    return runs
