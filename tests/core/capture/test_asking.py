"""Who has a console is found out for many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.capture.watching import asking as module
from core.capture.watching.asking import SHARED, Asking
from core.endpoints import ConsoleUrl, parse_console_url
from core.endpoints.holders import Holding, Kind
from tests.core.endpoints.sites import listen

pytestmark = pytest.mark.anyio


class Looks:
    """Counts looks on their way to the real one, and lets them meet with trouble."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.poison = ""
        self._look = module._look
        monkeypatch.setattr(module, "_look", self)

    def __call__(self, urls: Sequence[ConsoleUrl]) -> list[Holding]:
        self.sizes.append(len(urls))
        if any(url.path == self.poison for url in urls):
            raise ZeroDivisionError(self.poison)
        return self._look(urls)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """What is looked at from now on."""
    return Looks(monkeypatch)


async def test_who_asks_while_a_look_is_under_way_shares_the_next_one(
    looks: Looks, tmp_path: Path
) -> None:
    asking = Asking()
    count = SHARED + 3
    found: dict[int, Holding] = {}
    with listen(tmp_path / "1"):

        async def ask(number: int) -> None:
            found[number] = await asking.look(parse_console_url(f"unix:{tmp_path}/{number}"))

        async with anyio.create_task_group() as tasks:
            for number in range(count):
                tasks.start_soon(ask, number)
    assert len(looks.sizes) <= 3
    assert sum(looks.sizes) == count
    assert {number for number, each in found.items() if each.kind is Kind.SOCKET} == {1}
    assert all(each.url.path == f"{tmp_path}/{number}" for number, each in found.items())


async def test_one_who_stops_asking_takes_nobodys_answer_away(looks: Looks, tmp_path: Path) -> None:
    asking = Asking()
    answered = []

    async def ask(number: int, scope: anyio.CancelScope) -> None:
        with scope:
            await asking.look(parse_console_url(f"unix:{tmp_path}/{number}"))
            answered.append(number)

    async with anyio.create_task_group() as tasks:
        scopes = [anyio.CancelScope() for _ in range(6)]
        for number, scope in enumerate(scopes):
            tasks.start_soon(ask, number, scope)
        await anyio.lowlevel.checkpoint()
        scopes[0].cancel()
        scopes[3].cancel()
    assert {1, 2, 4, 5} <= set(answered)


async def test_a_mistake_with_one_console_is_not_the_others(looks: Looks, tmp_path: Path) -> None:
    asking = Asking()
    looks.poison = f"{tmp_path}/2"
    answered, failed = set(), set()

    async def ask(number: int) -> None:
        try:
            await asking.look(parse_console_url(f"unix:{tmp_path}/{number}"))
        except ZeroDivisionError:
            failed.add(number)
        else:
            answered.add(number)

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(ask, number)
    assert (answered, failed) == ({0, 1, 3, 4}, {2})
