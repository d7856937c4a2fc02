"""A line of Kata's agent, which speaks JSON, as a person reads it.

The agent logs through slog: `{"msg":"…","level":"INFO","ts":"…","subsystem":"rpc",…}`, with
four-letter levels and a few fields that are the same in every line of one agent. Other
programs' JSON lines with the same two keys read as well. A line that is anything else
stays as it was.
"""

from __future__ import annotations

import json
import re

from core.console.model import Level, Role
from core.console.safe import safe_text

MAX_AGENT_CHARS = 8192
"""A longer line is not worth parsing: nobody could read it on one row either."""

LEVEL_WORDS = {
    "trce": Level.DEBUG,
    "trace": Level.DEBUG,
    "debg": Level.DEBUG,
    "debug": Level.DEBUG,
    "info": Level.INFO,
    "notice": Level.NOTICE,
    "warn": Level.WARNING,
    "warning": Level.WARNING,
    "erro": Level.ERR,
    "error": Level.ERR,
    "crit": Level.CRIT,
    "critical": Level.CRIT,
    "fatal": Level.CRIT,
    "panic": Level.EMERG,
}
"""What programs call a level, in small letters: slog's four-letter words, and other loggers'."""

_LEVEL = re.compile(r'"level"\s*:\s*"(\w{1,16})"')

_ALWAYS_ELSEWHERE = frozenset({"msg", "level", "ts"})
"""Shown in a place of their own: the two first words, and the date beside the line."""

_SAME_IN_EVERY_LINE = frozenset({"name", "pid", "source", "version"})
"""What the agent's root logger adds to each line."""

_THE_POINT = frozenset({"error", "err"})
"""Without these a message such as `read_stdout failed` says nothing."""

_GAP = "  "

Part = tuple[str, Role]


def agent_parts(text: str, *, fields: bool = False) -> list[Part] | None:
    """The parts of an agent's line, safe to show; None when the line is not one.

    Every part is made safe after the parsing: JSON can spell any character in ASCII.

    Args:
        text: a line.
        fields: show all further fields; without it they are counted, and only what went
            wrong is said.
    """
    if not text.startswith("{") or not text.endswith("}") or len(text) > MAX_AGENT_CHARS:
        return None
    try:
        parsed: object = json.loads(text)
        return _parts(parsed, has_fields=fields) if isinstance(parsed, dict) else None
    except (ValueError, RecursionError):
        return None


def agent_level(text: str) -> Level | None:
    """The level of an agent's line; None when it has none or is not one.

    Looks for the key and parses only where another object may hold it: inside a string each
    of its quotes would be escaped.
    """
    if '"msg"' not in text or len(text) > MAX_AGENT_CHARS:
        return None
    found = _LEVEL.findall(text)
    if len(found) > 1 or (found and text.find("{", 1) > 0):
        try:
            fields: object = json.loads(text)
        except (ValueError, RecursionError):
            return None
        level = fields.get("level") if isinstance(fields, dict) else None
        found = [level] if isinstance(level, str) else []
    return LEVEL_WORDS.get(found[0].lower()) if found else None


def _parts(fields: dict[str, object], *, has_fields: bool) -> list[Part] | None:
    message, level = fields.get("msg"), fields.get("level")
    if not isinstance(message, str) or not isinstance(level, str) or not level:
        return None
    hidden = _ALWAYS_ELSEWHERE
    if fields.get("name") == "kata-agent":
        hidden |= _SAME_IN_EVERY_LINE
    known = LEVEL_WORDS.get(level.lower())
    words = [(level, Role.TEXT if known is None else known.role)]
    subsystem = fields.get("subsystem")
    if isinstance(subsystem, str):
        words.append((subsystem, Role.SOURCE))
        hidden |= {"subsystem"}
    words.append((message, Role.TEXT))
    further = [key for key in fields if key not in hidden]
    shown = [key for key in further if has_fields or key in _THE_POINT]
    words += [(f"{_word(key)}={_value(fields[key])}", Role.FIELD) for key in shown]
    if count := len(further) - len(shown):
        words.append((f"+{count} field{'s' if count > 1 else ''}", Role.FIELD))
    return _spaced([(safe_text(word, limit=MAX_AGENT_CHARS), role) for word, role in words])


def _spaced(words: list[Part]) -> list[Part]:
    """The words with gaps: two spaces, but one between fields."""
    parts: list[Part] = []
    previous: Role | None = None
    for word, role in words:
        if not word:
            continue
        if previous is not None:
            is_among_fields = role is Role.FIELD and previous is Role.FIELD
            parts.append((" " if is_among_fields else _GAP, Role.TEXT))
        parts.append((word, role))
        previous = role
    return parts


def _value(value: object) -> str:
    return _word(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _word(text: str) -> str:
    """`text`, quoted when it could be taken for something else."""
    is_one_word = bool(text) and not any(char in ' ="' or not char.isprintable() for char in text)
    return text if is_one_word else json.dumps(text, ensure_ascii=False)
