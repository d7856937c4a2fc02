"""T11: whoever is at the other end may do anything or nothing; it costs no time and no processor.

All cases are tried at once, so what they cost together bounds what one does. A deadline is
the code's own; that everything is over by then is told as a figure.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread
import pytest

from core.endpoints.holders.monitor import ANSWER_S, query_chardev
from core.errors import ConsoleError
from core.proxy import KataBuiltInProxy, NoProxy, ProxyParams
from tests.core.endpoints.conftest import folder
from tests.core.endpoints.sites import open_descriptors
from tests.core.proxy.logbook import Logbook
from tests.figures import Figure
from tests.security.peers import FULL

__all__ = ["folder"]

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
FORMS = {
    "unix": "unix:{unix}",
    "hvsock": "hvsock:{unix}:1026",
    "tcp": "tcp:127.0.0.1:{tcp}",
    "telnet": "telnet:127.0.0.1:{tcp}",
    "pty": "pty:{pty}",
    "file": "file:{file}",
}
WATCH_S = 2.0
"""How long each console that could be opened is watched."""

PATIENCE_S = 30.0
SHARE = 0.05
"""Of a processor, for each case."""

Peers = dict[str, dict[str, str]]


@pytest.fixture
def peers(folder: Path) -> Iterator[Peers]:
    command = [sys.executable, "-m", "tests.security.peers", str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


class Case:
    """One proxy that watches one peer."""

    def __init__(self, kind: type[NoProxy], url: str) -> None:
        self.url = url
        self._kind = kind
        self.words = ""
        """Why it was refused; empty when it was not."""
        self.start_s = self.stop_s = 0.0

    async def run(self) -> None:
        params = ProxyParams(
            id="vm1",
            agent_url="unix:///agent.sock",
            console_url=self.url,
            logger=Logbook().logger,
            hid=42,
            debug=True,
        )
        began = anyio.current_time()
        async with self._kind() as proxy:
            try:
                handle = await proxy.start(params)
            except ConsoleError as error:
                self.start_s = anyio.current_time() - began
                self.words = str(error)
                return
            self.start_s = anyio.current_time() - began
            await anyio.sleep(WATCH_S)
            began = anyio.current_time()
            await proxy.stop(handle.pid)
            self.stop_s = anyio.current_time() - began


async def test_no_peer_holds_a_proxy_up_or_makes_it_spin(peers: Peers, figure: Figure) -> None:
    urls = [
        form.format(**places)
        for places in peers.values()
        for form in FORMS.values()
        if all(
            f"{{{name}}}" not in form or name in places for name in ("unix", "tcp", "pty", "file")
        )
    ]
    cases = [Case(kind, url) for kind in (NoProxy, KataBuiltInProxy) for url in urls]
    gc.collect()  # what earlier tests left is theirs
    before, cpu, wall = open_descriptors(), time.process_time(), time.monotonic()
    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as tasks:
            for case in cases:
                tasks.start_soon(case.run)
    spent, waited = time.process_time() - cpu, time.monotonic() - wall
    assert open_descriptors() <= before
    share = spent / waited / len(cases)
    assert share < SHARE
    refused = sum(bool(case.words) for case in cases)
    assert 0 < refused < len(cases)
    figure(
        "T11",
        f"{len(urls)} peers x 2 proxies, {refused} refused: a start takes at most "
        f"{max(case.start_s for case in cases):.1f} s, a stop "
        f"{max(case.stop_s for case in cases):.2f} s; {share:.1%} of a core each",
    )


async def test_no_peer_holds_the_question_to_a_monitor_up(peers: Peers, figure: Figure) -> None:
    took: list[float] = []

    async def ask(path: str) -> None:
        began = time.monotonic()
        found = await anyio.to_thread.run_sync(lambda: query_chardev(path, vmm_uid=os.geteuid()))
        took.append(time.monotonic() - began)
        assert found is None

    before, cpu = open_descriptors(), time.process_time()
    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as tasks:
            for places in peers.values():
                tasks.start_soon(ask, places["unix"])
    spent = time.process_time() - cpu
    assert open_descriptors() == before
    assert spent < SHARE * ANSWER_S * len(peers) + 0.2
    figure("T11", f"monitor: {len(took)} peers, at most {max(took):.1f} s, {spent:.2f} s of a core")


# What the library leaves behind is its own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_the_usual_way_to_connect_spins_or_believes_what_is_not(
    peers: Peers, figure: Figure
) -> None:
    """The control: a full queue, by the library."""
    cpu, wall = time.process_time(), time.monotonic()
    is_phantom = False
    with anyio.move_on_after(1.0):
        async with await anyio.connect_unix(peers[FULL]["unix"]) as stream:
            raw = stream.extra(anyio.abc.SocketAttribute.raw_socket)
            with pytest.raises(OSError, match="not connected"):
                raw.getpeername()
            is_phantom = True
    share = (time.process_time() - cpu) / (time.monotonic() - wall)
    found = "a connection that is none" if is_phantom else f"{share:.0%} of a core"
    figure("T11", f"control: the library's connect to a full queue: {found}")
    assert is_phantom or share > SHARE
