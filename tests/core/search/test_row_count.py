"""How many rows were searched, and which a sieve keeps, as a recording changes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.console import Level, Position, Transcript, safe_text
from core.recording import GenerationReader, History
from core.search import Query
from core.search.messages import Recordings
from core.search.row_count import RowCount
from core.search.sieve import Sieve
from tests.core.recording.made import begin, fresh_folder
from tests.core.search.test_task import LONG, STEP, Heard, write

SIEVES = st.sampled_from(
    [
        Sieve((Query("ab"),)),
        Sieve((), (Query("ab"),)),
        Sieve((Query("a"), Query("x")), (Query("b"),)),
        Sieve((), (), Level.WARNING),
    ]
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=8), sieve=SIEVES)
def test_what_is_kept_and_counted_stays_right(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes]], sieve: Sieve
) -> None:
    home = fresh_folder(tmp_path_factory)
    recorder = begin(home, life="0", segment_bytes=5000)
    write(recorder, b"ab\n<3>[    1.000000] bad\nxx")
    heard = Heard(Recordings(str(home / "vm1")), sieve)
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
                for segment in sorted(recorder.folder.glob("console.[0-9]*.log"))[:-1][:1]:
                    segment.unlink()
        transcript = Transcript()
        for each in History(home / "vm1").generations:
            transcript.append(each.sequence, GenerationReader(each.folder), safe_text(""))
        rows = [
            line for line in transcript.forward(Position(0, 0), 100_000) if line.row is not None
        ]
        kept = [line.position for line in rows if line.row and sieve.keeps(line.row.data)]
        assert heard.settle() == kept
        assert heard.stands[-1].rows == len(rows)
    recorder.close()
    heard.task.close()


def test_a_row_that_grows_is_counted_once() -> None:
    count = RowCount()
    count.add(1, 0, 3)
    count.end(1, 0, is_open=True)
    count.add(1, 0, 1)
    count.end(1, 0, is_open=True)
    count.add(1, 0, 2)
    count.end(1, 0, is_open=False)
    count.add(1, 0, 2)
    assert count.total == 6


def test_what_is_searched_again_or_gone_is_not_counted_twice() -> None:
    count = RowCount()
    for number in range(3):
        count.add(1, number, 10)
    count.add(2, -1, 5)
    count.restart(1, 1)
    count.add(1, 1, 4)
    assert count.total == 29
    count.forget_before(1, 1)
    assert count.total == 19
    count.forget(1)
    assert count.total == 5
