"""What a service manager is told: ready, how it goes, alive, stopping. See sd_notify(3).

A datagram to the socket that NOTIFY_SOCKET names, a path or, with `@`, an abstract
one. Without that variable nothing is sent, and nothing here ever fails: a capture
does not end because nobody listens to how it is.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, MutableMapping

import anyio

STATUS_S = 3.0
"""How often the status line is told anew at most."""

_MAX_STATUS = 512


class Notifier:
    """Tells the service manager that started this process, if one did.

    Args:
        address: its socket as NOTIFY_SOCKET names it; empty when there is none.
        watchdog_s: it kills this process after so long without a word; 0 for never.
    """

    def __init__(self, address: str = "", *, watchdog_s: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = watchdog_s

    @classmethod
    def taken_from(cls, environ: MutableMapping[str, str]) -> Notifier:
        """The one that `environ` names; it is removed there, so that no child speaks for us."""
        address = environ.pop("NOTIFY_SOCKET", "")
        usec = environ.pop("WATCHDOG_USEC", "")
        pid = environ.pop("WATCHDOG_PID", "")
        is_ours = not pid or pid == str(os.getpid())
        watchdog_s = int(usec) / 1e6 if is_ours and usec.isascii() and usec.isdecimal() else 0.0
        return cls(address, watchdog_s=watchdog_s)

    @property
    def is_heard(self) -> bool:
        """Whether there is somebody to tell."""
        return bool(self._address)

    def ready(self) -> None:
        """The start is over."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """How it goes, in one line."""
        # A newline would begin another assignment.
        plain = "".join(c if " " <= c <= "~" else "?" for c in text[:_MAX_STATUS])
        self._send(f"STATUS={plain}")

    def alive(self) -> None:
        """The watchdog need not act."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    async def keep_telling(self, status: Callable[[], str]) -> None:
        """Tell what `status` says whenever it says something new, and feed the watchdog."""
        if not self._address:
            return
        every_s = min(STATUS_S, self.watchdog_s / 2) if self.watchdog_s else STATUS_S
        told, tell_at = "", 0.0
        while True:
            if self.watchdog_s:
                self.alive()
            if anyio.current_time() >= tell_at and (text := status()) != told:
                self.status(text)
                told, tell_at = text, anyio.current_time() + STATUS_S
            await anyio.sleep(every_s)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # ValueError: an address with a NUL inside, or of more than 107 bytes.
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker,
        ):
            # A manager that does not read is not waited for.
            speaker.setblocking(False)
            speaker.sendto(message.encode(), self._address)
