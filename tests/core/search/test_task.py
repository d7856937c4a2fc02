"""A search of recordings that grow and lose their oldest bytes, against the slow way."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.console import Position
from core.recording import Recorder
from core.search import Query
from core.search.hits import Hits
from core.search.messages import Found, FromSearch, Gone, Log, Look, Place, Recordings, Stand
from core.search.sieve import Sieve
from core.search.task import Task
from tests.core.recording.made import begin, fresh_folder, moment
from tests.core.search.model import positions_showing


class Heard:
    """A search, and what a viewer knows of it."""

    def __init__(
        self, place: Place, query: Query | Sieve, near: tuple[int, int] | None = None
    ) -> None:
        self.hits = Hits()
        self.stands: list[Stand] = []
        self.told: list[Found] = []
        self._clock = itertools.count(1e6, 10)
        sieve = query if isinstance(query, Sieve) else None
        asked = Query("") if isinstance(query, Sieve) else query
        self.task = Task(Look(1, place, asked, near, sieve), self.hear)
        self.settle()

    def hear(self, message: FromSearch) -> None:
        match message:
            case Found():
                self.told.append(message)
                self.hits.put(message.generation, message.begin, message.end, message.hits)
            case Gone():
                self.hits.keep(message.generations)
                for generation, start in message.starts.items():
                    self.hits.drop_before(generation, start)
            case Stand():
                self.stands.append(message)

    def settle(self) -> list[Position]:
        # A look is at a few generations in turn.
        for _ in range(10):
            while self.task.is_busy:
                self.task.step()
            self.task.look(next(self._clock))
        assert not self.task.is_busy
        return [self.hits[each] for each in range(len(self.hits))]


def write(recorder: Recorder, data: bytes, at: float = 1.0) -> None:
    recorder.write(data, moment(at))


LONG = {b"<rows>": b"x\n" * 50, b"<long>": b"x" * 9000}
TEXTS = st.lists(
    st.sampled_from(
        [b"ab\n", b"ab", b"a\x1b[1mb\n", b"<rows>", b"\n", b"<long>", b"ab\r\n", b"\xc3", b"\xa9"]
    ),
    min_size=1,
    max_size=5,
).map(b"".join)
STEP = st.one_of(st.tuples(st.just("write"), TEXTS), st.just(("boot", b"")), st.just(("drop", b"")))


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=8), query=st.sampled_from(["ab", "a.?b$"]))
def test_hits_stay_right_as_a_recording_changes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes]], query: str
) -> None:
    home = fresh_folder(tmp_path_factory)
    looked_for = Query(query, is_regex="?" in query)
    recorder = begin(home, life="0", segment_bytes=5000)
    write(recorder, b"ab\nxx")
    folder = home / "vm1"
    heard = Heard(Recordings(str(folder)), looked_for)
    lives = itertools.count(1)
    for kind, data in steps:
        match kind:
            case "write":
                for label, text in LONG.items():
                    data = data.replace(label, text)
                write(recorder, data)
            case "boot":
                recorder.close()
                recorder = begin(home, life=str(next(lives)), segment_bytes=5000)
            case _:
                # The last one may be all that says where the growing one begins.
                for segment in sorted(recorder.folder.glob("console.[0-9]*.log"))[:-1][:1]:
                    segment.unlink()
        assert heard.settle() == positions_showing(folder, looked_for)
    recorder.close()
    heard.task.close()


def test_what_is_near_the_view_comes_first(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    write(recorder, b"a row with some text in it\n" * 200_000)
    recorder.close()
    place = Recordings(str(tmp_path / "vm1"))
    end = Heard(place, Query("text"))
    assert end.told[0].begin >= 5 * 1024 * 1024
    middle = Heard(place, Query("text"), (1, 2_500_000))
    assert [each.begin // (1 << 20) for each in middle.told[:1]] == [2]
    assert end.settle() == middle.settle()
    assert len(end.hits) == 200_000
    assert not end.stands[-1].is_counting
    assert end.stands[-1].scanned == end.stands[-1].total
    for each in (end, middle):
        each.task.close()


def test_an_unfinished_row_is_found_and_found_again(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    write(recorder, b"guest lo")
    heard = Heard(Recordings(str(tmp_path / "vm1")), Query("login$", is_regex=True))
    assert heard.settle() == []
    write(recorder, b"gin")
    assert heard.settle() == [Position(1, 0)]
    write(recorder, b": root\n")
    assert heard.settle() == []
    recorder.close()
    heard.task.close()


def test_a_log_is_searched_and_followed_when_it_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_bytes(b"ab\nx\nab\n")
    heard = Heard(Log(str(log), sequence=3), Query("ab"))
    assert heard.settle() == [Position(3, 0), Position(3, 5)]
    with log.open("ab") as file:
        file.write(b"xab")
    assert heard.settle() == [Position(3, 0), Position(3, 5), Position(3, 8)]
    log.write_bytes(b"ab\n")
    assert heard.settle()[-1] == Position(4, 0)
    heard.task.close()


def test_a_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    heard = Heard(Log(str(tmp_path / "none")), Query("x"))
    assert "No such file" in heard.stands[-1].trouble
    assert not heard.stands[-1].is_counting
    assert Heard(Recordings(str(tmp_path / "none")), Query("x")).settle() == []
