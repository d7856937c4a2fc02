"""A view whose rows are wrapped: it counts rows of the pane, and moves no row either."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Position, Transcript, TranscriptRow, safe_text, wrap_starts
from tests.tui.test_pane_view import Memory
from tui.pane.view import Line, Note, NoteKind, PaneView
from tui.pane.wrapped import WrappedRow, begin_of


class Width:
    """Breaks rows of ASCII at a width."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.calls = 0
        self.asked = 0

    def begin(self) -> None:
        self.calls += 1

    def starts(self, line: TranscriptRow) -> Sequence[int]:
        self.asked += 1
        if line.row is None:
            return (0,)
        return wrap_starts(safe_text(line.row.data.decode(), limit=10_000), self.width)


def viewed(*sources: Memory, width: int = 4) -> PaneView:
    transcript = Transcript()
    for number, source in enumerate(sources, 1):
        transcript.append(number, source, safe_text("reboot" if number > 1 else ""))
    view = PaneView(transcript)
    view.wrap = Width(width)
    return view


def shown(lines: Sequence[Line]) -> list[str]:
    texts = []
    for line in lines:
        if isinstance(line, Note):
            texts.append(f"({line.kind.value})")
        elif line.row is None:
            texts.append(f"<{line.seam}>")
        else:
            text = line.row.data.decode()
            stop = line.stop if isinstance(line, WrappedRow) else len(text)
            texts.append(text[begin_of(line) : stop])
    return texts


def test_a_following_view_ends_with_the_last_piece() -> None:
    view = viewed(Memory(b"abcdefghij\nx\n"))
    assert shown(view.window(9)) == ["abcd", "efgh", "ij", "x"]
    assert shown(view.window(2)) == ["ij", "x"]


def test_scrolling_goes_by_rows_of_the_pane() -> None:
    view = viewed(Memory(b"abcdefghij\nx\nklmnopqrst\n"))
    assert shown(view.window(3)) == ["klmn", "opqr", "st"]
    view.scroll(-1, 3)
    assert shown(view.window(3)) == ["x", "klmn", "opqr"]
    view.scroll(-2, 3)
    assert shown(view.window(3)) == ["efgh", "ij", "x"]
    view.scroll(-9, 3)
    assert shown(view.window(3)) == ["abcd", "efgh", "ij"]
    view.scroll(4, 3)
    assert view.is_following


def test_a_held_view_stays_in_the_middle_of_a_row_while_the_guest_floods() -> None:
    memory = Memory(b"abcdefghijkl\nx\ny\n")
    view = viewed(memory)
    view.scroll(-1, 3)
    before = view.window(3)
    assert shown(before) == ["efgh", "ijkl", "x"]
    memory.data += b"flood of the guest\n" * 1000
    assert view.window(3) == before


def test_another_width_keeps_the_same_text_on_top() -> None:
    text = b"0123456789abcdefghijklmnopqrstuvwxyz\n"
    view = viewed(Memory(text * 5))
    view.go_home(4)
    view.scroll(3, 4)
    assert shown(view.window(1)) == ["cdef"]
    for width, top in ((6, "cdefgh"), (5, "abcde"), (100, text.decode().strip()), (4, "cdef")):
        view.wrap = Width(width)
        assert shown(view.window(1)) == [top]
    view.wrap = None
    assert shown(view.window(1)) == [text.decode().strip()]
    view.wrap = Width(4)
    assert shown(view.window(1)) == ["cdef"]


def test_a_piece_knows_its_row() -> None:
    view = viewed(Memory(b"x\nabcdefghij\n"))
    first, second, third = view.window(3)
    assert not isinstance(first, Note)
    assert first.position == Position(1, 2)
    assert {line.position for line in (first, second, third) if not isinstance(line, Note)} == {
        first.position
    }
    assert first != second
    assert first.row is not None
    assert first.row.data == b"abcdefghij"


def test_a_row_of_one_piece_is_the_row_itself() -> None:
    (line,) = viewed(Memory(b"abc\n")).window(3)
    assert type(line) is TranscriptRow


def test_going_to_a_row_brings_the_character_asked_for_in_sight() -> None:
    memory = Memory(b"x\n" * 50 + b"".join(b"%04d" % n for n in range(100)) + b"\n" + b"y\n" * 50)
    view = viewed(memory)
    at = Position(1, 100)
    view.go_to(at, 9)
    assert shown(view.window(9)) == ["x", "x", "x", "0000", "0001", "0002", "0003", "0004", "0005"]
    view.go_to(at, 9, char=4 * 80 + 1)
    assert shown(view.window(9))[3] == "0080"
    held = view.window(9)
    view.go_to(at, 9, char=4 * 82)
    assert view.window(9) == held
    view.go_to(at, 9, char=10_000)
    assert shown(view.window(9))[3] == "0099"


