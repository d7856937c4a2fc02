"""A whole capture of consoles that are opened: a log, and a terminal."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from core.capture.places import Places
from core.sandboxes.model import ConsoleState
from core.sandboxes.named import sandbox_spec
from tests.core.capture.conftest import facts_when, recorded, running_capture
from tests.core.endpoints.logs import Log
from tests.core.endpoints.sites_local import PtySite

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scheme", ["file:", ""])
async def test_log_is_one_recording_through_rotations_and_another_once_it_was_cut(
    places: Places, tmp_path: Path, scheme: str
) -> None:
    with closing(Log(tmp_path / "vm1.log")) as log:
        log.append(random.Random(1).randbytes(3_000_000))
        async with running_capture(places, sandbox_spec("vm1", f"{scheme}{log.path}")) as client:
            facts = await facts_when(client, lambda f: f.traffic.bytes == 3_000_000)
            assert facts.console.state is ConsoleState.CONNECTED
            for _ in range(3):
                log.rotate()
                log.append(b"x" * 100_000)
            facts = await facts_when(client, lambda f: f.traffic.bytes == 3_300_000)
            assert await recorded(facts, 3_300_000) == log.written
            log.cut()
            log.append(b"booted again")
            again = await facts_when(client, lambda f: f.traffic.bytes == 12)
            assert again.generation != facts.generation
            assert await recorded(again, 12) == b"booted again"


@pytest.mark.parametrize("scheme", ["pty:", ""])
async def test_each_terminal_behind_a_link_is_a_recording_of_its_own(
    places: Places, tmp_path: Path, scheme: str
) -> None:
    with closing(PtySite(tmp_path / "vm1")) as site:
        async with running_capture(
            places, sandbox_spec("vm1", f"{scheme}{tmp_path}/vm1")
        ) as client:
            await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
            site.write(b"first life")
            facts = await facts_when(client, lambda f: f.traffic.bytes == 10)
            assert await recorded(facts, 10) == b"first life"
            site.rebind()
            again = await facts_when(
                client,
                lambda f: (
                    f.console.state is ConsoleState.CONNECTED
                    and f.generation not in ("", facts.generation)
                ),
            )
            site.write(b"second life")
            await facts_when(client, lambda f: f.traffic.bytes == 11)
            assert await recorded(again, 11) == b"second life"
