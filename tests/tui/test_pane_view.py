"""Where a pane stands in a transcript, and how it moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Transcript, safe_text
from tui.opened.unseen import LineCounter, Numbered
from tui.pane.view import Line, Note, NoteKind, PaneView


class Memory:
    """A generation in memory, whose begin can be dropped."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self.start = 0
        self.bytes_read = 0

    @property
    def end(self) -> int:
        return len(self.data)

    def read(self, offset: int, size: int) -> bytes:
        if offset < self.start:
            return b""
        found = bytes(self.data[offset : offset + size])
        self.bytes_read += len(found)
        return found

    def lines(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            self.data += b"line %04d\n" % number


def viewed(*sources: Memory) -> PaneView:
    transcript = Transcript()
    for number, source in enumerate(sources, 1):
        transcript.append(number, source, safe_text("guest rebooted" if number > 1 else ""))
    return PaneView(transcript)


def shown(lines: tuple[Line, ...]) -> list[str]:
    texts = []
    for line in lines:
        if isinstance(line, Note):
            texts.append(f"({line.kind.value})")
        elif line.row is None:
            texts.append(f"<{line.seam}>")
        else:
            texts.append(line.row.data.decode())
    return texts


def numbered(first: int, count: int) -> list[str]:
    return [f"line {number:04d}" for number in range(first, first + count)]


@pytest.fixture
def source() -> Memory:
    memory = Memory()
    memory.lines(0, 100)
    return memory


def test_a_new_view_follows_the_end(source: Memory) -> None:
    view = viewed(source)
    assert shown(view.window(5)) == numbered(95, 5)
    source.lines(100, 3)
    assert shown(view.window(5)) == numbered(98, 5)


def test_a_last_line_without_an_end_shows_at_once(source: Memory) -> None:
    view = viewed(source)
    source.data += b"login: "
    assert shown(view.window(2)) == ["line 0099", "login: "]
    source.data += b"root"
    assert shown(view.window(2)) == ["line 0099", "login: root"]


def test_scrolling_up_holds_the_rows_while_the_guest_floods(source: Memory) -> None:
    view = viewed(source)
    view.scroll(-3, 5)
    before = view.window(5)
    assert shown(before) == numbered(92, 5)
    source.lines(100, 5000)
    assert view.window(5) == before
    assert not view.is_following


def test_reaching_the_end_follows_again(source: Memory) -> None:
    view = viewed(source)
    view.scroll(-3, 5)
    view.scroll(2, 5)
    assert not view.is_following
    view.scroll(1, 5)
    assert view.is_following


def test_scrolling_far_past_the_end_follows(source: Memory) -> None:
    view = viewed(source)
    view.go_home(5)
    view.scroll(10_000, 5)
    assert view.is_following
    assert shown(view.window(5)) == numbered(95, 5)


def test_the_view_does_not_go_above_the_first_row(source: Memory) -> None:
    view = viewed(source)
    view.scroll(-10_000, 5)
    assert shown(view.window(5)) == numbered(0, 5)
    view.scroll(-1, 5)
    assert shown(view.window(5)) == numbered(0, 5)


def test_a_view_in_which_everything_fits_goes_on_following() -> None:
    memory = Memory()
    memory.lines(0, 3)
    view = viewed(memory)
    view.scroll(-1, 5)
    assert view.is_following
    view.go_home(5)
    assert view.is_following


def test_home_and_end_of_a_long_recording(source: Memory) -> None:
    view = viewed(source)
    view.go_home(5)
    assert shown(view.window(5)) == numbered(0, 5)
    view.follow()
    assert shown(view.window(5)) == numbered(95, 5)


def test_one_row_down_from_home_is_one_row(source: Memory) -> None:
    view = viewed(source)
    view.go_home(5)
    view.scroll(1, 5)
    assert shown(view.window(5)) == numbered(1, 5)


def test_earlier_generations_stand_above_a_seam() -> None:
    first, second = Memory(b"old 1\nold 2\n"), Memory(b"new 1\nnew 2\n")
    view = viewed(first, second)
    assert shown(view.window(9)) == ["old 1", "old 2", "<guest rebooted>", "new 1", "new 2"]
    assert shown(view.window(2)) == ["new 1", "new 2"]
    view.scroll(-1, 2)
    assert shown(view.window(2)) == ["<guest rebooted>", "new 1"]
    view.scroll(-1, 2)
    assert shown(view.window(2)) == ["old 2", "<guest rebooted>"]
    view.scroll(1, 2)
    assert shown(view.window(2)) == ["<guest rebooted>", "new 1"]


def test_a_held_view_stays_when_a_generation_begins(source: Memory) -> None:
    transcript = Transcript()
    transcript.append(1, source, safe_text(""))
    view = PaneView(transcript)
    view.scroll(-10, 5)
    before = view.window(5)
    transcript.append(2, Memory(b"new\n"), safe_text("guest rebooted"))
    assert view.window(5) == before
    view.follow()
    assert shown(view.window(3)) == ["line 0099", "<guest rebooted>", "new"]


def test_dropped_output_is_said_above_the_first_row(source: Memory) -> None:
    source.start = 500
    view = viewed(source)
    view.go_home(4)
    assert shown(view.window(4)) == ["(dropped)", *numbered(50, 3)]
    view.scroll(1, 4)
    assert shown(view.window(4)) == numbered(50, 4)
    view.scroll(-1, 4)
    assert shown(view.window(4)) == ["(dropped)", *numbered(50, 3)]
    note = view.window(4)[0]
    assert isinstance(note, Note)
    assert note.text == "500 B of earlier output dropped"


def test_a_held_row_that_is_dropped_gives_way_to_the_first_that_is_left(source: Memory) -> None:
    view = viewed(source)
    view.go_home(4)
    view.scroll(3, 4)
    source.start = 500
    assert shown(view.window(4)) == ["(dropped)", *numbered(50, 3)]
    assert not view.is_following


def test_a_held_row_that_is_kept_stays_when_older_ones_are_dropped(source: Memory) -> None:
    view = viewed(source)
    view.scroll(-10, 4)
    before = view.window(4)
    source.start = 500
    assert view.window(4) == before


def test_the_tail_stands_below_the_last_row(source: Memory) -> None:
    view = viewed(source)
    view.tail = Note(NoteKind.ENDED, safe_text("ended 12:00:00"))
    assert shown(view.window(3)) == ["line 0098", "line 0099", "(ended)"]
    view.scroll(-1, 3)
    assert shown(view.window(3)) == numbered(97, 3)
    view.scroll(1, 3)
    assert view.is_following
    assert shown(view.window(3))[-1] == "(ended)"


def test_columns_stay_between_the_first_and_the_limit(source: Memory) -> None:
    view = viewed(source)
    view.scroll_columns(10, 4)
    assert view.column == 4
    view.scroll_columns(-10, 4)
    assert view.column == 0


def test_shorter_lines_do_not_pull_the_columns_back(source: Memory) -> None:
    view = viewed(source)
    view.scroll_columns(30, 40)
    source.lines(100, 50)
    view.window(5)
    assert view.column == 30
    view.scroll_columns(1, 3)
    assert view.column == 30


@pytest.mark.parametrize("height", [0, 1])
def test_a_view_without_room_shows_what_fits(source: Memory, height: int) -> None:
    view = viewed(source)
    view.tail = Note(NoteKind.ENDED, safe_text("ended"))
    assert len(view.window(height)) == height
    view.scroll(-1, height)
    view.scroll(1, height)
    assert len(view.window(height)) == height


def test_a_100_mb_line_costs_a_bounded_read() -> None:
    memory = Memory(b"x" * 100_000_000)
    view = viewed(memory)
    assert len(view.window(50)) == 50
    view.scroll(-20, 50)
    view.window(50)
    assert memory.bytes_read < 10_000_000


@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    moves=st.lists(
        st.one_of(st.integers(-30, 30), st.sampled_from(["home", "end", "grow"])), max_size=25
    ),
    height=st.integers(1, 12),
    has_tail=st.booleans(),
)
def test_a_window_is_full_whenever_there_is_enough_above_or_below(
    sizes: list[int], moves: list[int | str], height: int, has_tail: bool
) -> None:
    sources = [Memory() for _ in sizes]
    for memory, size in zip(sources, sizes, strict=True):
        memory.lines(0, size)
    view = viewed(*sources)
    if has_tail:
        view.tail = Note(NoteKind.ENDED, safe_text("ended"))
    everything = view.window(10_000)
    for move in moves:
        held = None if view.is_following else view.window(height)
        match move:
            case "home":
                view.go_home(height)
            case "end":
                view.follow()
            case "grow":
                sources[-1].lines(0, 7)
                everything = _all_of(view)
                assert held is None or view.window(height) == held
            case int():
                view.scroll(move, height)
        window = view.window(height)
        assert len(window) == min(height, len(everything))
        assert list(window) == _slice_of(everything, window)