def test_going_to_what_is_in_sight_holds_a_view_that_follows() -> None:
    memory = Memory(b"abcdefghij\nx\n")
    view = viewed(memory)
    before = view.window(3)
    view.go_to(Position(1, 0), 3, char=5)
    assert not view.is_following
    assert view.window(3) == before


def test_dropped_output_is_said_above_the_first_piece() -> None:
    memory = Memory(b"abcdefghij\n" * 20)
    view = viewed(memory)
    view.go_home(4)
    view.scroll(5, 4)
    memory.start = 110
    assert shown(view.window(4)) == ["(dropped)", "abcd", "efgh", "ij"]
    assert not view.is_following
    view.scroll(1, 4)
    assert shown(view.window(4)) == ["abcd", "efgh", "ij", "abcd"]
    view.scroll(-1, 4)
    assert shown(view.window(4))[0] == "(dropped)"


def test_a_100_mb_line_costs_a_bounded_read_a_move() -> None:
    memory = Memory(b"x" * 100_000_000)
    view = viewed(memory, width=80)
    moves: list[Callable[[], object]] = [
        lambda: view.window(50),
        lambda: view.scroll(-1, 50),
        lambda: view.scroll(-50, 50),
        lambda: view.go_home(50),
        lambda: view.scroll(50, 50),
        lambda: view.go_to(Position(1, 8192 * 6000), 50),
        lambda: view.follow(),
    ]
    for move in moves:
        memory.bytes_read = 0
        move()
        assert len(view.window(50)) == 50
        assert memory.bytes_read < 1_000_000


def test_only_rows_in_sight_are_measured() -> None:
    view = viewed(Memory(b"x" * 400 + b"\n" + b"y\n" * 10_000 + b"z" * 400 + b"\n"))
    assert isinstance(view.wrap, Width)
    view.window(50)
    assert view.wrap.asked == 1
    view.go_home(50)
    view.wrap.asked = 0
    view.window(50)
    assert view.wrap.asked == 1


rows = st.lists(st.integers(0, 13), max_size=12)


@given(
    sizes=st.lists(rows, min_size=1, max_size=3),
    moves=st.lists(
        st.one_of(
            st.integers(-30, 30),
            st.sampled_from(["home", "end", "grow", "wider", "narrower"]),
        ),
        max_size=25,
    ),
    height=st.integers(1, 12),
    has_tail=st.booleans(),
)
def test_a_window_is_a_piece_of_all_there_is(
    sizes: list[list[int]], moves: list[int | str], height: int, has_tail: bool
) -> None:
    sources = [Memory(b"".join(_line(size) for size in each)) for each in sizes]
    view = viewed(*sources)
    if has_tail:
        view.tail = Note(NoteKind.ENDED, safe_text("ended"))
    for move in moves:
        assert isinstance(view.wrap, Width)
        held = None if view.is_following else view.window(height)
        everything = _all_of(view)
        match move:
            case "home":
                view.go_home(height)
            case "end":
                view.follow()
            case "grow":
                sources[-1].data += _line(9) * 3
                assert held is None or view.window(height) == held
            case "wider" | "narrower":
                view.wrap = Width(max(1, view.wrap.width + (1 if move == "wider" else -1)))
                _check_top(held, view._char, view.window(1))
            case int():
                view.scroll(move, height)
                if held and not view.is_following:
                    at, now = everything.index(held[0]), everything.index(view.window(1)[0])
                    assert now == max(0, at + move)
        window = view.window(height)
        everything = _all_of(view)
        assert len(window) <= height
        if view.is_following:
            assert list(window) == everything[-len(window) :] or not window
            assert len(window) == min(height, len(everything))
        else:
            assert list(window) == _slice_of(everything, window)


def _line(size: int) -> bytes:
    return b"0123456789abcdef"[:size] + b"\n"


def _check_top(held: Sequence[Line] | None, char: int, window: Sequence[Line]) -> None:
    """The character that was scrolled to is in the row on top."""
    if held and window and not isinstance(held[0], Note) and not isinstance(window[0], Note):
        assert window[0].position == held[0].position
        stop = window[0].stop if isinstance(window[0], WrappedRow) else 1000
        assert begin_of(window[0]) <= char < stop


def _all_of(view: PaneView) -> list[Line]:
    whole = PaneView(view._transcript)
    whole.tail, whole.wrap = view.tail, view.wrap
    return list(whole.window(10_000))


def _slice_of(everything: list[Line], window: Sequence[Line]) -> list[Line]:
    at = everything.index(window[0])
    return everything[at : at + len(window)]


@pytest.mark.parametrize("height", [0, 1])
def test_a_view_without_room_shows_what_fits(height: int) -> None:
    view = viewed(Memory(b"abcdefghij\n" * 3))
    view.tail = Note(NoteKind.ENDED, safe_text("ended"))
    assert len(view.window(height)) == height
    view.scroll(-1, height)
    view.scroll(1, height)
    assert len(view.window(height)) == height
