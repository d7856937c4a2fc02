"""Zstandard's seekable format: frames of 1 MiB, and a table at the end that says where each is.

    https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md

`zstd -dc` and every other decoder give the bytes back; this reads from the middle.

A file may come from elsewhere and lie. The table is believed only where the frames'
own headers say the same; otherwise, and when there is none because the file was cut,
the frames are walked from the start and what is intact is there. No frame may hold
more than 1 MiB or ask for a larger window, so memory is bounded whatever a file says.
"""

from __future__ import annotations

import errno
import os
import struct
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from core.recording.zstd import (
    CompressionParameter,
    DecompressionParameter,
    ZstdDecompressor,
    ZstdError,
    compress,
    get_frame_info,
    get_frame_size,
)

FRAME_BYTES = 1024 * 1024
"""What a frame holds; the last one less. A frame that claims more is not believed."""

MAX_FRAMES = 64 * 1024
"""64 GiB in one file: two thousand times a segment."""

KEPT_FRAMES = 4
"""How many decompressed frames are kept. A reader reads near one place at a time."""

LEVEL = 3
_MAX_COMPRESSED = FRAME_BYTES + 64 * 1024
"""No frame of 1 MiB takes more, not even one of noise."""

_SKIPPABLE_MAGIC = 0x184D2A5E
_SEEKABLE_MAGIC = 0x8F92EAB1
_FOOTER = struct.Struct("<IBI")
_HEAD = struct.Struct("<II")
_PAIR = struct.Struct("<II")
_CHECKSUMS = 0x80
_MAX_HEADER = 18
_HAS_CHECKSUM = 0x04
"""In a frame's header descriptor. Source: RFC 8878, 3.1.1.1.1."""

_COMPRESS: dict[int, int] = {
    CompressionParameter.compression_level: LEVEL,
    CompressionParameter.content_size_flag: 1,
    CompressionParameter.checksum_flag: 1,
}
_DECOMPRESS: dict[int, int] = {DecompressionParameter.window_log_max: 20}


def frame(data: bytes) -> bytes:
    """One frame that holds `data`, at most `FRAME_BYTES`, with a checksum of its own."""
    return compress(data, options=_COMPRESS)


def seek_table(sizes: Sequence[tuple[int, int]]) -> bytes:
    """The table that ends a file: of each frame what it takes and what it holds."""
    entries = b"".join(_PAIR.pack(*pair) for pair in sizes)
    head = _HEAD.pack(_SKIPPABLE_MAGIC, len(entries) + _FOOTER.size)
    return head + entries + _FOOTER.pack(len(sizes), 0, _SEEKABLE_MAGIC)


