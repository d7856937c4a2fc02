"""The program around the screen: what happens at the end, and without a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import anyio
import pytest
from textual.pilot import Pilot

from core.errors import CaptureUnreachable, CommandRefused, UsageError
from core.sandboxes.model import SandboxSpec
from tests.fakes import NOON, ScriptedLink, sandbox
from tui.app import GuestwatchApp
from tui.program import name_all, run_dashboard

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from tui.launch import main; sys.exit(main())"


async def run(link: ScriptedLink, *keys: str, goodbye_s: float = 2.0) -> int:
    """Run the program, press keys once the sandboxes are known; the exit code."""
    app = GuestwatchApp(link, host="kvm07", clock=lambda: NOON)

    async def press(pilot: Pilot[object]) -> None:
        while not app.dashboard.is_settled:
            await pilot.pause()
        await pilot.press(*keys)

    with anyio.fail_after(20):
        code = await run_dashboard(
            app,
            link,
            screen=partial(app.run_async, headless=True, size=(80, 24), auto_pilot=press),
            goodbye_s=goodbye_s,
        )
    link.close()
    return code


@pytest.mark.anyio
@pytest.mark.parametrize(("key", "keep"), [("q", "False"), ("Q", "True"), ("ctrl+q", "False")])
async def test_quitting_says_goodbye(key: str, keep: str) -> None:
    link = ScriptedLink([sandbox("vm1")])
    assert await run(link, key) == 0
    assert link.asked == [("say_goodbye", keep)]


@pytest.mark.anyio
async def test_a_command_on_its_way_is_not_torn_by_quitting() -> None:
    link = ScriptedLink([sandbox("vm1")])
    await run(link, "s", "q")
    assert link.asked == [("stop", "vm1"), ("say_goodbye", "False")]


class Deaf(ScriptedLink):
    """Never answers a goodbye."""

    async def say_goodbye(self, *, keep: bool) -> None:
        await super().say_goodbye(keep=keep)
        await anyio.sleep_forever()


class Gone(ScriptedLink):
    """Has nobody to take leave of."""

    async def say_goodbye(self, *, keep: bool) -> None:
        raise CaptureUnreachable("Capture is gone")


@pytest.mark.anyio
async def test_a_capture_that_does_not_answer_cannot_hold_us() -> None:
    link = Deaf([sandbox("vm1")])
    assert await run(link, "q", goodbye_s=0.05) == 0
    assert link.asked == [("say_goodbye", "False")]


@pytest.mark.anyio
async def test_a_capture_that_is_gone_needs_no_goodbye() -> None:
    assert await run(Gone([sandbox("vm1")]), "q") == 0


@pytest.mark.anyio
async def test_sandboxes_are_named_in_order_and_a_refusal_is_a_usage_error() -> None:
    link = ScriptedLink()
    link.refusals["b"] = CommandRefused("b is watched already", kind="SandboxClash", hint="Rename")
    specs = [SandboxSpec(id=name, console=f"unix:/run/{name}.sock") for name in "abc"]
    with pytest.raises(UsageError, match="b is watched already") as caught:
        await name_all(link, specs)
    assert (caught.value.hint, caught.value.exit_code) == ("Rename", 2)
    assert link.asked == [("watch", "a"), ("watch", "b")]
    link.close()


@pytest.mark.parametrize("arguments", [["demo"], ["watch", "vm1=/run/vm1.sock"]])
def test_without_a_terminal_it_says_so_and_exits_2(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "needs a terminal, but stdin is none" in done.stderr
    assert "guestwatch record" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_that_cannot_move_its_cursor_is_said_and_exits_2(tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "watch", "vm1=/run/vm1.sock"],
            cwd=ROOT,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "dumb"},
            stdin=slave,
            stderr=slave,
            timeout=30,
            check=False,
        )
        told = os.read(master, 4096).decode()
    finally:
        os.close(slave)
        os.close(master)
    assert done.returncode == 2
    assert "TERM is dumb" in told
    assert "guestwatch record" in told
