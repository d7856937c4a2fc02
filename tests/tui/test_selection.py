"""What is selected stays selected: the same characters of the same lines, whatever happens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.console import Position, SafeStr, Transcript, TranscriptRow, render_line, safe_text
from tests.core.console.checks import unhurried
from tests.core.console.memory import Memory
from tui.copying.selection import CHOSEN, Grain, Piece, Selection, char_at, row_away
from tui.copying.taking import Stretch, everything, lines_said, pieces, said, take
from tui.pane.overlay import BARE, Span
from tui.pane.row_texts import RowLook

ALL = 1_000_000
TEXT = safe_text("Linux version 6.1 (gcc 12)")

WORDS = st.text("abc é€", min_size=0, max_size=9)
LINES = st.lists(WORDS, min_size=1, max_size=30)


def transcript_of(*generations: Memory) -> Transcript:
    return Transcript(
        [
            (number, source, safe_text("guest rebooted" if number > 1 else ""))
            for number, source in enumerate(generations, 1)
        ]
    )


def written(lines: list[str]) -> Memory:
    return Memory("".join(f"{line}\n" for line in lines).encode())


def rows_of(transcript: Transcript) -> list[TranscriptRow]:
    return [row for row in transcript.forward(transcript.first, ALL) if row.row is not None]


def shown(row: TranscriptRow, *, is_raw: bool = False) -> SafeStr:
    assert row.row is not None
    return render_line(row.row.data, raw=is_raw).text


def character(row: TranscriptRow, char: int) -> Piece:
    return Piece.character(row.position, shown(row), char)


def chosen(transcript: Transcript, selection: Selection, *, is_raw: bool = False) -> str:
    stretch = Stretch(selection.first, selection.last)
    return "".join(pieces(transcript, stretch, selection.cut, look=RowLook(is_raw)))


# Ends.


def test_nothing_is_selected_at_first() -> None:
    selection = Selection()
    assert not selection
    assert selection.cut(Position(1, 0), "text") is None


def test_a_word_is_what_stands_between_blanks_and_brackets() -> None:
    at = Position(1, 0)
    assert TEXT[slice(*Piece.word(at, TEXT, 7)[1:3])] == "version"
    assert TEXT[slice(*Piece.word(at, TEXT, 14)[1:3])] == "6.1"
    assert TEXT[slice(*Piece.word(at, TEXT, 19)[1:3])] == "gcc"
    assert TEXT[slice(*Piece.word(at, TEXT, 17)[1:3])] == " ("
    behind = Piece.word(at, TEXT, 99)
    assert behind.start == behind.end == len(TEXT)


@given(st.text("a é日本́", max_size=20), st.integers(-3, 50))
def test_the_character_in_a_cell_is_the_one_painted_there(text: str, cell: int) -> None:
    from rich.cells import cell_len

    at = char_at(text, cell)
    assert 0 <= at <= len(text)
    assert cell_len(text[:at]) <= max(0, cell)
    if at < len(text) and cell >= 0:
        assert cell_len(text[: at + 1]) > cell


def test_both_ends_are_in_it_whichever_way_it_was_drawn() -> None:
    transcript = transcript_of(written(["one two", "three", "four five"]))
    one, _, four = rows_of(transcript)
    for begin, end in (((one, 4), (four, 3)), ((four, 3), (one, 4))):
        selection = Selection()
        selection.begin(character(*begin), Grain.CHARACTERS)
        selection.extend(character(*end))
        assert chosen(transcript, selection) == "two\nthree\nfour"


def test_a_word_that_was_begun_with_stays_whole() -> None:
    transcript = transcript_of(written(["one two three"]))
    (row,) = rows_of(transcript)
    selection = Selection()
    selection.begin(Piece.word(row.position, shown(row), 5), Grain.CHARACTERS)
    selection.extend(character(row, 1))
    assert chosen(transcript, selection) == "ne two"
    selection.extend(character(row, 8))
    assert chosen(transcript, selection) == "two t"


def test_the_other_end_moves_after_a_swap() -> None:
    transcript = transcript_of(written(["a", "b", "c", "d"]))
    rows = rows_of(transcript)
    selection = Selection()
    selection.begin(Piece.row(rows[1].position, shown(rows[1])), Grain.ROWS)
    selection.extend(Piece.row(rows[2].position, shown(rows[2])))
    selection.swap_ends()
    selection.extend(Piece.row(rows[0].position, shown(rows[0])))
    assert chosen(transcript, selection) == "a\nb\nc"


# How it looks.


def test_whole_rows_have_a_sign_even_when_they_are_empty() -> None:
    transcript = transcript_of(written(["a", "", "c"]))
    rows = rows_of(transcript)
    selection = Selection()
    selection.begin(Piece.row(rows[0].position, shown(rows[0])), Grain.ROWS)
    selection.extend(Piece.row(rows[1].position, shown(rows[1])))
    decors = [selection.decor(row, render_line(row.row.data)) for row in rows if row.row]
    assert [decor.spans for decor in decors] == [(Span(0, 1, "chosen"),), (), ()]
    assert [decor.sign for decor in decors] == [CHOSEN, CHOSEN, ""]
    assert decors[2] == BARE


def test_it_says_when_it_looks_different() -> None:
    row = rows_of(transcript_of(written(["one"])))[0]
    selection = Selection()
    seen = [selection.version]
    selection.begin(character(row, 0), Grain.CHARACTERS)
    seen.append(selection.version)
    selection.extend(character(row, 1))
    seen.append(selection.version)
    selection.clear()
    assert len(set(seen)) == 3
    assert selection.version == Selection().version


# What does not move it.


def test_it_stays_where_it_is_while_its_last_line_goes_on() -> None:
    source = Memory(b"login: ")
    transcript = transcript_of(source)
    row = rows_of(transcript)[0]
    selection = Selection()
    selection.begin(character(row, 0), Grain.CHARACTERS)
    selection.extend(character(row, 4))
    source.data += b"root\nPassword: "
    assert chosen(transcript, selection) == "login"


def test_of_a_row_that_was_written_over_all_is_selected() -> None:
    source = Memory(b"10 %")
    transcript = transcript_of(source)
    row = rows_of(transcript)[0]
    selection = Selection()
    selection.begin(character(row, 0), Grain.CHARACTERS)
    selection.extend(character(row, 1))
    assert chosen(transcript, selection) == "10"
    source.data += b"\rdone, all of it"
    assert chosen(transcript, selection) == "done, all of it"


def test_raw_and_back_select_the_same_again() -> None:
    agent = '{"msg":"container started","level":"INFO","ts":"2026","name":"x","subsystem":"rpc"}'
    transcript = transcript_of(written(["before", agent, "after"]))
    before, row, _ = rows_of(transcript)
    assert shown(row) != shown(row, is_raw=True)
    selection = Selection()
    selection.begin(character(before, 3), Grain.CHARACTERS)
    selection.extend(character(row, 2))
    first = chosen(transcript, selection)
    assert first == f"ore\n{shown(row)[:3]}"
    assert chosen(transcript, selection, is_raw=True) == f"ore\n{agent}"
    assert chosen(transcript, selection) == first


@settings(unhurried)
@given(LINES, LINES, st.data())
def test_a_selection_is_the_piece_of_the_text_between_its_ends(
    lines: list[str], later: list[str], data: st.DataObject
) -> None:
    source = written(lines)
    transcript = transcript_of(source)
    rows = rows_of(transcript)
    ends = []
    for _ in range(2):
        number = data.draw(st.integers(0, len(rows) - 1))
        char = data.draw(st.integers(0, len(lines[number])))
        ends.append((number, char))
    selection = Selection()
    selection.begin(character(rows[ends[0][0]], ends[0][1]), Grain.CHARACTERS)
    selection.extend(character(rows[ends[1][0]], ends[1][1]))
    (first, start), (last, end) = sorted(ends)
    between = lines[first : last + 1]
    between[-1] = between[-1][: end + 1]
    between[0] = between[0][start:]
    expected = "\n".join(between)
    assert chosen(transcript, selection) == expected
    source.data += "\n".join(later).encode()
    assert chosen(transcript, selection) == expected
    assert said(selection, transcript) == lines_said(last - first + 1)


@settings(unhurried)
@given(LINES, st.data())
def test_of_what_was_dropped_the_rest_stays_selected_and_it_is_said(
    lines: list[str], data: st.DataObject
) -> None:
    source = written(lines)
    transcript = transcript_of(source)
    rows = rows_of(transcript)
    first = data.draw(st.integers(0, len(rows) - 1))
    last = data.draw(st.integers(first, len(rows) - 1))
    selection = Selection()
    selection.begin(Piece.row(rows[first].position, shown(rows[first])), Grain.ROWS)
    selection.extend(Piece.row(rows[last].position, shown(rows[last])))
    dropped = data.draw(st.integers(0, len(rows)))
    source.start = rows[dropped].position.offset if dropped < len(rows) else source.end
    text = chosen(transcript, selection)
    left = lines[max(first, dropped) : last + 1]
    if dropped <= first:
        assert text == "\n".join(left)
        assert "dropped" not in said(selection, transcript)
    elif left:
        note, *rest = text.split("\n")
        assert note.startswith("-- ")
        assert note.endswith(" dropped --")
        assert rest == left
        assert said(selection, transcript).endswith(", older dropped")
    else:
        assert text == ""


def test_ten_histories_later_it_is_still_on_its_text() -> None:
    """Each history is a screen's; the oldest segments go as they would by quota."""
    history = 400
    source = Memory()
    transcript = transcript_of(source)
    starts = []

    def print_on(first: int, count: int) -> None:
        for number in range(first, first + count):
            starts.append(source.end)
            source.data += b"line %06d of the guest\n" % number

    print_on(0, history)
    rows = rows_of(transcript)
    selection = Selection()
    selection.begin(character(rows[300], 5), Grain.CHARACTERS)
    selection.extend(character(rows[310], 10))
    before = chosen(transcript, selection)
    assert before.startswith("000300 of")
    assert before.endswith("\nline 000310")
    for turn in range(1, 11):
        print_on(turn * history, history)
        source.start = starts[min(300, turn * 30)]
        assert chosen(transcript, selection) == before
        (row,) = transcript.forward(rows[300].position, 1)
        assert selection.decor(row, render_line(b"line 000300 of the guest")).spans == (
            Span(5, 24, "chosen"),
        )
    source.start = starts[305]
    assert chosen(transcript, selection).split("\n")[1] == "line 000305 of the guest"
    source.start = starts[2000]
    assert chosen(transcript, selection) == ""
    assert said(selection, transcript) == "all dropped"


