"""Capture's own log: whatever is in a field, it stays in that field."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from core.journal import JsonFormatter

CONTROLS = [
    *(chr(code) for code in range(0x20)),
    *(chr(code) for code in range(0x7F, 0xA0)),
    *"\u00ad\u200b\u200e\u2028\u2029\u202e\u2066\ufeff\U000e0041\udc80\ud800",
]
FIELDS = ("msg", "sandbox", "vmconsole", "logger")
FORGED = "\n2026-01-01 ERROR guestwatch: operator logged in as root"


def record_with(field: str, text: str) -> logging.LogRecord:
    name = text if field == "logger" else "guestwatch.console"
    message = text if field == "msg" else "reading guest console"
    record = logging.LogRecord(name, logging.INFO, "", 0, "%s", (message,), None)
    for extra in ("sandbox", "vmconsole"):
        if field == extra:
            setattr(record, extra, text)
    return record


@pytest.mark.parametrize("field", FIELDS)
def test_each_control_character_stays_in_its_field(field: str) -> None:
    for control in CONTROLS:
        text = f"a{control}b{FORGED}"
        line = JsonFormatter().format(record_with(field, text))
        assert line.isascii()
        assert line.isprintable()
        assert len(line.splitlines()) == 1
        assert json.loads(line)[field] == text


def test_a_trace_is_one_line_too() -> None:
    try:
        raise ValueError(f"\x1b[2J{FORGED}")
    except ValueError:
        record = record_with("msg", "failed")
        record.exc_info = sys.exc_info()
    line = JsonFormatter().format(record)
    assert line.isprintable()
    assert FORGED in json.loads(line)["trace"]


def test_the_usual_formatter_would_be_fooled() -> None:
    line = logging.Formatter("%(asctime)s %(message)s").format(record_with("msg", f"a{FORGED}"))
    assert len(line.splitlines()) == 2
