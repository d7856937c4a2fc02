"""How grave a line is: what it says about that itself, and nothing guessed.

A level is told by syslog's number before a kernel line (`<4>[   12.345678] `, which is
facility * 8 + level), by `dmesg -x` (`kern  :warn  : `), by an agent's JSON or the log of a
Go program (`time="…" level=warning `), by systemd's status (`[FAILED] `), and by a word
that a message begins with where printk's own callers or a program's convention leave no
doubt (`Kernel panic - not syncing`, `WARNING: `, `ACPI Error: `). All other lines have none.
"""

from __future__ import annotations

import re

from core.console.agent import LEVEL_WORDS, agent_level
from core.console.model import Level, Role

BRACKETS = r"\[ {0,11}\d{1,11}\.\d{6}\](?:\[ {0,9}[TC]\d{1,10}\])?(?: |$)"
"""A kernel stamp, with who printed it under CONFIG_PRINTK_CALLER."""

DAY = r"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] "
"""A stamp of `dmesg -T`."""

NUMBER = r"<(?P<number>1[0-8]\d|19[01]|\d{1,2})>(?=\[)"
"""Syslog's number before a stamp; without one it could be anything."""

_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"),
    *("authpriv", "ftp", *(f"local{number}" for number in range(8))),
)
_NAMES = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")


def _padded(names: tuple[str, ...]) -> str:
    return "|".join(f"{name:<6}" for name in names)


DECODED = rf"(?P<facility>{_padded(_FACILITIES)}):(?P<level>{_padded(_NAMES)}): "
"""Facility and level in words, as `dmesg -x` pads them."""

PROCESS = r"(?:kernel: |[A-Za-z][\w@.()-]{0,31}\[\d{1,10}\]: )"
"""Who says the rest, where a syslog daemon or a program writes it."""

_LEAD = r"(?:(?:NMI )?watchdog: |rcu: |traps: )?(?:CPU\d{1,5}: )?"

_PANIC = r"Kernel panic - not syncing"
_CRASH = (
    r"BUG: |kernel BUG at |Oops\b|PANIC: |Internal error:"
    r"|Unable to handle kernel|unable to handle kernel"
    r"|general protection fault|double fault|divide error:|invalid opcode:"
    r"|Watchdog detected hard LOCKUP"
)
_HARM = (
    r"INFO: (?:rcu_\w{1,32} (?:self-)?detected |task \S{1,64} blocked for more than)"
    r"|Out of memory: |Memory cgroup out of memory: "
)
ALARM = f"{_LEAD}(?:{_PANIC}|{_CRASH}|{_HARM})"
"""How the first line of a crash, a lock-up or a kill for want of memory begins. Not
`---[ end Kernel panic`: that is the last line of one."""

# In RE2's syntax as well as in Python's: whole blocks are searched for them.
_SGR = r"(?:\x1b\[[\d;]{0,16}m)?"
_WORDS: tuple[tuple[Level, str], ...] = (
    (Level.EMERG, _PANIC),
    (Level.CRIT, rf"{_CRASH}|thread '[^']{{0,128}}' (?:\(\d{{1,10}}\) )?panicked at "),
    (
        Level.ERR,
        rf"{_HARM}|ERROR: |[Ee]rror: |FATAL: |[Ff]atal: |ACPI (?:BIOS )?Error(?: \(bug\))?: "
        r"|BTRFS(?:: | )(?:error|critical) |EXT[234]-fs error \("
        r"|Buffer I/O error on dev|(?:(?:blk_update_request|print_req_error|end_request): )?"
        r"(?:I/O error|critical \w{1,24} error), dev "
        rf"|\[{_SGR}(?:FAILED| TIME | ERROR){_SGR}\]",
    ),
    (
        Level.WARNING,
        r"WARNING: |[Ww]arning: |WARN: |ACPI (?:BIOS )?Warning(?: \(bug\))?: "
        r"|BTRFS(?:: | )warning |EXT[234]-fs warning \("
        rf"|\[{_SGR}(?:DEPEND|ASSERT|UNSUPP|WARN|WARNING){_SGR}\]",
    ),
    (Level.INFO, rf"\[{_SGR}(?:  OK  | INFO | SKIP ){_SGR}\]"),
)
_LEVELS = tuple(level for level, _ in _WORDS)

_HEAD = re.compile(rf"(?:{NUMBER}|{DECODED})?(?P<stamp>{BRACKETS}|{DAY})?{PROCESS}?")
_LATER_STAMP = re.compile(BRACKETS)
_WORD = re.compile(f"{_LEAD}(?:" + "|".join(f"({form})" for _, form in _WORDS) + ")")
_LOGGED = re.compile(r'time="[^"]{1,64}" level=([a-z]{1,8}) ')
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\))")


def level_of(data: bytes) -> Level | None:
    """How grave the line that begins with `data` is; None when it does not say. Never raises.

    Args:
        data: a row without its newline, not one that goes on with an earlier row's line.
    """
    # All that tells a level is ASCII, and this decoding is but a copy.
    text = data.decode("latin-1")
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    if "\r" in text:
        # What a progress display wrote before is written over.
        text = text.rstrip("\r")
        text = text[text.rfind("\r") + 1 :]
    return level_of_text(text)


def level_of_text(text: str) -> Level | None:
    """How grave a line is, of its text without escape sequences."""
    head = _HEAD.match(text)
    assert head is not None
    if head.end() == 0:
        if text.startswith("{"):
            return agent_level(text)
        if text.startswith("time="):
            logged = _LOGGED.match(text)
            return LEVEL_WORDS.get(logged[1]) if logged else None
    elif head["number"]:
        return Level(int(head["number"]) & 7)
    elif head["level"]:
        return level_named(head["level"])
    word = _WORD.match(text, head.end())
    if word is None and head["stamp"] is None:
        bracket = text.find("[", 1)
        later = _LATER_STAMP.search(text, bracket) if bracket > 0 else None
        word = later and _WORD.match(text, later.end())
    return None if word is None else _level_of_word(word)


def level_named(name: str) -> Level:
    """The level that `dmesg -x` calls `name`, padding included."""
    return Level(_NAMES.index(name.rstrip()))


def word_at(text: str, at: int) -> tuple[Role, int, int] | None:
    """The word at `at` that tells how grave a message is: its look, its begin and its end."""
    found = _WORD.match(text, at)
    if found is None:
        return None
    assert found.lastindex is not None
    start, stop = found.span(found.lastindex)
    level = _level_of_word(found)
    if text[start] == "[":
        return Role.OK if level is Level.INFO else level.role, start + 1, stop - 1
    return level.role, start, start + len(text[start:stop].rstrip(" ("))


def _level_of_word(found: re.Match[str]) -> Level:
    assert found.lastindex is not None
    return _LEVELS[found.lastindex - 1]


def candidates(level: Level) -> str:
    """RE2 for a first look at whole blocks: every line of `level` or a graver one has a match.

    Of lines whose words an escape sequence tears apart only systemd's status counts. A
    line that matches need not be that grave: ask `level_of`.
    """
    numbers = "|".join(str(number) for number in range(192) if number & 7 <= level)
    names = "|".join(f"{name:<6}" for name in _NAMES[: level + 1])
    words = "|".join(sorted(word for word, known in LEVEL_WORDS.items() if known <= level))
    return "|".join(
        [
            rf"<(?:{numbers})>\[",
            rf"[a-z\d] *:(?:{names}): ",
            rf"\"level\"\s*:\s*\"(?i:{words})\"",
            rf"\" level=(?:{words}) ",
            *(form for known, form in _WORDS if known <= level),
        ]
    )