# Taking it.


def test_pieces_of_one_long_line_are_one_line() -> None:
    source = Memory(b"x" * 50_000 + b"\nnext\n")
    transcript = transcript_of(source)
    rows = rows_of(transcript)
    assert len(rows) > 3
    stretch = Stretch(rows[0].position, rows[-1].position)
    text = "".join(pieces(transcript, stretch, everything, look=RowLook()))
    assert text == "x" * 50_000 + "\nnext"


def test_a_reboot_within_it_is_a_line_of_ours() -> None:
    transcript = transcript_of(Memory(b"old\nlast words"), Memory(b"new\n"))
    rows = rows_of(transcript)
    stretch = Stretch(rows[0].position, rows[-1].position)
    text = "".join(pieces(transcript, stretch, everything, look=RowLook()))
    assert text == "old\nlast words\n-- guest rebooted --\nnew"
    bare = "".join(pieces(transcript, stretch, everything, look=RowLook(), notes=False))
    assert bare == "old\nlast words\nnew"


@given(st.lists(st.text("aé", max_size=6), min_size=1, max_size=12), st.integers(1, 60))
def test_what_is_cut_is_cut_behind_a_whole_line(lines: list[str], limit: int) -> None:
    found = [lines[0], *(f"\n{line}" for line in lines[1:])]
    whole = "\n".join(lines)
    taken = take(found, limit)
    assert whole.startswith(taken.text)
    assert len(taken.text.encode()) <= limit
    assert taken.is_cut == (len(whole.encode()) > limit)
    assert taken.lines == taken.text.count("\n") + 1
    if taken.is_cut and len(lines[0].encode()) <= limit:
        assert taken.text.split("\n") == lines[: taken.lines]


