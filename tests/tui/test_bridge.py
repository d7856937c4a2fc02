"""Facts come up as messages, wishes go down as commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from textual.message import Message

from core.client import CaptureGone, EventsLost, SandboxChanged, TrafficCounted
from core.errors import CommandRefused
from core.sandboxes.model import ConsoleState, Traffic
from tests.fakes import ScriptedLink, sandbox
from tui.bridge import (
    MAX_WISHES,
    Bridge,
    CaptureLost,
    Listed,
    SandboxTold,
    SetDebug,
    StartProxy,
    StopProxy,
    TrafficTold,
    WishRefused,
)

pytestmark = pytest.mark.anyio


class Post:
    """Takes messages and lets a test wait for them."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._came = anyio.Event()

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._came.set()
        self._came = anyio.Event()

    async def count(self, n: int) -> list[Message]:
        """The first `n` messages."""
        with anyio.fail_after(5):
            while len(self.messages) < n:
                await self._came.wait()
        return self.messages[:n]


@asynccontextmanager
async def carried(link: ScriptedLink) -> AsyncIterator[tuple[Bridge, Post]]:
    post = Post()
    bridge = Bridge(link, post)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bridge.run)
        yield bridge, post
        tasks.cancel_scope.cancel()
    link.close()


async def asked(link: ScriptedLink, n: int) -> list[tuple[str, ...]]:
    """The first `n` commands."""
    with anyio.fail_after(5):
        while len(link.asked) < n:
            await anyio.lowlevel.checkpoint()
    return link.asked[:n]


async def test_the_list_comes_first_then_what_changes() -> None:
    link = ScriptedLink([sandbox("vm1"), sandbox("vm2")])
    async with carried(link) as (_, post):
        ended = sandbox("vm1", ConsoleState.ENDED)
        link.tell(SandboxChanged(ended))
        link.tell(TrafficCounted({"vm2": Traffic(bytes=7)}))
        listed, told, counted = await post.count(3)
    assert isinstance(listed, Listed)
    assert [facts.id for facts in listed.facts] == ["vm1", "vm2"]
    assert isinstance(told, SandboxTold)
    assert told.facts == ended
    assert isinstance(counted, TrafficTold)
    assert counted.traffic == {"vm2": Traffic(bytes=7)}


async def test_after_lost_events_it_asks_again() -> None:
    link = ScriptedLink([sandbox("vm1")])
    async with carried(link) as (_, post):
        await post.count(1)
        link.facts["vm2"] = sandbox("vm2")
        link.tell(EventsLost())
        _, again = await post.count(2)
    assert isinstance(again, Listed)
    assert [facts.id for facts in again.facts] == ["vm1", "vm2"]


async def test_a_capture_that_goes_away_is_told_and_wishes_are_still_answered() -> None:
    link = ScriptedLink([sandbox("vm1")])
    async with carried(link) as (bridge, post):
        link.tell(CaptureGone("capture was stopped"))
        lost = (await post.count(2))[1]
        assert isinstance(lost, CaptureLost)
        assert lost.reason == "capture was stopped"
        link.refusals["vm1"] = CommandRefused("Capture is gone", kind="CaptureUnreachable")
        bridge.wish(StartProxy("vm1"))
        refused = (await post.count(3))[2]
        assert isinstance(refused, WishRefused)


async def test_a_capture_that_never_answers_is_told_with_its_hint() -> None:
    link = ScriptedLink()
    link.is_unreachable = True
    async with carried(link) as (_, post):
        (lost,) = await post.count(1)
    assert isinstance(lost, CaptureLost)
    assert lost.reason == "Capture does not answer list"
    assert lost.hint == "Its log tells more."


async def test_each_wish_is_its_command() -> None:
    link = ScriptedLink([sandbox("vm1")])
    async with carried(link) as (bridge, _):
        bridge.wish(StopProxy("vm1"))
        bridge.wish(StartProxy("vm1"))
        bridge.wish(SetDebug("vm1", debug=False))
        assert sorted(await asked(link, 3)) == [
            ("set_debug", "vm1", "False"),
            ("start", "vm1"),
            ("stop", "vm1"),
        ]


async def test_a_refusal_comes_back_with_its_reason() -> None:
    link = ScriptedLink([sandbox("vm1")])
    link.refusals["vm1"] = CommandRefused("agent URL is missing", kind="ProxyError", hint="Name it")
    async with carried(link) as (bridge, post):
        bridge.wish(StartProxy("vm1"))
        refused = (await post.count(2))[1]
    assert isinstance(refused, WishRefused)
    assert refused.sandbox_id == "vm1"
    assert (refused.error.message, refused.error.hint) == ("agent URL is missing", "Name it")


class SlowLink(ScriptedLink):
    """Takes its time to stop anything."""

    async def stop(self, sandbox_id: str) -> None:
        self.asked.append(("stop", sandbox_id))
        await anyio.sleep_forever()


async def test_a_slow_sandbox_holds_up_no_other() -> None:
    link = SlowLink([sandbox("slow"), sandbox("quick")])
    async with carried(link) as (bridge, _):
        bridge.wish(StopProxy("slow"))
        bridge.wish(StartProxy("quick"))
        assert ("start", "quick") in await asked(link, 2)


async def test_more_wishes_than_anybody_makes_are_refused() -> None:
    link = ScriptedLink()
    post = Post()
    bridge = Bridge(link, post)
    for _ in range(MAX_WISHES + 1):
        bridge.wish(StopProxy("vm1"))
    (refused,) = post.messages
    assert isinstance(refused, WishRefused)
    bridge.close()
    link.close()


async def test_a_bridge_that_never_ran_can_be_closed() -> None:
    link = ScriptedLink()
    bridge = Bridge(link, Post())
    bridge.close()
    link.close()


async def test_wishes_made_before_it_closes_are_still_carried() -> None:
    link = ScriptedLink([sandbox("vm1")])
    async with carried(link) as (bridge, post):
        await post.count(1)
        bridge.wish(StopProxy("vm1"))
        bridge.close()
        assert await asked(link, 1) == [("stop", "vm1")]
