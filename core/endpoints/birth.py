"""When a file was made: what tells two files apart that got the same inode number.

ext4 gives the number of a removed file to the next one at once. The time of birth is
told by statx(2), which the standard library does not call.

Sources: statx(2), linux/stat.h.
"""

from __future__ import annotations

import ctypes
import os
import struct

_AT_EMPTY_PATH = 0x1000
_STATX_BTIME = 0x800

_SIZE = 256
_MASK = struct.Struct("=I")
_BIRTH = struct.Struct("=qI")
_BIRTH_AT = 80
"""Behind 64 bytes of numbers and the 16 of the access time."""


def birth_ns(fd: int) -> int:
    """When the file that `fd` holds (an O_PATH one too) was made, since the epoch.

    0 where the file system does not keep it.
    """
    if _statx is None:
        return 0
    answer = ctypes.create_string_buffer(_SIZE)
    if _statx(fd, b"", _AT_EMPTY_PATH, _STATX_BTIME, answer) < 0:
        return 0
    if not _MASK.unpack_from(answer)[0] & _STATX_BTIME:
        return 0
    seconds, rest = _BIRTH.unpack_from(answer, _BIRTH_AT)
    return int(seconds) * 1_000_000_000 + int(rest)


def file_identity(fd: int) -> str:
    """Names the file that `fd` holds: device, inode, birth. No other file ever has this name."""
    found = os.fstat(fd)
    return f"{found.st_dev:x}:{found.st_ino}:{birth_ns(fd)}"


_statx = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)
"""In glibc since 2.28, in musl since 1.2.5."""
if _statx is not None:
    _statx.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_char_p,
    )
