"""The logger's side of a watched console: bytes to lines, a log record each.

Theory of operation. What arrives is split at "\\n", and each line becomes one debug
record, as Kata's runtime writes them. Three things Kata's own scanner gets wrong are
different here: a line that never ends comes in pieces of `MAX_LINE_BYTES` instead of
ending the watch, a line that stays unfinished for `QUIET_S` (a prompt) is logged as it
stands, and the end of the console is told.

Empty lines are not logged, as in Kata since 2.0: guests print many of them, and
they say nothing in a log.

Nothing is done, not even splitting, while the logger is not enabled for debug.
"""

from __future__ import annotations

import logging
import time

import anyio

from core.errors import ConsoleError
from core.proxy.quiet import QuietLogger
from core.proxy.url import split_console_url

MAX_LINE_BYTES = 64 * 1024
"""A longer line comes in pieces. Kata's scanner gives up for good at this length."""

QUIET_S = 1.0
"""An unfinished line is logged after this much silence."""

LINE_MESSAGE = "reading guest console"
END_MESSAGE = "console watcher quits"
FAILURE_MESSAGE = "Failed to read agent logs"
"""Kata's own words, though it is the console that failed."""

_MAX_URL_CHARS = 4096

_LONGEST_TAIL = 3
"""A UTF-8 character has at most this many bytes after its first."""


class LineLogger:
    """A console sink that logs every line; see the module's theory of operation.

    Args:
        logger: gets a debug record a line, with `sandbox`, `vmconsole`,
            `console_protocol` and `console_url` as attributes.
        sandbox: the sandbox's id.
        url: the console's.
        quiet_s: how long an unfinished line waits for its end.

    Attributes:
        has_ended: the console ended by itself or was closed.
    """

    def __init__(
        self, logger: QuietLogger, *, sandbox: str, url: str, quiet_s: float = QUIET_S
    ) -> None:
        self.has_ended = False
        protocol, socket = split_console_url(url)
        self._logger = logger
        self._protocol = _safe(protocol)
        self._socket = _safe(socket, limit=_MAX_URL_CHARS)
        self._extra = {
            "sandbox": sandbox,
            "console_protocol": self._protocol,
            "console_url": _safe(url, limit=_MAX_URL_CHARS),
        }
        self._quiet_s = quiet_s
        self._unfinished = bytearray()
        self._fed_at = 0.0
        self._wake = anyio.Event()

    def feed(self, data: bytes) -> None:
        """Log the lines that `data` completes."""
        if not self._logger.is_debug():
            self._unfinished.clear()
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            if self._unfinished:
                line = bytes(self._unfinished) + line
                self._unfinished.clear()
            self._log_line(line)
        self._unfinished += rest
        while len(self._unfinished) > MAX_LINE_BYTES:
            cut = _cut(self._unfinished)
            self._log_text(bytes(self._unfinished[:cut]))
            del self._unfinished[:cut]
        if self._unfinished:
            self._fed_at = time.monotonic()
            self._wake.set()

    def end(self, error: ConsoleError | None) -> None:
        """Log what was unfinished, then that the console ended, or why it failed."""
        if self.has_ended:
            return
        self.close()
        if error is None:
            self._logger.log(logging.INFO, END_MESSAGE, **self._extra)
            return
        why = _safe(str(error))
        self._logger.log(
            logging.ERROR,
            f"{FAILURE_MESSAGE}: {self._protocol} console {self._socket}: {why}",
            console_socket=self._socket,
            **self._extra,
        )

    def close(self) -> None:
        """Log what was unfinished; nothing more comes."""
        self.has_ended = True
        self._log_unfinished()
        self._wake.set()

    async def run(self) -> None:
        """Log unfinished lines once they have been quiet, until the console ends."""
        while not self.has_ended:
            await self._wake.wait()
            self._wake = anyio.Event()
            while self._unfinished:
                left = self._fed_at + self._quiet_s - time.monotonic()
                if left > 0:
                    await anyio.sleep(left)
                else:
                    self._log_unfinished()

    def _log_unfinished(self) -> None:
        line = bytes(self._unfinished)
        self._unfinished.clear()
        self._log_line(line)

    def _log_line(self, line: bytes) -> None:
        """Log a line without its "\\n", in as many pieces as it needs."""
        line = line.removesuffix(b"\r")
        while len(line) > MAX_LINE_BYTES:
            cut = _cut(line)
            self._log_text(line[:cut])
            line = line[cut:]
        if line:
            self._log_text(line)

    def _log_text(self, text: bytes) -> None:
        # Nothing is cut here: no byte is shown as more than one character.
        shown = _safe(text.decode("utf-8", "replace"), limit=MAX_LINE_BYTES)
        self._logger.log(logging.DEBUG, LINE_MESSAGE, vmconsole=shown, **self._extra)


def _safe(text: str, *, limit: int = 512) -> str:
    # Only a watched console with a debug logger needs the sanitiser.
    from core.console import safe_text

    return safe_text(text, limit=limit)


def _cut(line: bytes | bytearray) -> int:
    """Where the first piece of an overlong line ends: not inside a character."""
    for cut in range(MAX_LINE_BYTES, MAX_LINE_BYTES - _LONGEST_TAIL - 1, -1):
        if line[cut] & 0xC0 != 0x80:
            return cut
    return MAX_LINE_BYTES
