"""Telnet's commands taken out of a stream of guest bytes.

Theory of operation. By RFC 854 a byte 255 (IAC) begins a command, and a 255 that is
data is doubled. QEMU's telnet server does neither for the guest: it opens with one
fixed negotiation and from then on sends the guest's bytes as they are. (QEMU 7.2: a
guest that printed `A ff B ff ff C ff fb 01 D ff E` was sent so.) Read by the RFC,
such a guest's bytes would be eaten; so whoever opens as QEMU does is taken at its
word, and nothing behind that is touched.

Any other server is read by the RFC, with two things kept that it does not foresee: IAC
before a byte that is no command, and a subnegotiation without an end, are a guest's
bytes that were not doubled.

Bytes are given out as soon as it is known that they are the guest's, however the
stream is cut. Line ends (CR NUL) are left as they come.

Sources: RFC 854, RFC 855; QEMU's chardev/char-socket.c (tcp_chr_telnet_init).
"""

from __future__ import annotations

QEMU_OPENING = bytes.fromhex("fffb01 fffb03 fffb00 fffd00")
"""WILL ECHO, WILL SUPPRESS-GO-AHEAD, WILL BINARY, DO BINARY."""

MAX_SUBNEGOTIATION_BYTES = 256
"""Of one command; terminal types and window sizes take a tenth of it."""

_IAC = 255
_OPTION_COMMANDS = range(251, 255)
"""WILL, WONT, DO, DONT: one byte more, the option."""
_SB = 250
_SE = 240
_FIRST_COMMAND = 240


class TelnetDecoder:
    """Takes what a telnet server sends, gives what the guest printed.

    Attributes:
        has_negotiated: whether a command was taken out: the server speaks to us.
    """

    def __init__(self) -> None:
        self.has_negotiated = False
        self._is_opening = True
        self._is_verbatim = False
        self._held = b""

    @property
    def held(self) -> int:
        """How many bytes wait for what comes behind them."""
        return len(self._held)

    def decode(self, data: bytes) -> bytes:
        """The guest's bytes that are known by now; what is not yet clear is held."""
        if self._is_verbatim:
            return data
        data, self._held = self._held + data, b""
        if self._is_opening:
            size = min(len(data), len(QEMU_OPENING))
            if data[:size] == QEMU_OPENING[:size]:
                if size < len(QEMU_OPENING):
                    self._held = data
                    return b""
                self.has_negotiated = self._is_verbatim = True
                return data[size:]
            self._is_opening = False
        return self._by_the_rfc(data)

    def finish(self) -> bytes:
        """At the end of the stream: what is held and no command."""
        held, self._held = self._held, b""
        if self._is_opening and not self._is_verbatim:
            self._is_opening = False
            held = self._by_the_rfc(held) + self._held
            self._held = b""
        # Half a negotiation is a server's; a lone IAC and an endless command a guest's.
        return b"" if len(held) == 2 and held[1] in _OPTION_COMMANDS else held

    def _by_the_rfc(self, data: bytes) -> bytes:
        pieces = []
        at = 0
        while (found := data.find(_IAC, at)) >= 0:
            pieces.append(data[at:found])
            command = _command_at(data, found)
            if command is None:
                self._held = data[found:]
                return b"".join(pieces)
            at, kept = command
            self.has_negotiated = self.has_negotiated or not kept
            pieces.append(kept)
        pieces.append(data[at:])
        return b"".join(pieces)


def _command_at(data: bytes, at: int) -> tuple[int, bytes] | None:
    """Where what begins with the IAC `at` ends, and what of it was printed by the guest.

    None while its end is not there yet.
    """
    if at + 1 >= len(data):
        return None
    command = data[at + 1]
    if command == _SB:
        return _subnegotiation_at(data, at)
    end = at + (3 if command in _OPTION_COMMANDS else 2)
    if end > len(data):
        return None
    if command == _IAC:
        return end, data[at + 1 : end]
    return end, data[at:end] if command < _FIRST_COMMAND else b""


def _subnegotiation_at(data: bytes, at: int) -> tuple[int, bytes] | None:
    limit = at + MAX_SUBNEGOTIATION_BYTES
    inner = at + 2
    while (inner := data.find(_IAC, inner, limit)) >= 0 and inner + 1 < min(len(data), limit):
        if data[inner + 1] == _SE:
            return inner + 2, b""
        inner += 2
    return (limit, data[at:limit]) if len(data) >= limit else None
