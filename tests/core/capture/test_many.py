"""Many consoles, and one that says a lot, cost what they should."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.recording import Cause, Gap, Ledger
from core.sandboxes.model import ConsoleState, SandboxFacts
from core.sandboxes.named import sandbox_spec
from core.settings import Settings
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, running_capture
from tests.core.recording.made import open_descriptors

pytestmark = pytest.mark.anyio

MB = 1_000_000
CONSOLES = 40
OURS = 5
"""Socket, pin, folder, log, timing. A sixth is the guest's end, in this process as well."""

SCANNER = 4
"""The scanner's two pipes, and what its end is told by."""


@contextmanager
def guests(folder: Path) -> Iterator[list[tuple[str, socket.socket]]]:
    """Consoles that accept whoever comes."""
    with contextlib.ExitStack() as stack:
        found = []
        for number in range(CONSOLES):
            path = folder / f"{number}.sock"
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(path))
            listener.listen(4)
            listener.setblocking(False)
            found.append((str(path), listener))
        yield found


async def test_an_idle_console_takes_five_descriptors(places: Places, tmp_path: Path) -> None:
    async with running_capture(places) as client:
        with guests(tmp_path) as consoles:
            before = open_descriptors()
            peers = []
            for number, (path, listener) in enumerate(consoles):
                await client.watch(sandbox_spec(f"vm{number}", f"unix:{path}"))
                with anyio.fail_after(PATIENCE_S):
                    await anyio.wait_readable(listener)
                peers.append(listener.accept()[0])
            with anyio.fail_after(PATIENCE_S):
                while not all(
                    facts.console.state is ConsoleState.CONNECTED
                    for facts in await client.sandboxes()
                ):
                    await anyio.sleep(0.01)
                while open_descriptors() - before > CONSOLES * (OURS + 1) + SCANNER:
                    await anyio.sleep(0.01)
            for peer in peers:
                peer.close()


def memory() -> int:
    """What this process holds in memory now."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


def lost_to_the_disk(facts: SandboxFacts) -> int:
    """What the ledger says that a slow disk cost."""
    ledger = Ledger(Path(facts.recordings, facts.generation))
    try:
        gaps = [Gap.of(entry) for entry in ledger.read_new()]
    finally:
        ledger.close()
    return sum(gap.lost_bytes or 0 for gap in gaps if gap and gap.cause is Cause.DISK)


@pytest.mark.parametrize(
    "line", [b"[   12.345678] eth0: link is up\r\n" * 2000, b"x" * 65536], ids=["lines", "one line"]
)
async def test_memory_stays_flat_under_a_flood(
    places: Places, chardev: Chardev, line: bytes
) -> None:
    size = 100 * MB // len(line) * len(line)
    quota = Settings(quota_console=64 * MB, quota_total=0)
    async with running_capture(places, chardev.spec, settings=quota) as client:
        await chardev.accept()
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        await chardev.write(line * 20)
        before = memory()
        for _ in range(size // len(line)):
            await chardev.write(line)
        sent = size + 20 * len(line)
        # A busy disk may be slower than this for a moment; then the ledger tells.
        await facts_when(client, lambda f: f.traffic.bytes + lost_to_the_disk(f) == sent)
        assert memory() - before < 20 * MB
