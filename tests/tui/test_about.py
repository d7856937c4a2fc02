"""The page for a report about guestwatch itself."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from core.sandboxes.model import ConsoleState
from core.surroundings import terminal, versions
from tests.fakes import NOON, ScriptedLink, sandbox
from tests.tui.stage import HOSTILE, Stage, dashboard
from tui.about import MAX_CHARS, About, Latency, lines
from tui.screens.about import AboutScreen

pytestmark = pytest.mark.anyio

SECRET = "hunter2-in-the-environment"


async def opened(stage: Stage) -> AboutScreen:
    await stage.press("R")
    screen = stage.app.screen
    assert isinstance(screen, AboutScreen)
    await stage.until(lambda: screen.is_settled)
    return screen


async def test_it_says_what_a_report_should_hold_and_copies_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GUESTWATCH_TOKEN", SECRET)
    facts = [sandbox("vm1", name="secret-name"), sandbox("vm2", ConsoleState.HELD)]
    async with dashboard(facts, size=(120, 40)) as stage:
        await opened(stage)
        for words in (
            "guestwatch  0.1.0",
            "textual 8.",
            "TERM xterm-256color",
            "120 × 40, 2 panes in sight",
            "guestwatch-dark",
            "process 4711 for 1 h 00 m",
            "40 of 1024",
            "1 connected, 1 held",
            "of 40 timers",
        ):
            assert words in stage.text
        await stage.press("y")
        await stage.toasted(1)
        copied = stage.app.clipboard
        assert copied.startswith("```text\nguestwatch  0.1.0\n")
        assert copied.endswith("\n```")
        assert SECRET not in copied
        assert "secret-name" not in copied
        await stage.press("escape")
        assert not isinstance(stage.app.screen, AboutScreen)


async def test_the_hosts_name_is_shortened_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.keys.about.host", lambda: "kvm07.example.org")
    async with dashboard([sandbox("vm1")]) as stage:
        await opened(stage)
        assert "host        kvm07.example.org" in stage.text
        await stage.press("h")
        assert "host        k…" in stage.text
        await stage.press("y")
        await stage.toasted(1)
        assert "kvm07" not in stage.app.clipboard


async def test_without_an_answer_of_captures_it_is_there_all_the_same() -> None:
    link = ScriptedLink([sandbox("vm1")])
    async with dashboard(link=link) as stage:
        link.is_unreachable = True
        await opened(stage)
        assert "none, or it does not answer" in stage.text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_it_acts_on_a_terminal(hostile: str) -> None:
    about = About(
        versions={"guestwatch": hostile, "textual": hostile},
        terminal={"TERM": hostile},
        columns=80,
        rows=24,
        theme=hostile,
        host=hostile,
        has_colour=False,
        status=None,
        sandboxes=(),
        panes=0,
        now=NOON,
        latency=Latency(0, 0.0, 0.0),
    )
    for line in lines(about, has_host=True):
        assert line.isprintable()
        assert cell_len(line) <= 2 * MAX_CHARS


def test_of_the_environment_only_what_names_a_terminal_is_told() -> None:
    environ = {
        "TERM": "xterm",
        "COLORTERM": "",
        "TMUX": "/tmp/tmux-1000/secret,1,0",
        "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "TERM_PROGRAM": "x" * 1000,
    }
    told = terminal(environ)
    assert told == {
        "TERM": "xterm",
        "TERM_PROGRAM": "x" * 64,
        "TMUX": "set",
        "SSH_CONNECTION": "set",
    }


def test_versions_are_known() -> None:
    assert "?" not in versions().values()
