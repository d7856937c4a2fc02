"""Telnet as QEMU speaks it, bug for bug (chardev/char-socket.c)."""

from __future__ import annotations

IAC = 0xFF
BREAK = 0xF3

GREETING = bytes.fromhex("fffb01 fffb03 fffb00 fffd00")
"""WILL ECHO, WILL SUPPRESS GO AHEAD, WILL BINARY, DO BINARY: what each client gets first."""


class Telnet:
    """What a client sends, without the telnet in it.

    QEMU takes every command for three bytes long, except BREAK and a doubled IAC: a
    two-byte command such as NOP swallows the byte after it. What the guest prints is
    not escaped at all.
    """

    def __init__(self) -> None:
        self._at = 1

    def feed(self, data: bytes) -> tuple[bytes, int]:
        """What was typed, and how many breaks were sent."""
        typed, breaks = bytearray(), 0
        for byte in data:
            if self._at == 1:
                if byte == IAC:
                    self._at = 2
                else:
                    typed.append(byte)
                continue
            if self._at == 2 and byte == IAC:
                typed.append(byte)
                self._at = 1
                continue
            if self._at == 2 and byte == BREAK:
                breaks += 1
                self._at += 1
            self._at += 1
            if self._at >= 4:
                self._at = 1
        return bytes(typed), breaks
