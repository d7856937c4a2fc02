"""Many guests that print slowly, in processes of their own: what bench_many watches.

Each line says whose it is and which, so that a recording can be told from what should be
in it, byte for byte. Run as a program it is some of these guests.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.limits import raise_descriptor_limit

LINES_A_SECOND = 10
SLOTS = 25
"""Into so many moments a turn of all guests is spread."""

GUESTS_A_PROCESS = 250


def line_of(guest: int, number: int) -> bytes:
    """What a guest prints as its line `number`: some 80 bytes, as a kernel's are."""
    return b"[%12.6f] vm%d: line %d: eth0 NIC Link is Up 1000 Mbps Full Duplex, RX\n" % (
        number / LINES_A_SECOND,
        guest,
        number,
    )


class Crowd:
    """Guests `0` to `count - 1`, each with its console at `folder/<number>`. Made by `crowd`."""

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        self._processes = processes
        self.lines = 0
        """How many lines each guest has printed."""

    def talk(self, seconds: float) -> None:
        """Have every guest print for so long, 10 lines a second each."""
        turns = round(seconds * LINES_A_SECOND)
        for process in self._processes:
            _say(process, {"first": self.lines, "turns": turns})
        for process in self._processes:
            _hear(process)
        self.lines += turns


@contextmanager
def crowd(folder: Path, count: int) -> Iterator[Crowd]:
    """`count` guests that wait for somebody to attach; ended with the block."""
    with ExitStack() as ending:
        processes = []
        for first in range(0, count, GUESTS_A_PROCESS):
            size = min(GUESTS_A_PROCESS, count - first)
            command = [sys.executable, "-m", "tests.bench.crowd"]
            process = ending.enter_context(
                subprocess.Popen(
                    [*command, str(folder), str(first), str(size)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            ending.callback(process.kill)
            processes.append(process)
        for process in processes:
            _hear(process)
        yield Crowd(processes)


def _say(process: subprocess.Popen[bytes], words: dict[str, int]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(words).encode() + b"\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    if not process.stdout.readline():
        raise RuntimeError("guests of the benchmark ended")


# The process with some of the guests.


def main() -> None:
    """Serve the consoles, and print what stdin asks for."""
    raise_descriptor_limit()
    folder, first, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    listeners = []
    for guest in range(first, first + size):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / str(guest)))
        listener.listen(1)
        listeners.append(listener)
    print(flush=True)
    peers = [listener.accept()[0] for listener in listeners]
    for words in sys.stdin:
        asked = json.loads(words)
        _talk(peers, first, asked["first"], asked["turns"])
        print(flush=True)


def _talk(peers: Sequence[socket.socket], first: int, number: int, turns: int) -> None:
    began = time.perf_counter()
    for turn in range(turns):
        for slot in range(SLOTS):
            for index in range(slot, len(peers), SLOTS):
                peers[index].sendall(line_of(first + index, number + turn))
            due = began + (turn + (slot + 1) / SLOTS) / LINES_A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))


if __name__ == "__main__":
    main()
