"""Compressed files: any decoder reads them whole, ours from the middle, and neither is fooled."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recording.seekable import FRAME_BYTES, MAX_FRAMES, SeekableFile, frame, seek_table
from core.recording.zstd import CompressionParameter, compress
from tests.core.recording.made import fresh_folder, on_disk
from tests.guests.needed import needed

ROOT = Path(__file__).parents[3]


def console_text(size: int) -> bytes:
    """What a console prints, so many bytes of it."""
    some = random.Random(7)
    lines = []
    length = 0
    while length < size:
        line = b"[%12.6f] eth0: link %d is up, %x\r\n" % (length / 99, length, some.getrandbits(64))
        lines.append(line)
        length += len(line)
    return b"".join(lines)[:size]


def packed(data: bytes, frame_bytes: int = FRAME_BYTES) -> bytes:
    """`data` as a compressed file."""
    pieces = [data[at : at + frame_bytes] for at in range(0, len(data), frame_bytes)]
    frames = [frame(piece) for piece in pieces]
    return b"".join(frames) + seek_table(
        [(len(f), len(p)) for f, p in zip(frames, pieces, strict=True)]
    )


def opened(path: Path, content: bytes) -> SeekableFile:
    path.write_bytes(content)
    return SeekableFile(os.open(path, os.O_RDONLY))


def readable(source: SeekableFile) -> bytes:
    """All that can be read before the first error."""
    pieces = []
    at = 0
    while at < source.size:
        try:
            piece = source.pread(min(1000, source.size - at), at)
        except OSError:
            break
        assert piece
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


TEXT = console_text(3 * FRAME_BYTES // 2)


def test_the_zstd_program_gives_the_bytes_back(tmp_path: Path) -> None:
    path = tmp_path / "console.log.zst"
    path.write_bytes(packed(TEXT))
    done = subprocess.run(
        [needed("zstd", "zstd"), "-dc", str(path)], capture_output=True, check=True
    )
    assert done.stdout == TEXT
    assert path.stat().st_size < len(TEXT) / 2


@on_disk
@given(data=st.binary(max_size=4000), frame_bytes=st.integers(1, 700), draw=st.data())
def test_any_stretch_reads_as_in_the_plain_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, frame_bytes: int, draw: st.DataObject
) -> None:
    source = opened(fresh_folder(tmp_path_factory) / "x", packed(data, frame_bytes))
    try:
        assert source.size == len(data)
        for _ in range(5):
            at = draw.draw(st.integers(0, 4100))
            size = draw.draw(st.integers(0, 4100))
            assert source.pread(size, at) == data[at : at + size]
    finally:
        source.close()


def test_a_file_cut_anywhere_gives_every_frame_before_the_cut(tmp_path: Path) -> None:
    text = TEXT[:200_000]
    whole = packed(text, 10_000)
    sizes = [len(frame(text[at : at + 10_000])) for at in range(0, len(text), 10_000)]
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    for cut in range(0, len(whole), 1000):
        source = opened(tmp_path / "x", whole[:cut])
        intact = sum(end <= cut for end in ends)
        assert readable(source) == text[: intact * 10_000]
        source.close()


def test_a_frame_that_lost_its_checksum_is_not_believed(tmp_path: Path) -> None:
    noise = random.Random(7).randbytes(3000)
    content = bytearray(frame(TEXT[:5000]) + frame(noise) + frame(TEXT[:5000]))
    second = len(frame(TEXT[:5000]))
    # Two bits are wrong: the one that says that there is a checksum, and one that it was for.
    content[second + 4] ^= 0x04
    content[second + 100] ^= 0x01
    assert readable(opened(tmp_path / "x.zst", bytes(content))) == TEXT[:5000]


def test_a_flipped_bit_costs_no_frame_before_it(tmp_path: Path) -> None:
    text = TEXT[:40_000]
    whole = packed(text, 10_000)
    first = len(frame(text[:10_000]))
    some = random.Random(3)
    for _ in range(400):
        bit = some.randrange(8 * len(whole))
        bad = bytearray(whole)
        bad[bit // 8] ^= 1 << bit % 8
        source = opened(tmp_path / "x", bytes(bad))
        found = readable(source)
        assert text.startswith(found)
        before = 0 if bit // 8 < first else 10_000
        assert len(found) >= before
        if bit // 8 >= len(whole) - len(seek_table([(1, 1)] * 4)):
            # In the table: the frames know better.
            assert found == text
        source.close()


BODY = frame(b"a" * 1000) + frame(b"b" * 1000)
TAKEN = len(BODY) // 2
WIDE: dict[int, int] = {
    CompressionParameter.window_log: 27,
    CompressionParameter.content_size_flag: 0,
}
UNSIZED: dict[int, int] = {CompressionParameter.content_size_flag: 0}
LIES: dict[str, Callable[[], bytes]] = {
    "a frame of 1 GiB": lambda: compress(bytes(1 << 30)),
    "a frame of 64 MiB without its size": lambda: compress(bytes(1 << 26), options=UNSIZED),
    "a window of 128 MiB": lambda: compress(b"x" * 5000, options=WIDE) + seek_table([(30, 5000)]),
    "frames without end": lambda: frame(bytes(1 << 20)) * (MAX_FRAMES + 10),
    "too much in the table": lambda: BODY + seek_table([(TAKEN, 1000), (TAKEN, FRAME_BYTES)]),
    "too little in the table": lambda: BODY + seek_table([(TAKEN, 1000), (TAKEN, 1)]),
    "another cut in the table": lambda: BODY + seek_table([(TAKEN - 1, 1000), (TAKEN + 1, 1000)]),
    "a table of four billion": lambda: BODY + struct.pack("<IBI", 2**32 - 1, 0, 0x8F92EAB1),
    "a table of nothing": lambda: BODY + seek_table([]),
    "frames that overlap": lambda: BODY + seek_table([(2 * TAKEN, 2000)]),
    "a huge skippable frame": lambda: struct.pack("<II", 0x184D2A50, 2**32 - 1) + BODY,
    "nothing": lambda: b"",
    "noise": lambda: random.Random(1).randbytes(100_000),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_hostile_file_costs_no_memory_and_no_trace(tmp_path: Path, lie: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(LIES[lie]())
    # In a process of its own: its peak is then this file's.
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.recording.test_seekable", str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    grown, size, found = map(int, done.stdout.split())
    assert grown < 64 * 1024 * 1024
    assert size <= MAX_FRAMES * FRAME_BYTES
    if "table" in lie or "overlap" in lie:
        assert found == 2000


def peak() -> int:
    """The most memory this process ever had; getrusage would tell of its parent's as well."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("VmHWM")


def read_all(path: Path) -> None:
    before = peak()
    source = SeekableFile(os.open(path, os.O_RDONLY))
    found = 0
    for at in range(0, min(source.size, 200 * FRAME_BYTES), FRAME_BYTES):
        try:
            found += len(source.pread(FRAME_BYTES, at))
        except OSError:
            break
    print(peak() - before, source.size, found)


if __name__ == "__main__":
    read_all(Path(sys.argv[1]))