class SeekableFile:
    """A compressed file, read from anywhere in it. Owns its descriptor.

    What is behind the first damage to the frames' headers is not there; a frame that
    turns out to be damaged inside is an error when it is read.

    Raises:
        OSError: the file cannot be read.
    """

    __slots__ = ("_fd", "_frames", "_places", "_starts")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        try:
            sizes = _believable(fd, _table(fd))
            if sizes is None:
                sizes = _walk(fd)
        except OSError:
            self.close()
            raise
        self._starts = array("q", [0])
        self._places = array("q", [0])
        for taken, held in sizes:
            self._starts.append(self._starts[-1] + held)
            self._places.append(self._places[-1] + taken)

    @property
    def file_id(self) -> tuple[int, int]:
        """Device and inode."""
        found = os.fstat(self._fd)
        return found.st_dev, found.st_ino

    @property
    def size(self) -> int:
        """How many bytes it holds, decompressed."""
        return self._starts[-1]

    def pread(self, size: int, position: int) -> bytes:
        """Up to `size` bytes from `position`; empty at the end.

        Raises:
            OSError: the disk does not give them, or the frame is damaged.
        """
        pieces: list[bytes] = []
        end = min(position + size, self.size)
        while position < end:
            number = bisect_right(self._starts, position) - 1
            start = self._starts[number]
            piece = self._frame(number)[position - start : end - start]
            pieces.append(piece)
            position += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close it. Harmless when repeated."""
        self._frames.clear()
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _frame(self, number: int) -> bytes:
        known = self._frames.get(number)
        if known is not None:
            self._frames.move_to_end(number)
            return known
        place = self._places[number]
        held = self._starts[number + 1] - self._starts[number]
        raw = os.pread(self._fd, self._places[number + 1] - place, place)
        decoder = ZstdDecompressor(options=_DECOMPRESS)
        try:
            data = decoder.decompress(raw, max_length=held + 1)
        except ZstdError:
            data = b""
        if len(data) != held or not decoder.eof or decoder.unused_data:
            raise OSError(errno.EBADMSG, f"the compressed frame at byte {place} is damaged")
        self._frames[number] = data
        if len(self._frames) > KEPT_FRAMES:
            self._frames.popitem(last=False)
        return data


Sizes = list[tuple[int, int]]


def _table(fd: int) -> Sizes | None:
    """What the table at the end says; None when there is none that could be right."""
    size = os.fstat(fd).st_size
    footer = os.pread(fd, _FOOTER.size, max(0, size - _FOOTER.size))
    if len(footer) < _FOOTER.size:
        return None
    count, descriptor, magic = _FOOTER.unpack(footer)
    if magic != _SEEKABLE_MAGIC or count > MAX_FRAMES:
        return None
    width = 12 if descriptor & _CHECKSUMS else 8
    begins = size - _FOOTER.size - count * width - _HEAD.size
    if begins < 0:
        return None
    block = os.pread(fd, _HEAD.size + count * width, begins)
    if len(block) < _HEAD.size + count * width:
        return None
    if _HEAD.unpack_from(block) != (_SKIPPABLE_MAGIC, count * width + _FOOTER.size):
        return None
    sizes = [_PAIR.unpack_from(block, _HEAD.size + i * width) for i in range(count)]
    return sizes if sum(taken for taken, _ in sizes) == begins else None


def _believable(fd: int, sizes: Sizes | None) -> Sizes | None:
    """`sizes`, if every frame begins where they say and holds what they say."""
    place = 0
    for taken, held in sizes or ():
        if not 0 < taken <= _MAX_COMPRESSED or not 0 < held <= FRAME_BYTES:
            return None
        if _held(os.pread(fd, _MAX_HEADER, place)) != held:
            return None
        place += taken
    return sizes


def _walk(fd: int) -> Sizes:
    """The frames from the start on, up to the first that is damaged, foreign or cut off."""
    sizes: Sizes = []
    place = 0
    buffer = memoryview(b"")
    is_fresh = False
    while len(sizes) < MAX_FRAMES:
        held = _held(buffer[:_MAX_HEADER])
        try:
            taken = get_frame_size(buffer) if held else 0
        except ZstdError:
            taken = 0
        if held and 0 < taken <= _MAX_COMPRESSED:
            sizes.append((taken, held))
            place += taken
            buffer = buffer[taken:]
            is_fresh = False
        elif is_fresh:
            break
        else:
            # It may only not be in memory as a whole.
            buffer = memoryview(os.pread(fd, _MAX_COMPRESSED, place))
            is_fresh = True
    return sizes


def _held(header: bytes | memoryview) -> int:
    """What a frame holds by its own header; 0 when there is none or it is not believed."""
    if len(header) < 5 or int.from_bytes(header[:4], "little") & 0xFFFFFFF0 == 0x184D2A50:
        return 0
    if not header[4] & _HAS_CHECKSUM:
        # All of ours have one: this bit is damaged, and nothing would tell of other damage.
        return 0
    try:
        size = get_frame_info(header).decompressed_size
    except ZstdError:
        return 0
    return size if size is not None and size <= FRAME_BYTES else 0