def _all_of(view: PaneView) -> tuple[Line, ...]:
    whole = PaneView(view._transcript)
    whole.tail = view.tail
    return whole.window(10_000)


def _slice_of(everything: tuple[Line, ...], window: tuple[Line, ...]) -> list[Line]:
    if not window:
        return []
    at = everything.index(window[0])
    return list(everything[at : at + len(window)])


def count_of(counter: LineCounter, *sources: Memory, budget: int = 1 << 20) -> int:
    counter.count([Numbered(n, source) for n, source in enumerate(sources, 1)], budget)
    return counter.lines


def test_lines_are_counted_from_where_somebody_looked_last(source: Memory) -> None:
    counter = LineCounter()
    counter.reset(viewed(source)._transcript.last)
    source.lines(100, 7)
    assert count_of(counter, source) == 7
    source.lines(107, 1)
    assert count_of(counter, source) == 8


def test_a_line_that_has_not_ended_is_not_counted_yet(source: Memory) -> None:
    counter = LineCounter()
    counter.reset(viewed(source)._transcript.last)
    source.data += b"login: "
    assert count_of(counter, source) == 0
    source.data += b"\n"
    assert count_of(counter, source) == 1


def test_counting_goes_on_into_the_next_generation(source: Memory) -> None:
    counter = LineCounter()
    counter.reset(viewed(source)._transcript.last)
    source.lines(100, 2)
    assert count_of(counter, source, Memory(b"a\nb\nc\n")) == 5


def test_counting_a_flood_is_bounded_a_call_and_catches_up() -> None:
    memory = Memory(b"y\n" * 500_000)
    counter = LineCounter()
    assert count_of(counter, memory, budget=300_000) == 150_000
    assert memory.bytes_read == 300_000
    for _ in range(4):
        count_of(counter, memory, budget=300_000)
    assert counter.lines == 500_000


def test_dropped_output_does_not_stop_the_count(source: Memory) -> None:
    counter = LineCounter()
    source.start = 500
    assert count_of(counter, source) == 50
