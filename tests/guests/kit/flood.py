"""What rude guests say. Every function gives the same bytes for the same size."""

from __future__ import annotations

from collections.abc import Iterator

LINE_BYTES = 64
"""A line of `lines`, its newline included."""

_LINES_A_PIECE = 1024


def lines(size: int) -> Iterator[bytes]:
    """Numbered lines of 64 bytes, `size` bytes in all."""
    filler = b" all work and no play makes a console a dull thing" + b"."
    left, number = size, 0
    while left > 0:
        piece = b"".join(
            b"%012d%s\n" % (at, filler) for at in range(number, number + _LINES_A_PIECE)
        )
        yield piece[:left]
        number += _LINES_A_PIECE
        left -= len(piece)


def endless_line(size: int) -> Iterator[bytes]:
    """`size` bytes without any newline."""
    piece = b"0123456789abcdef" * 4096
    while size > 0:
        yield piece[:size]
        size -= len(piece)


BROKEN_ROWS = (
    b"\x00" * 40,
    b"NUL \x00 in the middle \x00\x00",
    b"lone continuation \x80\xbf, lone lead \xc3",
    b"overlong slash \xc0\xaf and NUL \xc0\x80, surrogate \xed\xa0\x80, beyond \xf7\xbf\xbf\xbf",
    b"Latin-1 caf\xe9, utf-16 \xff\xfec\x00a\x00f\x00",
    b"torn \xe2\x96",
    b"\x88 across a line",
    bytes(value for value in range(256) if value != 0x0A),
    b"queries \x1b[6n \x1b[c \x1b[>c \x1b]11;?\x07 \x1bP+q544e\x1b\\ \x1b[?1049h \x9b6n",
    b"\x1b]0;title\x07\x1b]52;c;AAAA\x07\x1b]8;;http://e\x07link\x1b]8;;\x07",
    "right to left \u202e gnp.exe \u2066 isolate, zero width \u200b\ufeff, tag \U000e0041".encode(),
    b"\x1b[31mred that is never put out, \x1b[5",
    b"[bold red]markup[/] $variable {brace} %s \\x41",
    b"over\rwritten\x08\x08 back\x1b[K\x1b[2J\x1b[H\x0c\x0b\x0e\x0f",
)
"""What no guest should print and some do: each is one row."""


def broken_text(size: int) -> Iterator[bytes]:
    """`BROKEN_ROWS` again and again, `size` bytes in all."""
    piece = b"\r\n".join(BROKEN_ROWS) + b"\r\n"
    while size > 0:
        yield piece[:size]
        size -= len(piece)


def torn(size: int, end: bytes) -> Iterator[bytes]:
    """Numbered lines that break off with `end`, `size` bytes in all."""
    end = end[:size]
    yield from lines(size - len(end))
    yield end
