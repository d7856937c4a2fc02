"""A logger that cannot harm whoever logs to it."""

from __future__ import annotations

import contextlib
import logging

_log = logging.getLogger("guestwatch.proxy")


class QuietLogger:
    """Passes records on to `logger` and outlives whatever its filters and handlers raise.

    The logger belongs to somebody else, and a guest decides what is logged and when:
    a failure to log must not end the watch of a console.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._has_failed = False

    def is_debug(self) -> bool:
        """Whether a debug record would go anywhere."""
        try:
            return self._logger.isEnabledFor(logging.DEBUG)
        except Exception as error:
            self._note(error)
            return False

    def log(self, level: int, message: str, **extra: object) -> None:
        """Log `message` as it stands, with `extra` as the record's attributes. Never raises."""
        try:
            self._logger.log(level, message, extra=extra)
        except Exception as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        """Say once, elsewhere, that this logger fails."""
        if self._has_failed:
            return
        self._has_failed = True
        with contextlib.suppress(Exception):
            _log.warning("logger %s fails: %r", self._logger.name, error)
