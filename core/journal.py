"""Capture's own log: one line of ASCII JSON an event, whatever a guest put in it."""

from __future__ import annotations

import json
import logging
import os
import time

_EXTRAS = ("sandbox", "vmconsole")
"""What a console line carries beside its message."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one physical line that holds no control character."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        facts: dict[str, object] = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        for name in _EXTRAS:
            if hasattr(record, name):
                facts[name] = getattr(record, name)
        if record.exc_info:
            facts["trace"] = self.formatException(record.exc_info)
        return json.dumps(facts, ensure_ascii=True, default=str)


def start_journal() -> None:
    """Send guestwatch's log to stderr: at info, or the level that GUESTWATCH_LOG names."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger("guestwatch")
    root.addHandler(handler)
    root.propagate = False
    level = os.environ.get("GUESTWATCH_LOG", "info").upper()
    root.setLevel(level if level in logging.getLevelNamesMapping() else logging.INFO)
