"""Only the rows that match, and those around them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Position, SafeStr, Transcript, TranscriptRow, safe_text
from core.console.filtered import MAX_CONTEXT, Filtered
from tests.core.console.checks import unhurried
from tests.core.console.memory import Memory

ALL = 100_000


class Chosen(list[Position]):
    """Matches that a test chooses."""

    def count_before(self, position: Position) -> int:
        return bisect_left(self, position)


def gap_text(rows: int | None, size: int | None, seam: SafeStr) -> SafeStr:
    if seam:
        return safe_text(f"~ {seam}")
    return safe_text(f"~ {rows} rows" if rows is not None else f"~ {size} bytes")


def transcript_of(*generations: bytes) -> Transcript:
    return Transcript(
        [
            (number, Memory(data), safe_text(f"boot {number}" if number > 1 else ""))
            for number, data in enumerate(generations, 1)
        ]
    )


def matches_in(transcript: Transcript, word: bytes) -> Chosen:
    rows = transcript.forward(transcript.first, ALL)
    return Chosen(line.position for line in rows if line.row and word in line.row.data)


def filtered(transcript: Transcript, word: bytes = b"!", context: int = 0) -> Filtered:
    return Filtered(transcript, matches_in(transcript, word), gap_text, context)


def shown(lines: list[TranscriptRow]) -> list[str]:
    return [f"<{line.seam}>" if line.row is None else line.row.data.decode() for line in lines]


def all_of(script: Filtered) -> list[TranscriptRow]:
    return script.forward(script.first, ALL)


TEN = b"a\nb\nc!\nd\ne\nf\ng\nh!\ni!\nj\n"


def test_only_matching_rows_are_shown() -> None:
    assert shown(all_of(filtered(transcript_of(TEN)))) == ["c!", "h!", "i!"]


def test_context_stands_around_each_match_and_a_gap_between_groups() -> None:
    script = filtered(transcript_of(TEN), context=1)
    assert shown(all_of(script)) == ["b", "c!", "d", "<~ 2 rows>", "g", "h!", "i!", "j"]
    assert script.backward(script.last, ALL) == all_of(script)


def test_groups_that_touch_have_no_gap() -> None:
    expected = ["a", "b", "c!", "d", "e", "f", "g", "h!", "i!", "j"]
    assert shown(all_of(filtered(transcript_of(TEN), context=2))) == expected


def test_nothing_stands_for_what_is_hidden_above_the_first_and_below_the_last_match() -> None:
    script = filtered(transcript_of(b"x\nx\nx\na\nb!\nc\nx\nx\n"), context=1)
    assert shown(all_of(script)) == ["a", "b!", "c"]


def test_no_match_shows_nothing() -> None:
    script = filtered(transcript_of(TEN), b"?", context=3)
    assert all_of(script) == script.backward(script.last, 9) == []
    assert script.nearest(Position(1, 4)) is None


def test_a_generation_between_two_matches_is_told_even_without_context() -> None:
    transcript = transcript_of(b"a!\nb\n", b"c\n", b"d\ne!\n")
    assert shown(all_of(filtered(transcript))) == ["a!", "<~ boot 3>", "e!"]
    assert shown(all_of(filtered(transcript, context=1))) == [
        "a!",
        "b",
        "<~ boot 3>",
        "d",
        "e!",
    ]


def test_a_seam_is_context_as_a_row_is() -> None:
    script = filtered(transcript_of(b"a!\n", b"b\nc!\n"), context=1)
    assert shown(all_of(script)) == ["a!", "<boot 2>", "b", "c!"]


def test_a_long_gap_is_not_counted() -> None:
    script = filtered(transcript_of(b"a!\n" + b"x\n" * 10_000 + b"b!\n"), context=1)
    assert shown(all_of(script)) == ["a!", "x", "<~ 19996 bytes>", "x", "b!"]


def test_any_place_has_a_nearest_row() -> None:
    script = filtered(transcript_of(TEN))
    rows = all_of(script)
    assert script.nearest(Position(1, 2)) == rows[0].position
    assert script.nearest(rows[1].position) == rows[1].position
    assert script.nearest(script.last) == rows[2].position


def test_a_gap_that_a_view_holds_stays_while_matches_come_into_it() -> None:
    transcript = transcript_of(b"a!\n" + b"x\n" * 9 + b"b!\n")
    script = filtered(transcript, context=1)
    gap = all_of(script)[2]
    assert gap.row is None
    matches = matches_in(transcript, b"!")
    matches.insert(1, Position(1, 15))
    grown = Filtered(transcript, matches, gap_text, 1)
    assert [line.position for line in grown.forward(gap.position, 2)] == [
        gap.position,
        Position(1, 13),
    ]


def test_matches_that_the_script_does_not_know_show_nothing() -> None:
    transcript = transcript_of(b"a!\nb\n", b"c!\nd\n")
    matches = Chosen(
        Position(*each) for each in [(0, 0), (1, 0), (1, 500), (2, 0), (2, 500), (3, 0)]
    )
    script = Filtered(transcript, matches, gap_text)
    assert shown(all_of(script)) == ["a!", "<~ boot 2>", "c!"]
    assert script.backward(script.last, 9) == all_of(script)


def test_dropped_bytes_take_their_rows_with_them() -> None:
    source = Memory(TEN)
    transcript = Transcript([(1, source, safe_text(""))])
    script = filtered(transcript, context=1)
    source.start = TEN.index(b"e\n")
    assert shown(all_of(script)) == ["g", "h!", "i!", "j"]
    assert script.backward(script.last, ALL) == all_of(script)
    assert shown(script.forward(Position(1, 0), 1)) == ["g"]


# A naive model.


@dataclass
class Case:
    generations: list[bytes]
    context: int
    dropped: int

    def built(self) -> tuple[Transcript, list[Memory]]:
        sources = [Memory(data) for data in self.generations]
        sources[0].start = min(self.dropped, len(self.generations[0]))
        transcript = Transcript(
            [(n, source, safe_text(f"boot {n}")) for n, source in enumerate(sources, 1)]
        )
        return transcript, sources


def naive(transcript: Transcript, matches: Chosen, context: int) -> list[TranscriptRow | None]:
    """What is shown, with None for each gap."""
    rows = transcript.forward(transcript.first, ALL)
    hits = [n for n, row in enumerate(rows) if row.position in matches]
    kept = sorted({k for n in hits for k in range(n - context, n + context + 1)})
    kept = [k for k in kept if 0 <= k < len(rows)]
    found: list[TranscriptRow | None] = []
    for before, k in zip([None, *kept], kept, strict=False):
        is_torn = before is not None and k > before + 1
        if is_torn:
            assert before is not None
            one, other = rows[before].end, rows[k].position
            if context or one.generation != other.generation:
                found.append(None)
        found.append(rows[k])
    return found


def bare(lines: list[TranscriptRow]) -> list[TranscriptRow | None]:
    return [None if line.seam.startswith("~") else line for line in lines]


PIECES = st.lists(
    st.sampled_from([b"\n", b"a\n", b"b!\n", b"c\n", b"!" * 9000, b"d!"]), max_size=12
).map(b"".join)
CASES = st.builds(
    Case,
    st.lists(PIECES, min_size=1, max_size=4),
    st.integers(0, 4),
    st.sampled_from([0, 0, 1, 7, 30]),
)
STRANGE = st.sampled_from(
    [Position(0, 3), Position(1, 500_000), Position(2, 500_000), Position(9, 0)]
)
"""Matches that no row is of: not any more, or not yet."""


@unhurried
@given(CASES, st.integers(1, 7), st.lists(STRANGE, max_size=3))
def test_every_way_through_shows_what_a_naive_filter_shows(
    case: Case, count: int, strange: list[Position]
) -> None:
    transcript, _ = case.built()
    matches = Chosen(sorted({*matches_in(transcript, b"!"), *strange}))
    script = Filtered(transcript, matches, gap_text, case.context)
    everything = all_of(script)
    assert bare(everything) == naive(transcript, matches, case.context)
    assert [line.position for line in everything] == sorted({x.position for x in everything})
    assert script.backward(script.last, ALL) == everything
    for n, line in enumerate(everything):
        assert script.forward(line.position, count) == everything[n : n + count]
        assert script.forward(line.end, count) == everything[n + 1 : n + 1 + count]
        assert script.backward(line.position, count) == everything[max(0, n - count) : n]
    for row in transcript.forward(transcript.first, ALL):
        ahead = [line for line in everything if line.position >= row.position]
        behind = [line for line in everything if line.position < row.position]
        assert script.forward(row.position, count) == ahead[:count]
        assert script.backward(row.position, count) == behind[-count:]


@unhurried
@given(CASES, st.data())
def test_what_is_above_and_below_may_grow_while_a_row_is_held(
    case: Case, data: st.DataObject
) -> None:
    """Matches come in any order, as chunks are searched; what was shown stays shown."""
    transcript, sources = case.built()
    everything = matches_in(transcript, b"!")
    matches = Chosen()
    script = Filtered(transcript, matches, gap_text, case.context)
    for match in data.draw(st.permutations(everything)):
        before = [line for line in all_of(script) if line.row is not None]
        matches.insert(matches.count_before(match), match)
        after = [line.position for line in all_of(script)]
        assert {line.position for line in before} <= set(after)
    assert bare(all_of(script)) == naive(transcript, everything, case.context)
    sources[-1].data += b"\nnew!\n"
    grown = matches_in(transcript, b"!")
    matches[:] = grown
    assert bare(all_of(script)) == naive(transcript, grown, case.context)


# What it costs.

LINE = 100
GIGABYTE = 1_000_000_000


class Endless:
    """A gigabyte of lines of 100 bytes, made as they are read; counts what is."""

    start, end = 0, GIGABYTE

    def __init__(self) -> None:
        self.bytes_read = 0

    def read(self, offset: int, size: int) -> bytes:
        size = max(0, min(size, self.end - offset))
        self.bytes_read += size
        line = b"x" * (LINE - 1) + b"\n"
        skip = offset % LINE
        return (line * (size // LINE + 2))[skip : skip + size]


class Every:
    """A match every so many lines, and how often it was asked."""

    def __init__(self, step: int) -> None:
        self.step = step * LINE
        self.asked = 0

    def __len__(self) -> int:
        return GIGABYTE // self.step if self.step else 0

    def __getitem__(self, index: int) -> Position:
        self.asked += 1
        return Position(1, index * self.step)

    def count_before(self, position: Position) -> int:
        self.asked += 1
        if position.generation != 1:
            return 0 if position.generation < 1 else len(self)
        return min(len(self), -(-max(0, position.offset) // self.step)) if self.step else 0


@pytest.mark.parametrize("context", [0, 1, 3, MAX_CONTEXT])
@pytest.mark.parametrize("step", [0, 1, 2, 5, 1000, 3_000_000])
def test_a_frame_of_a_gigabyte_costs_the_same_whatever_matches(step: int, context: int) -> None:
    source = Endless()
    matches = Every(step)
    transcript = Transcript([(1, source, safe_text(""))])
    script = Filtered(transcript, matches, gap_text, context)
    for place in (0, GIGABYTE // 2, GIGABYTE):
        at = Position(1, place)
        for lines in (script.forward(at, 50), script.backward(at, 50)):
            assert len(lines) <= 50
            if step in (1, 2, 5) and place == GIGABYTE // 2:
                assert len(lines) == 50
    frames = 6
    assert source.bytes_read <= frames * 6_000_000
    assert matches.asked <= frames * 5_000
