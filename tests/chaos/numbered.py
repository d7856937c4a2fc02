"""A stream that a real guest computes: numbered lines that nobody can guess.

Each line ends with the next number of a Lehmer generator (16807, 2^31 - 1), which both
awk's floating point and Python's integers have exactly.
"""

from __future__ import annotations

BURST = 2000
"""Lines that are printed at once."""

BEGIN = b"begin of stream\r\n"
END = b"end of stream\r\n"


def body(seed: int, bursts: int, *, pause_s: float) -> str:
    """Shell lines that print the stream, a burst at a time.

    The kernel's own messages are kept off the console meanwhile.
    """
    lines = BURST * bursts
    return f"""
dmesg -n 1
echo begin of stream
awk 'BEGIN {{
    x = {seed}
    for (n = 0; n < {lines}; n++) {{
        if (n % {BURST} == 0) {{ fflush(); system("usleep {round(pause_s * 1e6)}") }}
        x = (x * 16807) % 2147483647
        printf "%06d %010d\\n", n, x
    }}
}}'
echo end of stream
"""


def printed(seed: int, bursts: int) -> bytes:
    """What the guest's terminal makes of it."""
    lines = []
    value = seed
    for number in range(BURST * bursts):
        value = value * 16807 % 2147483647
        lines.append(b"%06d %010d\r\n" % (number, value))
    return b"".join(lines)


def stream_in(record: bytes) -> tuple[int, bytes]:
    """Where in a record the stream begins, and what of it is there up to its end."""
    begin = record.index(BEGIN) + len(BEGIN)
    return begin, record[begin : record.index(END, begin)]
