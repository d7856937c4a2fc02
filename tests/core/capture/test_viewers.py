"""Who looks on, and how long a capture stays when nobody does."""

from __future__ import annotations

import anyio
import pytest

from core.capture.viewers import Viewers

pytestmark = pytest.mark.anyio

FOR_EVER = 3600.0


async def _ends(viewers: Viewers) -> bool:
    with anyio.move_on_after(0.1):
        await viewers.all_gone()
        return True
    return False


async def test_the_last_goodbye_ends_it() -> None:
    viewers = Viewers(stays=False, linger_s=FOR_EVER)
    viewers.arrive()
    viewers.arrive()
    viewers.leave(keep=False)
    assert not await _ends(viewers)
    viewers.leave(keep=False)
    assert await _ends(viewers)


async def test_a_goodbye_that_asks_to_keep_it_keeps_it() -> None:
    viewers = Viewers(stays=False, linger_s=0.0)
    viewers.arrive()
    viewers.leave(keep=True)
    assert not await _ends(viewers)
    viewers.arrive()
    viewers.leave(keep=False)
    assert not await _ends(viewers)


async def test_a_lost_viewer_is_waited_for() -> None:
    viewers = Viewers(stays=False, linger_s=FOR_EVER)
    viewers.arrive()
    viewers.lose()
    assert not await _ends(viewers)


async def test_a_lost_viewer_is_not_waited_for_for_ever() -> None:
    viewers = Viewers(stays=False, linger_s=0.01)
    viewers.arrive()
    viewers.lose()
    with anyio.fail_after(10):
        await viewers.all_gone()


async def test_a_viewer_that_comes_back_may_end_it() -> None:
    viewers = Viewers(stays=False, linger_s=FOR_EVER)
    viewers.arrive()
    viewers.lose()
    viewers.arrive()
    viewers.leave(keep=False)
    assert await _ends(viewers)


async def test_a_capture_that_nobody_greets_ends_by_itself() -> None:
    viewers = Viewers(stays=False, linger_s=0.01)
    with anyio.fail_after(10):
        await viewers.all_gone()


async def test_a_recording_capture_stays() -> None:
    viewers = Viewers(stays=True, linger_s=0.0)
    viewers.arrive()
    viewers.leave(keep=False)
    assert not await _ends(viewers)


async def test_an_arrival_while_it_lingers_is_noticed() -> None:
    viewers = Viewers(stays=False, linger_s=0.2)
    viewers.arrive()
    viewers.lose()
    ended = anyio.Event()

    async def wait() -> None:
        await viewers.all_gone()
        ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        viewers.arrive()
        with anyio.move_on_after(0.5):
            await ended.wait()
        assert not ended.is_set()
        viewers.leave(keep=False)
        with anyio.fail_after(10):
            await ended.wait()
