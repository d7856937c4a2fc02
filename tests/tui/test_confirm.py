"""What others would notice is asked about first."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from textual.widgets import Button

from core.console import safe_text
from core.proxy.types import ProxyType
from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts
from tests.fakes import sandbox
from tests.tui.stage import HOSTILE, Stage, dashboard
from tui.actions import ACTIONS
from tui.screens.confirm import ACCEPT_KEY, ConfirmScreen

pytestmark = pytest.mark.anyio


def kata(name: str = "") -> SandboxFacts:
    return sandbox("pod-1", name=name, family="kata", proxy_type=ProxyType.KATA, proxy_pid=812)


def asks(stage: Stage) -> bool:
    return isinstance(stage.app.screen, ConfirmScreen)


@pytest.mark.parametrize("key", ["s", "d"])
async def test_a_kata_proxy_is_asked_about_with_cancel_focused_and_its_name(key: str) -> None:
    async with dashboard([kata("the pod")]) as stage:
        await stage.press(key)
        assert asks(stage)
        assert "“the pod”" in stage.text
        assert "812" in stage.text
        focused = stage.app.screen.focused
        assert isinstance(focused, Button)
        assert focused.id == "cancel"
        assert stage.link.asked == []


async def test_cancelling_does_nothing() -> None:
    async with dashboard([kata()]) as stage:
        for key, answer in itertools.product("sd", ("enter", "escape", "n")):
            await stage.press(key)
            assert asks(stage)
            await stage.press(answer)
            assert not asks(stage)
        assert stage.link.asked == []


@pytest.mark.parametrize(
    ("key", "command"), [("s", ("stop", "pod-1")), ("d", ("set_debug", "pod-1", "False"))]
)
@pytest.mark.parametrize("answer", [["y"], ["tab", "enter"], ["right", "enter"]])
async def test_accepting_does_it(key: str, command: tuple[str, ...], answer: list[str]) -> None:
    async with dashboard([kata()]) as stage:
        await stage.press(key, *answer)
        await stage.until(lambda: stage.link.asked == [command])
        assert not asks(stage)


@pytest.mark.parametrize("key", ["s", "d"])
async def test_pressing_the_same_key_twice_accepts_nothing(key: str) -> None:
    async with dashboard([kata()]) as stage:
        await stage.press(key, key, key)
        assert asks(stage)
        assert stage.link.asked == []


async def test_the_accepting_key_leads_to_no_question() -> None:
    accepting = [action for action in ACTIONS if ACCEPT_KEY in action.keys]
    assert not any(action.danger for action in accepting)


@pytest.mark.parametrize(
    "facts",
    [
        sandbox("vm1"),
        sandbox("vm1", proxy_type=ProxyType.KATA_BUILT_IN),
        sandbox("vm1", proxy_type=ProxyType.NOOP),
        sandbox("vm1", proxy_type=ProxyType.KATA, proxy=ProxyState.STOPPED),
        sandbox("vm1", proxy_type=ProxyType.KATA, proxy=ProxyState.FAILED),
    ],
)
@pytest.mark.parametrize("key", ["s", "d"])
async def test_nothing_else_is_asked_about(key: str, facts: SandboxFacts) -> None:
    async with dashboard([facts]) as stage:
        await stage.press(key)
        assert not asks(stage)
        await stage.until(lambda: len(stage.link.asked) == 1)


async def test_keys_of_the_dashboard_do_nothing_under_a_question() -> None:
    async with dashboard([kata(), sandbox("vm2")]) as stage:
        await stage.press("s", "z", "q", "2", "?")
        assert asks(stage)
        assert stage.app.is_running
        assert stage.link.asked == []


async def test_a_hostile_name_stands_in_the_question_as_text() -> None:
    facts = [
        msgspec.structs.replace(each, spec=msgspec.structs.replace(each.spec, id=f"pod-{n}"))
        for n, each in enumerate(map(kata, HOSTILE))
    ]
    async with dashboard(facts, size=(140, 40)) as stage:
        for each in facts:
            await stage.press("s")
            assert asks(stage)
            assert f"“{safe_text(each.name, limit=64)[:30]}" in stage.text
            assert all(line.isprintable() for line in stage.text.splitlines())
            await stage.press("escape", "j")
        assert stage.link.asked == []


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 60)])
async def test_both_answers_are_in_sight_at_every_size(size: tuple[int, int]) -> None:
    async with dashboard([kata("x" * 300)], size=size) as stage:
        await stage.press("d")
        assert "Cancel  esc" in stage.text
        assert "Restart it  y" in stage.text


def held(*, is_takeable: bool) -> SandboxFacts:
    facts = sandbox("vm1", ConsoleState.HELD, reason="held by pid 7 (socat)")
    console = msgspec.structs.replace(
        facts.console,
        holder_pid=7,
        holder_name="socat",
        consequence="Taking it throws socat (pid 7) off",
        is_takeable=is_takeable,
    )
    return msgspec.structs.replace(facts, console=console)


async def test_taking_a_console_says_first_what_that_does_to_its_holder() -> None:
    async with dashboard([held(is_takeable=True)]) as stage:
        await stage.press("T")
        assert asks(stage)
        assert "throws socat (pid 7) off" in stage.text
        assert stage.link.asked == []
        await stage.press("y")
        await stage.until(lambda: stage.link.asked == [("take", "vm1")])


async def test_what_cannot_be_taken_is_not_asked_about() -> None:
    async with dashboard([held(is_takeable=False)]) as stage:
        await stage.press("T")
        assert not asks(stage)
        assert "waits for nobody's yes" in stage.text
        assert stage.link.asked == []
