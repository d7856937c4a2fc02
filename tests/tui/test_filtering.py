"""A filter at work on a pane's view, without a pane."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Position, Transcript, TranscriptRow, render_line, safe_text
from tests.tui.seeking import Searches
from tests.tui.test_pane_view import Memory, shown
from tui.finding.filtering import CONTEXT, MATCH, Filtering, gap_text
from tui.finding.filters import Filters, term_of
from tui.pane.overlay import BARE
from tui.pane.view import PaneView

REMEDY = safe_text("Do something.")


class Rig:
    """A view, its filter, and the searches it begins."""

    def __init__(self, source: Memory, *, is_held: bool = False) -> None:
        self.source = source
        self.transcript = Transcript([(1, source, safe_text(""))])
        self.view = PaneView(self.transcript)
        self.searches = Searches(self.transcript)
        self.searches.is_held = is_held
        self.filtering = Filtering(self.view, self.transcript)
        self.filtering.seek = self.searches.seek

    def filter(self, *texts: str, context: int = 0, hides: bool = True) -> None:
        filters = Filters(context=context, hides=hides)
        for text in texts:
            filters = filters.with_term(term_of(text, is_regex=False, is_exclude=False))
        self.filtering.give(filters)
        self.filtering.poll()

    def lines(self, height: int) -> list[str]:
        self.filtering.settle(height)
        return shown(self.view.window(height))


@pytest.fixture
def source() -> Memory:
    memory = Memory()
    memory.lines(0, 100)
    return memory


def numbered(*numbers: int) -> list[str]:
    return [f"line {number:04d}" for number in numbers]


def test_a_view_that_follows_goes_on_following_what_passes(source: Memory) -> None:
    rig = Rig(source)
    rig.filter("5")
    assert rig.lines(3) == numbered(75, 85, 95)
    source.lines(100, 10)
    rig.filtering.poll()
    assert rig.lines(3) == numbered(85, 95, 105)
    assert rig.view.is_following
    rig.filtering.leave()
    assert rig.lines(2) == numbered(108, 109)
    assert rig.view.is_following


def test_includes_and_excludes_go_together(source: Memory) -> None:
    rig = Rig(source)
    rig.filter("97", "98", "0007", "!8")
    assert rig.lines(100) == numbered(7, 97)
    rig.filter("!9")
    assert rig.lines(3) == numbered(86, 87, 88)


def test_leaving_returns_to_the_same_rows(source: Memory) -> None:
    rig = Rig(source)
    rig.view.scroll(-33, 10)
    before = rig.view.window(10)
    rig.filter("5")
    assert rig.lines(5) == numbered(57, 58, 59, 65, 75)
    rig.view.scroll(-2, 3)
    rig.filter("5", "6", context=3)
    rig.view.go_home(10)
    rig.filtering.leave()
    assert rig.view.window(10) == before
    assert not rig.searches.open


def test_leaving_after_scrolling_to_the_end_returns_to_the_same_rows(source: Memory) -> None:
    rig = Rig(source)
    rig.view.scroll(-33, 10)
    before = rig.view.window(10)
    rig.filter("5")
    rig.view.follow()
    rig.filtering.leave()
    assert rig.view.window(10) == before


def test_a_held_view_short_of_matches_below_shows_those_above(source: Memory) -> None:
    rig = Rig(source)
    rig.view.scroll(-3, 5)
    rig.filter("1")
    assert rig.lines(4) == numbered(61, 71, 81, 91)
    source.lines(100, 1)
    rig.filtering.poll()
    assert rig.lines(4) == numbered(61, 71, 81, 91)
    rig.view.scroll(1, 4)
    assert rig.lines(4) == numbered(71, 81, 91, 100)


def test_typing_on_starts_from_the_same_place_each_time(source: Memory) -> None:
    rig = Rig(source)
    rig.view.scroll(-50, 5)
    for text, row in ((" ", 45), ("9", 49), ("99", 99), ("1", 51), ("", 45), ("4", 45)):
        rig.filtering.try_out(Filters(), term_of(text, is_regex=False, is_exclude=False))
        rig.filtering.poll()
        assert rig.lines(1) == numbered(row)


def test_rows_stay_until_a_new_pattern_has_matches(source: Memory) -> None:
    rig = Rig(source, is_held=True)
    before = rig.lines(3)
    rig.filter("5")
    assert rig.lines(3) == before
    rig.searches.begun[0].search(30)
    assert rig.filtering.poll()
    assert rig.lines(3) == numbered(5, 15, 25)
    rig.filter("6")
    assert rig.lines(3) == numbered(5, 15, 25)
    assert len(rig.searches.open) == 2
    for _ in range(4):
        rig.filtering.poll()
    assert rig.lines(3) == []
    assert len(rig.searches.open) == 1


def test_a_held_view_does_not_move_while_matches_come_and_old_bytes_go(source: Memory) -> None:
    rig = Rig(source, is_held=True)
    rig.view.scroll(-50, 5)
    rig.filter("5", context=1)
    search = rig.searches.begun[0]
    search.search(70)
    rig.filtering.poll()
    rig.view.scroll(1, 5)
    before = rig.view.window(5)
    while not search.is_complete:
        search.search(7)
        rig.filtering.poll()
        assert rig.lines(5)[0] == shown(before)[0]
    held = rig.view.window(5)
    for _ in range(20):
        source.lines(100, 50)
        search.search(50)
        source.start += 20
        rig.filtering.poll()
        rig.lines(5)
        assert rig.view.window(5) == held


def test_counts_have_a_plus_until_all_is_searched(source: Memory) -> None:
    rig = Rig(source, is_held=True)
    rig.filter("5")
    rig.searches.begun[0].search(50)
    facts = rig.filtering.facts
    assert facts is not None
    assert facts.count == "5+ of 50+"
    rig.searches.begun[0].search(50)
    facts = rig.filtering.facts
    assert facts is not None
    assert facts.count == "19 of 100"
    assert facts.chips == ("+5",)


def test_an_empty_pane_says_why_and_what_to_do(source: Memory) -> None:
    rig = Rig(source, is_held=True)
    assert rig.filtering.why_empty(REMEDY) == ""
    rig.filter("nothing")
    rig.searches.begun[0].search(50)
    assert rig.filtering.why_empty(REMEDY) == ""
    for _ in range(4):
        rig.filtering.poll()
    assert rig.filtering.why_empty(REMEDY) == (
        "No line matches so far. 50 lines searched. Do something."
    )
    rig.searches.begun[0].search(50)
    assert rig.filtering.why_empty(REMEDY) == "No line matches. Do something."
    rig.searches.begun[0].trouble = safe_text("the disk is gone")
    assert rig.filtering.why_empty(REMEDY).startswith(
        "The filter finds nothing more: the disk is gone."
    )


def decors(rig: Rig, height: int) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for line in rig.view.window(height):
        assert isinstance(line, TranscriptRow)
        text = render_line(line.row.data if line.row else b"")
        decor = rig.filtering.decor(line, text)
        spans = ",".join(f"{text.text[s.start : s.end]}:{s.look}" for s in decor.spans)
        found.append((text.text or line.seam, decor.sign, spans))
    return found


def test_matches_and_context_are_told_apart(source: Memory) -> None:
    rig = Rig(source)
    rig.filter("line 0098", "97", context=1)
    assert decors(rig, 4) == [
        ("line 0096", CONTEXT, "line 0096:context"),
        ("line 0097", MATCH, "97:kept"),
        ("line 0098", MATCH, "line 0098:kept"),
        ("line 0099", CONTEXT, "line 0099:context"),
    ]
    version = rig.filtering.version
    source.data += b"97\n"
    rig.filtering.poll()
    assert rig.filtering.version != version


def test_highlighting_hides_nothing_and_keeps_the_place(source: Memory) -> None:
    rig = Rig(source)
    rig.view.scroll(-50, 5)
    before = rig.view.window(5)
    rig.filter("5", hides=False)
    assert rig.view.window(5) == before
    assert [sign for _, sign, _ in decors(rig, 6)] == [MATCH, "", "", "", "", MATCH]
    assert rig.filtering.why_empty(REMEDY) == ""
    rig.filtering.give(rig.filtering.filters.with_hiding_turned())
    assert all("5" in text for text in rig.lines(4))
    rig.filtering.leave()
    assert rig.view.window(5) == before
    line = before[0]
    assert isinstance(line, TranscriptRow)
    assert rig.filtering.decor(line, render_line(b"x")) == BARE


@pytest.mark.parametrize(
    ("rows", "size", "seam", "text"),
    [
        (1, 10, "", "⋯ 1 line"),
        (1212, 10, "", "⋯ 1,212 lines"),
        (None, 1_234_567, "", "⋯ 1.2 MB"),
        (None, None, "guest rebooted", "⋯ guest rebooted"),
        (None, None, "", "⋯"),
    ],
)
def test_a_gap_says_what_it_hides(rows: int | None, size: int | None, seam: str, text: str) -> None:
    assert gap_text(rows, size, safe_text(seam)) == text


@given(
    moves=st.lists(st.one_of(st.integers(-30, 30), st.sampled_from("+-hgx"), st.none())),
    held=st.integers(0, 99),
)
def test_leaving_returns_whatever_was_done_meanwhile(
    moves: list[int | str | None], held: int
) -> None:
    memory = Memory()
    memory.lines(0, 100)
    rig = Rig(memory)
    rig.view.scroll(-held, 7)
    before, stand = rig.view.window(7), rig.view.stand
    rig.filter("5")
    for move in moves:
        filters = rig.filtering.filters
        match move:
            case None:
                memory.lines(100, 5)
            case "+" | "-":
                rig.filtering.give(filters.with_context(1 if move == "+" else -1))
            case "h":
                rig.filtering.give(filters.with_hiding_turned())
            case "g":
                rig.view.go_home(7)
            case "x":
                rig.view.go_to(Position(1, 300), 7)
            case int():
                rig.view.scroll(move, 7)
        rig.filtering.poll()
        window = rig.lines(7)
        assert len(window) <= 7
    rig.filtering.leave()
    assert rig.view.stand == stand
    if stand.top is not None:
        assert rig.view.window(7) == before
