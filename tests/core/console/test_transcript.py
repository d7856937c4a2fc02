"""Several generations read as one scroll."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Position, SafeStr, Transcript, TranscriptRow, safe_text
from tests.core.console.checks import unhurried
from tests.core.console.memory import Memory

ALL = 100_000
NO_SEAM = safe_text("")


def transcript_of(*generations: bytes, oldest_seam: str = "") -> Transcript:
    return Transcript(
        [
            (number, Memory(data), safe_text(f"boot {number}" if number > 1 else oldest_seam))
            for number, data in enumerate(generations, 1)
        ]
    )


def shown(rows: list[TranscriptRow]) -> list[str]:
    return [f"<{row.seam}>" if row.row is None else row.row.data.decode() for row in rows]


def test_a_transcript_without_generations_is_empty() -> None:
    empty = Transcript()
    assert empty.first == empty.last == Position(0, 0)
    assert empty.forward(empty.first, 5) == []
    assert empty.backward(empty.last, 5) == []


def test_generations_stand_in_order_with_a_seam_before_each_but_the_oldest() -> None:
    transcript = transcript_of(b"a\nb\n", b"c\n", b"d")
    expected = ["a", "b", "<boot 2>", "c", "<boot 3>", "d"]
    assert shown(transcript.forward(transcript.first, 9)) == expected
    assert shown(transcript.backward(transcript.last, 9)) == expected
    assert transcript.first == Position(1, 0)
    assert transcript.last == Position(3, 1)


def test_the_oldest_seam_is_shown_when_it_says_something() -> None:
    transcript = transcript_of(b"a\n", oldest_seam="began at noon")
    assert transcript.first == Position(1, -1)
    assert shown(transcript.forward(transcript.first, 9)) == ["<began at noon>", "a"]
    assert shown(transcript.backward(transcript.last, 9)) == ["<began at noon>", "a"]


def test_a_later_seam_without_words_is_a_seam_all_the_same() -> None:
    transcript = Transcript([(1, Memory(b"a\n"), NO_SEAM), (2, Memory(b"b\n"), NO_SEAM)])
    assert shown(transcript.forward(transcript.first, 9)) == ["a", "<>", "b"]


def test_a_row_knows_where_it_is_and_where_the_next_one_is() -> None:
    transcript = transcript_of(b"a\nb\n", b"c")
    rows = transcript.forward(transcript.first, 9)
    assert [row.position for row in rows] == [
        Position(1, 0),
        Position(1, 2),
        Position(2, -1),
        Position(2, 0),
    ]
    assert [row.end for row in rows] == [
        Position(1, 2),
        Position(1, 4),
        Position(2, 0),
        Position(2, 1),
    ]


def test_empty_generations_show_their_seams_alone() -> None:
    transcript = transcript_of(b"", b"", b"", b"a\n", b"", b"")
    expected = ["<boot 2>", "<boot 3>", "<boot 4>", "a", "<boot 5>", "<boot 6>"]
    assert shown(transcript.forward(transcript.first, 9)) == expected
    assert shown(transcript.backward(transcript.last, 9)) == expected
    assert transcript.first == Position(1, 0)
    assert transcript.last == Position(6, 0)


def test_positions_are_in_the_order_of_the_rows() -> None:
    rows = transcript_of(b"a\nb\n", b"", b"c\nd").forward(Position(0, 0), ALL)
    positions = [row.position for row in rows]
    assert positions == sorted(positions)
    assert all(row.position < row.end for row in rows)


def test_a_position_outside_means_the_nearest_row() -> None:
    transcript = Transcript([(3, Memory(b"a\n", start=0), NO_SEAM), (7, Memory(b"b\n"), NO_SEAM)])
    assert shown(transcript.forward(Position(1, 500), 1)) == ["a"]
    assert shown(transcript.forward(Position(5, 500), 1)) == ["<>"]
    assert shown(transcript.backward(Position(5, 0), 1)) == ["a"]
    assert shown(transcript.backward(Position(9, 0), 1)) == ["b"]
    assert transcript.forward(Position(9, 0), 1) == []
    assert transcript.backward(Position(1, 0), 1) == []


def test_dropped_bytes_move_the_first_position() -> None:
    source = Memory(b"one\ntwo\nthree\n")
    transcript = Transcript([(1, source, NO_SEAM)])
    source.start = 4
    assert transcript.first == Position(1, 4)
    assert shown(transcript.forward(Position(1, 0), 9)) == ["two", "three"]


def test_rows_that_come_later_are_found() -> None:
    source = Memory(b"one\n")
    transcript = Transcript([(1, source, NO_SEAM)])
    last = transcript.last
    source.data += b"two\nthr"
    assert shown(transcript.forward(last, 9)) == ["two", "thr"]
    transcript.append(2, Memory(b"new\n"), safe_text("boot"))
    assert shown(transcript.forward(last, 9)) == ["two", "thr", "<boot>", "new"]


def test_generations_come_in_order() -> None:
    transcript = transcript_of(b"a")
    with pytest.raises(ValueError, match="generation 1 after 1"):
        transcript.append(1, Memory(), NO_SEAM)


def test_only_what_is_asked_is_read() -> None:
    sources = [Memory(b"line\n" * 100_000) for _ in range(5)]
    transcript = Transcript([(n, source, NO_SEAM) for n, source in enumerate(sources)])
    transcript.backward(transcript.last, 10)
    assert [source.bytes_read > 0 for source in sources] == [False] * 4 + [True]
    assert sources[-1].bytes_read <= 4 * 8192


generations = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.lists(st.sampled_from([b"\n", b"a\n", b"bc\n", b"d" * 9000, b"e"]), max_size=6).map(
            b"".join
        ),
        st.sampled_from([0, 0, 1, 5]),
        st.sampled_from(["", "boot"]),
    ),
    max_size=5,
)


def built(chosen: list[tuple[int, bytes, int, str]]) -> Transcript:
    transcript, sequence = Transcript(), 0
    for gap, data, start, seam in chosen:
        sequence += gap
        transcript.append(sequence, Memory(data, min(start, len(data))), SafeStr(seam))
    return transcript


@unhurried
@given(generations)
def test_forward_and_backward_find_the_same_rows(chosen: list[tuple[int, bytes, int, str]]) -> None:
    transcript = built(chosen)
    everything = transcript.forward(transcript.first, ALL)
    assert transcript.backward(transcript.last, ALL) == everything
    guests = b"".join(data[min(start, len(data)) :] for _, data, start, _ in chosen)
    rows = [row.row for row in everything if row.row is not None]
    assert b"".join(r.data for r in rows) == guests.replace(b"\n", b"")
    assert sum(r.end - r.start for r in rows) == len(guests)


@unhurried
@given(generations, st.integers(0, 8))
def test_any_row_can_be_begun_at(chosen: list[tuple[int, bytes, int, str]], count: int) -> None:
    transcript = built(chosen)
    everything = transcript.forward(transcript.first, ALL)
    for index, row in enumerate(everything):
        assert transcript.forward(row.position, count) == everything[index : index + count]
        assert transcript.forward(row.end, count) == everything[index + 1 : index + 1 + count]
        assert transcript.backward(row.position, count) == everything[max(0, index - count) : index]


@unhurried
@given(
    st.lists(st.sampled_from([b"", b"a\n", b"b\n\nc\n", b"d"]), min_size=1, max_size=4),
    st.data(),
)
def test_lines_between_two_rows_are_the_rows_between_them(
    generations: list[bytes], data: st.DataObject
) -> None:
    transcript = transcript_of(*generations)
    rows = [row for row in transcript.forward(transcript.first, ALL) if row.row is not None]
    if not rows:
        return
    first = data.draw(st.integers(0, len(rows) - 1))
    last = data.draw(st.integers(first, len(rows) - 1))
    begin, end = rows[first].position, rows[last].position
    assert transcript.lines_between(begin, end) == last - first
    between = rows[first:last]
    assert transcript.bytes_between(begin, end) == sum(
        row.row.end - row.row.start for row in between if row.row
    )
