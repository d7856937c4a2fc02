"""What the benchmarks of capture share: a capture of their own, a flood, what it costs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio

from core.capture.lock import read_owner
from core.capture.places import Places
from core.capture.spawn import open_capture
from core.client import Client
from core.sandboxes.vmm import is_alive

MB = 1_000_000
LINE = b"[   12.345678] e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX\n"


@asynccontextmanager
async def running_capture(folder: Path) -> AsyncIterator[tuple[Client, int]]:
    """A capture in a process of its own, and its pid."""
    folder.mkdir(exist_ok=True)
    (folder / "run").mkdir(mode=0o700)
    places = Places(folder / "run", folder / "state")
    async with open_capture(places) as client:
        pid = read_owner(places.state_lock)[0]
        yield client, pid
        await client.shut_down()
    # Whoever removes the folder next must not race with its last words.
    while is_alive(pid):
        await anyio.sleep(0.01)


@contextmanager
def flooding_guest(path: Path, size: int) -> Iterator[None]:
    """A guest in its own process that prints `size` bytes as fast as it is read."""
    code = (
        "import socket,sys\n"
        f"s=socket.socket(socket.AF_UNIX); s.bind({str(path)!r}); s.listen(1)\n"
        "print(flush=True)\n"
        f"p=s.accept()[0]; line={LINE!r}; piece=line*800; left={size}\n"
        "while left>0:\n p.sendall(piece[:left]); left-=len(piece)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as guest:
        assert guest.stdout is not None
        guest.stdout.readline()
        try:
            yield
        finally:
            guest.kill()


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """How much memory a process has, in decimal megabytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def scanner_of(pid: int) -> int | None:
    """The pid of a capture's scanner; None while it has none."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if b"core.scanner" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    return None
