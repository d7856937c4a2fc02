"""Sandbox ids: what people may call a sandbox, and ids made from names found elsewhere.

An id becomes a folder's name and appears in messages, so it is plain ASCII.
"""

from __future__ import annotations

import re

from core.errors import InvalidSandboxId

MAX_ID_LENGTH = 128

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_OUTSIDE = re.compile(r"[^A-Za-z0-9_.-]")
_OUTSIDE_RUN = re.compile(r"[^A-Za-z0-9_.]+")

_QUOTED_LENGTH = 64
"""How much of a rejected id a message repeats."""

_SLUG_LENGTH = 64
"""How much of a name a slug keeps: it is for people, the digest tells names apart."""

_RULE = f"An id is up to {MAX_ID_LENGTH} of A-Z a-z 0-9 _ . - and begins with a letter or a digit."


def check_sandbox_id(text: str) -> str:
    """`text` itself, when it is a sandbox id.

    Raises:
        InvalidSandboxId: it is none; the message says which rule it breaks and holds
            no character that could do harm on a terminal.
    """
    if len(text) <= MAX_ID_LENGTH and _ID.fullmatch(text):
        return text
    raise InvalidSandboxId(f"{_quoted(text)} is not a sandbox id: {_broken_rule(text)}", hint=_RULE)


def slug(name: str) -> str:
    """A sandbox id for a `name` found elsewhere, always the same for the same name.

    What an id cannot hold becomes `-`; 8 hex digits of the name's SHA-256 follow.
    """
    import hashlib  # 10 ms, and only discovery needs it

    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    plain = _OUTSIDE_RUN.sub("-", name).lstrip("_.-")[:_SLUG_LENGTH].rstrip("_.-")
    return f"{plain or 'sandbox'}-{digest}"


def _broken_rule(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text) > MAX_ID_LENGTH:
        return f"it has {len(text)} characters"
    outside = _OUTSIDE.search(text)
    if outside is not None:
        return f"character {outside.start() + 1} is {_named(outside[0])}"
    return f"it begins with {_named(text[0])}"


def _named(character: str) -> str:
    code = f"U+{ord(character):04X}"
    return f"'{character}' ({code})" if "!" <= character <= "~" else code


def _quoted(text: str) -> str:
    """The beginning of `text` in quotation marks, with `?` for what is not plain ASCII."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in text[:_QUOTED_LENGTH])
    return f'"{plain}{"…" if len(text) > _QUOTED_LENGTH else ""}"'
