"""Searches in the process that makes them, from a viewer's side."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from core.console import Position
from core.search import Query
from core.search.finder import Finder
from core.search.messages import Log, Recordings
from tests.core.recording.made import begin, moment

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running() -> AsyncIterator[Finder]:
    finder = Finder()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(finder.run)
        yield finder
        tasks.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():
            await anyio.sleep(0.005)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def log_of(folder: Path, data: bytes) -> Log:
    path = folder / "some.log"
    path.write_bytes(data)
    return Log(str(path))


async def test_a_recording_is_searched_and_followed(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"one\ntwo\none\n", moment(1))
    async with running() as finder:
        assert finder.pid == 0
        search = finder.search(Recordings(str(tmp_path / "vm1")), Query("one"))
        assert search.is_counting
        await until(lambda: not search.is_counting)
        assert search.hits.window(0, 9) == [Position(1, 0), Position(1, 8)]
        assert search.scanned == 1.0
        before = search.revision
        recorder.write(b"and one more\n", moment(2))
        await until(lambda: len(search.hits) == 3)
        assert search.revision > before
        search.close()
        search.close()
    recorder.close()


async def test_searches_share_one_process_which_ends_with_the_viewer(tmp_path: Path) -> None:
    place = log_of(tmp_path, b"one\ntwo\n")
    async with running() as finder:
        searches = [finder.search(place, Query(text)) for text in ("o", "on", "one", "two", "x")]
        await until(lambda: not any(each.is_counting for each in searches))
        assert [len(each.hits) for each in searches] == [2, 1, 1, 1, 0]
        pid = finder.pid
        assert is_alive(pid)
    assert not is_alive(pid)


async def test_a_bad_expression_is_said_at_once(tmp_path: Path) -> None:
    finder = Finder()
    search = finder.search(log_of(tmp_path, b""), Query("a(", is_regex=True))
    assert search.error is not None
    assert not search.is_counting
    nothing = finder.search(log_of(tmp_path, b""), Query(""))
    assert not nothing.is_counting
    assert nothing.error is None


async def test_a_place_that_cannot_be_searched_is_said(tmp_path: Path) -> None:
    async with running() as finder:
        search = finder.search(Log(str(tmp_path / "none")), Query("x"))
        await until(lambda: not search.is_counting)
        assert "No such file" in search.trouble


async def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    place = log_of(tmp_path, b"one\n" * 1000)
    async with running() as finder:
        search = finder.search(place, Query("one"))
        await until(lambda: not search.is_counting)
        first = finder.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: finder.pid not in (0, first) and not search.is_counting)
        assert len(search.hits) == 1000
        other = finder.search(place, Query("on"))
        await until(lambda: not other.is_counting)
        assert len(other.hits) == 1000


async def test_a_process_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    place = log_of(tmp_path, b"one\n")
    async with running() as finder:
        search = finder.search(place, Query("one"))
        await until(lambda: not search.is_counting)
        os.kill(finder.pid, signal.SIGSTOP)
        hung = finder.search(place, Query("on"))
        hung.close()
        pid = finder.pid
    assert not is_alive(pid)


async def test_a_superseded_search_ends_and_the_next_one_is_answered(tmp_path: Path) -> None:
    place = log_of(tmp_path, b"a line of a console with some text\n" * 1_000_000)
    async with running() as finder:
        for text in ("t", "te", "tex"):
            search = finder.search(place, Query(text))
            await until(lambda search=search: len(search.hits) > 0)  # type: ignore[misc]
            assert search.is_counting
            search.close()
            found = len(search.hits)
            last = finder.search(place, Query("text$", is_regex=True))
            await until(lambda last=last: len(last.hits) > 0)  # type: ignore[misc]
            assert len(search.hits) == found
            last.close()
