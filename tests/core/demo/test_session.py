"""A demo from its folders to its end: real processes, and nothing left behind."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

from core.capture.lock import read_owner
from core.capture.places import Places
from core.capture.spawn import open_capture
from core.demo import open_demo
from core.errors import DemoError
from core.sandboxes.model import ConsoleState
from core.sandboxes.vmm import is_alive

pytestmark = pytest.mark.anyio

PATIENCE_S = 30.0
ROOT = Path(__file__).parent.parent.parent.parent


async def test_its_guests_can_be_watched_and_nothing_is_left(tmp_path: Path) -> None:
    async with open_demo("replay") as (places, specs), open_capture(places) as client:
        for spec in specs:
            await client.watch(spec)
        with anyio.fail_after(PATIENCE_S):
            while True:
                facts = await client.sandboxes()
                if all(f.console.state is ConsoleState.CONNECTED for f in facts):
                    break
                await anyio.sleep(0.02)
        assert len(facts) == len(specs) >= 3
        pid = read_owner(places.state_lock)[0]
        assert is_alive(pid)
    assert not is_alive(pid)
    assert not places.runtime.parent.exists()


async def test_keeping_capture_does_not_keep_a_demos(tmp_path: Path) -> None:
    async with open_demo("replay") as (places, _):
        async with open_capture(places) as client:
            await client.say_goodbye(keep=True)
        pid = read_owner(places.state_lock)[0]
    assert not is_alive(pid)


async def test_a_dashboard_that_is_killed_leaves_nothing_behind() -> None:
    code = (
        "import anyio\n"
        "from core.capture.spawn import open_capture\n"
        "from core.demo import open_demo\n"
        "async def main():\n"
        "    async with open_demo('replay') as (places, _), open_capture(places):\n"
        "        print(places.runtime.parent, flush=True)\n"
        "        await anyio.sleep_forever()\n"
        "anyio.run(main)\n"
    )
    dashboard = await anyio.open_process([sys.executable, "-c", code], cwd=ROOT)
    async with dashboard:
        assert dashboard.stdout is not None
        with anyio.fail_after(PATIENCE_S):
            folder = Path((await dashboard.stdout.receive()).decode().strip())
        pid = read_owner(folder / "state" / "capture.lock")[0]
        assert is_alive(pid)
        dashboard.kill()
    with anyio.fail_after(PATIENCE_S):
        while folder.exists() or is_alive(pid):
            await anyio.sleep(0.02)


async def test_it_never_meets_the_users_own_capture() -> None:
    async with open_demo("replay") as (places, _):
        mine = Places.of_this_user()
        assert places.runtime != mine.runtime
        assert places.state != mine.state


async def test_a_real_guest_without_its_tools_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GUESTWATCH_KERNEL", "/nowhere/vmlinuz")
    with pytest.raises(DemoError) as caught:
        async with open_demo("qemu"):
            pass
    assert "/nowhere/vmlinuz" in str(caught.value)