def test_a_huge_selection_is_measured_and_not_counted() -> None:
    source = Memory(b"0123456789abcde\n" * 400_000)
    transcript = transcript_of(source)
    last = transcript.backward(transcript.last, 1)[0]
    selection = Selection()
    selection.begin(Piece.row(Position(1, 0), SafeStr("0123456789abcde")), Grain.ROWS)
    selection.extend(Piece.row(last.position, SafeStr("0123456789abcde")))
    source.bytes_read = 0
    assert said(selection, transcript) == "6.4 MB"
    assert source.bytes_read < 100_000


def boots(*sizes: int) -> Transcript:
    """Generations of so many rows each, with a seam between them."""
    made = [Memory(b"".join(b"%d\n" % row for row in range(size))) for size in sizes]
    return Transcript(
        [(number, memory, safe_text(f"boot {number}")) for number, memory in enumerate(made, 1)]
    )


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.data())
def test_the_end_moves_over_seams(sizes: list[int], data: st.DataObject) -> None:
    script = boots(*sizes)
    rows = [row for row in script.forward(script.first, 100) if row.row is not None]
    if not rows:
        return
    here = data.draw(st.integers(0, len(rows) - 1))
    step = data.draw(st.integers(-30, 30).filter(bool))
    there = max(0, min(here + step, len(rows) - 1))
    found = row_away(script, rows[here].position, step)
    assert found == (rows[there] if there != here else None)


def test_to_the_first_and_the_last_row_little_is_read() -> None:
    memory = Memory(b"line\n" * 500_000)
    script = Transcript([(1, memory, safe_text(""))])
    first = row_away(script, Position(1, 100), -1_000_000)
    last = row_away(script, Position(1, 100), 1_000_000)
    assert first is not None
    assert last is not None
    assert (first.position.offset, last.end.offset) == (0, memory.end)
    assert memory.bytes_read < 100_000
