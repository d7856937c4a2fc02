"""What a line says, out of all that may stand before and around it.

A kernel's message comes bare, behind `[   12.345678] `, with `[   T12]` or `[    C1]`
behind that (CONFIG_PRINTK_CALLER) and `<4>` before it, as a syslog line, as `dmesg -T`
prints it, in colours, behind a prompt that waits for somebody to type, or wrapped in
the log of a Kata shim or proxy (`vmconsole="…"`).
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

MAX_LINE_BYTES = 8192
"""How much of a line is looked at."""

_ESCAPES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[()#][0-9A-Z]|[0-Z\\^-~])"
_ESCAPE = re.compile(_ESCAPES)
_ESCAPE_BYTES = re.compile(_ESCAPES.encode())

_STAMP = r"\[ {0,11}\d{1,11}\.\d{6}\](?:\[ {0,9}(?P<caller>[TC]\d{1,10})\])? ?"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"
_SYSLOG = r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ][\d:.,+Z-]{8,24}) \S{1,64} "
_PREFIX = re.compile(
    rf"(?:<\d{{1,3}}>)?(?:{_SYSLOG}(?=kernel: |systemd\[))?(?P<kernel>kernel: ?)?"
    rf"(?:{_STAMP}|\[{_DAY}\] )?"
)
_LATER_STAMP = re.compile(r"(?<![\"'`\\])" + _STAMP)

_WRAPPED = re.compile(r'\bvmconsole(?:=|"\s*:\s*)("(?:[^"\\]|\\.)*")')


class Message(NamedTuple):
    """A line without what is not its own."""

    text: str
    caller: str
    """Which task or CPU printed it, `T12` or `C1`; empty when the kernel does not say."""
    is_stamped: bool
    """Whether it is certain that the kernel printed it."""


def plain(data: bytes) -> bytes:
    """Bytes without escape sequences and carriage returns; each newline stays."""
    if b"\r" in data:
        data = data.replace(b"\r", b"")
    return _ESCAPE_BYTES.sub(b"", data) if b"\x1b" in data else data


def message_of(line: bytes) -> Message:
    """What `line` says. Never raises; linear in its length."""
    text = line.decode("utf-8", "replace")
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    text = text.strip("\r\0")
    # What a progress display wrote before is written over.
    text = text[text.rfind("\r") + 1 :]
    if "vmconsole" in text:
        text = _unwrapped(text)
    prefix = _PREFIX.match(text)
    assert prefix is not None
    if prefix.end() == 0 or (prefix.end() <= 5 and text[0] == "<"):
        bracket = text.find("[", 1)
        later = _LATER_STAMP.search(text, bracket) if bracket > 0 else None
        if later is not None:
            prefix = later
    is_stamped = text[: prefix.end()].rstrip().endswith("]") or "kernel:" in prefix[0]
    return Message(text[prefix.end() :], prefix["caller"] or "", is_stamped)


def _unwrapped(text: str) -> str:
    wrapped = _WRAPPED.search(text)
    if wrapped is None:
        return text
    try:
        inner: object = json.loads(wrapped[1], strict=False)
    except ValueError:
        # Go quotes \x1b where JSON has \u001b.
        inner = wrapped[1][1:-1]
    inner = _ESCAPE.sub("", str(inner)).rstrip("\r\n")
    return inner.rpartition("\n")[2].replace("\\x1b", "\x1b")
