"""Lines of ours between rows, against a naive merge."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from core.console import Annotated, Position, SafeStr, Script, Transcript, TranscriptRow, safe_text
from tests.core.console.checks import unhurried
from tests.core.console.memory import Memory

ALL = 100_000
_RANK = -1000

Ours = tuple[int, int]
"""Which generation, and where in it."""

some_bytes = st.text(alphabet="ab\n", max_size=30).map(str.encode)
pieces = st.lists(some_bytes, max_size=4)
places = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 40)), max_size=8)


@dataclass
class Lines:
    """Lines of ours in a list."""

    places: list[Ours] = field(default_factory=list)

    @property
    def rows(self) -> list[TranscriptRow]:
        found = []
        for number, (generation, offset) in enumerate(self.places):
            at = Position(generation, offset, _RANK + number)
            words = safe_text(f"event {number}")
            found.append(TranscriptRow(at, at._replace(rank=at.rank + 1), None, words, "mark"))
        return sorted(found, key=lambda row: row.position)

    @property
    def first(self) -> Position:
        rows = self.rows
        return rows[0].position if rows else Position(0, 0)

    @property
    def last(self) -> Position:
        rows = self.rows
        return rows[-1].end if rows else Position(0, 0)

    def forward(self, at: Position, count: int) -> list[TranscriptRow]:
        return [row for row in self.rows if row.position >= at][:count]

    def backward(self, at: Position, count: int) -> list[TranscriptRow]:
        return [row for row in self.rows if row.position < at][-count:]


@dataclass
class Sieve:
    """Every second row of another script, as a filter would leave."""

    script: Script

    @property
    def first(self) -> Position:
        return self.script.first

    @property
    def last(self) -> Position:
        return self.script.last

    def forward(self, at: Position, count: int) -> list[TranscriptRow]:
        return [row for row in self.script.forward(at, ALL) if _is_kept(row)][:count]

    def backward(self, at: Position, count: int) -> list[TranscriptRow]:
        return [row for row in self.script.backward(at, ALL) if _is_kept(row)][-count:]


def _is_kept(row: TranscriptRow) -> bool:
    return row.row is None or b"a" in row.row.data


def transcript_of(parts: list[bytes]) -> Transcript:
    sources = [(n, Memory(data), safe_text(f"boot {n}")) for n, data in enumerate(parts, 1)]
    return Transcript(sources)


def naive(script: Script, lines: Lines) -> list[TranscriptRow]:
    """Each line before the first row that begins at it or later."""
    rows = script.forward(script.first, ALL)
    for line in lines.rows:
        bare = line.position.bare
        at = next(
            (
                i
                for i, row in enumerate(rows)
                if row.position.bare >= bare
                and not (row.position.rank and row.position < line.position)
            ),
            len(rows),
        )
        rows.insert(at, line)
    return rows


@unhurried
@given(pieces, places, st.booleans())
@example([b"ab", b""], [(1, 1), (1, 2), (2, 0)], False)
def test_it_is_the_naive_merge_from_everywhere_in_both_directions(
    parts: list[bytes], where: list[Ours], is_filtered: bool
) -> None:
    transcript = transcript_of(parts)
    script: Script = Sieve(transcript) if is_filtered else transcript
    lines = Lines(where)
    both = Annotated(script, lines)
    whole = naive(script, lines)
    assert [row.position for row in whole] == sorted(row.position for row in whole)
    assert both.forward(both.first, ALL) == whole
    assert both.backward(both.last, ALL) == whole
    for i, row in enumerate(whole):
        for count in (1, 2, 5):
            assert both.forward(row.position, count) == whole[i : i + count]
            assert both.backward(row.position, count) == whole[max(0, i - count) : i]
        assert both.forward(row.position, 0) == both.backward(row.position, 0) == []


@unhurried
@given(some_bytes, some_bytes, places, places)
def test_nothing_moves_as_the_guest_writes_on_and_more_happens(
    data: bytes, more: bytes, where: list[Ours], later: list[Ours]
) -> None:
    source, lines = Memory(data), Lines([(1, offset) for _, offset in where])
    both = Annotated(Transcript([(1, source, SafeStr(""))]), lines)
    before = both.forward(both.first, ALL)
    source.data += more
    lines.places += [(1, offset) for _, offset in later]
    after = both.forward(both.first, ALL)
    places_after = [row.position for row in after]
    places_before = [row.position for row in before]
    assert [place for place in places_after if place in places_before] == places_before
    for row in before:
        assert both.forward(row.position, 1)[0].position == row.position


@unhurried
@given(st.text(alphabet="ab\n", min_size=20, max_size=60).map(str.encode), places, st.data())
def test_marks_stay_on_their_text_as_old_output_is_dropped(
    data: bytes, where: list[Ours], draw: st.DataObject
) -> None:
    source, lines = Memory(data), Lines([(1, offset) for _, offset in where])
    both = Annotated(Transcript([(1, source, SafeStr(""))]), lines)
    before = both.forward(both.first, ALL)
    behind = {
        one.position: other.position
        for one, other in pairwise(before)
        if one.position.rank and not other.position.rank
    }
    breaks = [i + 1 for i, byte in enumerate(data) if byte == 10] or [0]
    source.start = draw.draw(st.sampled_from(breaks))
    after = both.forward(both.first, ALL)
    for one, other in pairwise(after):
        if one.position in behind and behind[one.position].offset >= source.start:
            assert other.position == behind[one.position]


def test_a_line_stands_behind_the_row_it_happened_in_also_once_that_row_has_grown() -> None:
    source = Memory(b"one\ntw")
    both = Annotated(Transcript([(1, source, SafeStr(""))]), Lines([(1, 6), (1, 4), (1, 4)]))
    expected = ["one", "event 1", "event 2", "tw", "event 0"]
    assert _shown(both.forward(both.first, 9)) == expected
    source.data += b"o\nthree"
    expected[3] = "two"
    assert _shown(both.forward(both.first, 9)) == [*expected, "three"]


def test_looking_at_a_screen_reads_a_screen() -> None:
    source = Memory(b"a line of text\n" * 1_000_000)
    lines = Lines([(1, 7_000_001)])
    both = Annotated(Transcript([(1, source, SafeStr(""))]), lines)
    at = lines.rows[0].position
    assert len(both.forward(at, 50)) == len(both.backward(at, 50)) == 50
    assert source.bytes_read < 200_000


def _shown(rows: list[TranscriptRow]) -> list[str]:
    return [row.seam if row.row is None else row.row.data.decode() for row in rows]
