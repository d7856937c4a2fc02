"""Recordings made to be exported, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hypothesis import strategies as st

from core.recording import History, read_account
from core.recording.export import Source
from tests.core.recording.made import begin, moment

HOSTILE = (
    b"\x1b]0;owned\x07title\r\n\x1b[2J\x1b[Hhome\r\n\x9b31mC1\r\n\x00\x07\x08\x7f\r\n"
    b"\xff\xfe\xc3\r\n\xe2\x80\xae turned\r\n\x1bP$q\x1b\\\r\n\x1b[31mred\x1b[0m\r\nover\rwrote\r\n"
)

LINES = [
    b"plain\n",
    b"[    0.000000] Linux version 6.1\r\n",
    b"\x1b[1;31mred\x1b[0m and \xc3\xa4\r\n",
    b"50 %\r100 %\r\r\n",
    b"\n",
    b"\xff\xfe\x00\x1b]0;x\x07\r\n",
    b'{"level":"info","msg":"hi","source":"agent"}\n',
    b"x" * 8_170 + b"\n",
    b"y" * 8_190 + b"\n",
    b"\xc3\xa4" * 9_000 + b"\r\n",
    b"z" * 40_000,
    b"a piece ",
    b"\xe2\x82",
    b"\xac",
    b"\r",
]

Chunks = st.lists(st.sampled_from(LINES) | st.binary(max_size=40), max_size=30)


def recorded(
    home: Path, chunks: Iterable[bytes], *, every_s: float = 1.0, segment_bytes: int = 30_000
) -> Path:
    """The folder of a sandbox whose guest printed `chunks`, one every so many seconds."""
    recorder = begin(home, segment_bytes=segment_bytes)
    recorder.enter("attached", moment(0))
    for i, chunk in enumerate(chunks):
        recorder.write(chunk, moment(i * every_s))
    recorder.close()
    return home / "vm1"


def sources(folder: Path, *, is_announced: bool = False) -> Iterator[Source]:
    """All generations of a sandbox, each open while it is read."""
    account = read_account(folder)
    for generation in History(folder).generations:
        with Source(generation, account, is_announced=is_announced) as source:
            yield source


def exported(folder: Path, form: Callable[[Iterable[Source]], Iterator[bytes]]) -> bytes:
    """All that an export of these recordings gives."""
    return b"".join(form(sources(folder)))
