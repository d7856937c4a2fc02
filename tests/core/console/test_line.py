"""A row of a guest's bytes becomes the line that a terminal would show, and no more."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import PLAIN, Role, Run, Style, render_line, rows_forward
from tests.core.console.checks import check_line, unhurried
from tests.core.console.memory import Memory

SNIPPETS = [
    *(b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b[0m", b"\x1b[1;31m", b"\x1b[K", b"\x1b[1K"),
    *(b"\x1b[2K", b"\r", b"\b", b"\t", b"\x07", b"\x1b\\", b"\x9b", b"\x00", b"\x7f", b"{", b"}"),
    *(b'"msg":', b'"level":"INFO"', b"[   12.345678] ", b"Kernel panic - not syncing: "),
    *("日本".encode(), "e\u0301".encode(), "\u0301".encode(), "\u202e".encode(), b"\xe2\x80"),
    *("\x9c".encode(), b"\xff", b"abc", b" ", b"\n"),
]
hostile = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=4)), max_size=60).map(
        b"".join
    ),
)


def text_of(data: bytes) -> str:
    line = render_line(data)
    check_line(line)
    return line.text


@unhurried
@given(hostile, st.booleans())
def test_any_bytes_give_a_safe_line_whose_runs_cover_it(data: bytes, raw: bool) -> None:
    check_line(render_line(data, raw=raw))


@unhurried
@given(hostile)
def test_raw_and_formatted_lines_say_the_same_unless_they_are_json(data: bytes) -> None:
    if not data.startswith(b"{"):
        assert render_line(data, raw=True).text == render_line(data).text


@unhurried
@given(hostile)
def test_a_raw_line_has_no_roles(data: bytes) -> None:
    assert {run.role for run in render_line(data, raw=True).runs} <= {Role.TEXT}


def test_every_code_point_there_is_comes_out_printable() -> None:
    tried = 0
    for begin in range(0, sys.maxunicode + 1, 512):
        codes = range(begin, min(begin + 512, sys.maxunicode + 1))
        check_line(render_line("".join(map(chr, codes)).encode("utf-8", "surrogatepass")))
        tried += len(codes)
    assert tried == 1_114_112


@pytest.mark.parametrize("before", ["", "ab", "日"])
def test_each_control_character_is_safe_by_itself(before: str) -> None:
    for code in (*range(0x100), 0x2028, 0x202E, 0xFEFF, 0xFFFE, 0x10FFFF):
        check_line(render_line(f"{before}{chr(code)}cd".encode()))


@unhurried
@given(st.text(st.characters(codec="ascii", min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_ascii_is_shown_as_it_stands(text: str) -> None:
    line = render_line(text.encode(), raw=True)
    assert line.text == text
    assert line.runs == ((Run(len(text)),) if text else ())


def test_an_empty_row_is_an_empty_line() -> None:
    for data in (b"", b"\r", b"\r\r", b"\x1b[0m", b"\x1b[2K", b"\t"):
        line = render_line(data)
        assert (line.text, line.runs) == ("", ())


OK_LINE = b"[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mdbus.service\x1b[0m - D-Bus.\r\r"


def test_a_line_of_systemd_keeps_its_colours() -> None:
    line = render_line(OK_LINE)
    check_line(line)
    assert line.text == "[  OK  ] Started dbus.service - D-Bus."
    assert line.runs == (
        Run(1),
        Run(6, Style(fg=2), Role.OK),
        Run(10),
        Run(12, Style(bold=True)),
        Run(9),
    )


def test_brackets_are_text_and_no_markup() -> None:
    for text in ("[/]", "[red]x[/red]", "[@click=app.quit]x", "[drm] [link=http://x]"):
        assert text_of(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"  0%\r 50%\r100%\r", "100%"),
        (b"loading...\rdone", "doneing..."),
        (b"loading...\r\x1b[Kdone", "done"),
        (b"loading...\r\x1b[K", ""),
        (b"\rfirst", "first"),
        (b"a\rb\rc", "c"),
        (b"abc\b\b\bxy", "xyc"),
        (b"abc\b \b", "ab "),
        (b"\b\b\bx", "x"),
        (b"user\b\b\b\b\x1b[Kroot", "root"),
        (b"-\b\\\b|\b/", "/"),
        (b"a\tb", "a       b"),
        (b"1234567\tb", "1234567 b"),
        (b"12345678\tb", "12345678        b"),
        (b"\tb", "        b"),
        (b"a\t", "a"),
        (b"abcdefghij\r\tX", "abcdefghXj"),
        (b"abcdef\b\b\b\x1b[K", "abc"),
        (b"abcdef\b\b\b\x1b[0K", "abc"),
        (b"abcdef\b\b\b\x1b[1K", "    ef"),
        (b"abcdef\x1b[1K", ""),
        (b"abcdef\b\b\b\x1b[2Kx", "   x"),
        (b"abcdef\x1b[2K\rx", "x"),
        (b"abcdef\x1b[3K", "abcdef"),
        (b"abcdef\b\b\x1b[?K", "abcdef"),
        (b"\tab\x1b[2K", ""),
        ("日本語\r1".encode(), "1 本語"),
        ("日本語\b1".encode(), "日本 1"),
        ("日本語\b\b1".encode(), "日本1"),
        ("ab日\r\x1b[1K".encode(), " b日"),
        ("日x\r\x1b[1Ky".encode(), "y x"),
        ("日x\b\b\x1b[K".encode(), ""),
        ("x日\b\x1b[K".encode(), "x"),
        ("ab\r日".encode(), "日"),
        ("a日b\r日".encode(), "日 b"),
        ("e\u0301x\b\u0301".encode(), "e\u0301\u0301x"),
        ("日\u0301".encode(), "日\u0301"),
        ("\r\u0301a".encode(), "◌\u0301a"),
        ("a\t\u0301".encode(), "a       ◌\u0301"),
    ],
)
def test_moving_in_the_line_shows_what_a_terminal_shows_in_the_end(data: bytes, shown: str) -> None:
    assert text_of(data) == shown


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[H",
        b"\x1b[2J",
        b"\x1b[10;20H",
        b"\x1b[5C",
        b"\x1b[6n",
        b"\x1b[c",
        b"\x1b[>c",
        b"\x1b[5i",
        b"\x1b[?2004h",
        b"\x1b[?25l",
        b"\x1b[>4;2m",
        b"\x1b[1$r",
        b"\x1b[!p",
        b"\x1b[" + b"1;" * 32 + b"H",
        b"\x1bc",
        b"\x1bZ",
        b"\x1b7",
        b"\x1b8",
        b"\x1bM",
        b"\x1b=",
        b"\x1b(B",
        b"\x1b%G",
        b"\x1b#8",
        b"\x1b\\",
        b"\x1b]0;title\x07",
        b"\x1b]0;title\x1b\\",
        "\x1b]0;title\x9c".encode(),
        b"\x1b]52;c;cHduZWQ=\x07",
        b"\x1b]52;c;?\x1b\\",
        b"\x1b]8;;http://evil\x1b\\",
        b"\x1b]10;?\x1b\\",
        b"\x1b]4;1;?\x07",
        b"\x1bP$qm\x1b\\",
        b"\x1bP+q544e\x1b\\",
        b"\x1bP>|tmux\x07\x1b\\",
        b"\x1b_apc\x1b\\",
        b"\x1b^pm\x1b\\",
        b"\x1bXsos\x1b\\",
        b"\x1bkscreen title\x1b\\",
        b"\x1b]0;" + b"x" * 4000 + b"\x07",
    ],
)
def test_a_complete_escape_sequence_is_gone(sequence: bytes) -> None:
    assert text_of(b"ab" + sequence + b"cd") == "abcd"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"a\x1b", "a␛"),
        (b"a\x1b[", "a␛["),
        (b"a\x1b[31", "a␛[31"),
        (b"a\x1b[31;\x1b[32mb", "a␛[31;b"),
        (b"a\x1b]0;title", "a␛]0;title"),
        (b"a\x1b]0;title\x1b[0m", "a␛]0;title"),
        (b"a\x1b]0;" + b"x" * 5000 + b"\x07b", "a␛]0;" + "x" * 5000 + "␇b"),
        (b"a\x1b[" + b"1" * 65 + b"mb", "a␛[" + "1" * 65 + "mb"),
        (b"a\x1b[" + b";" * 65 + b"Hb", "a␛[" + ";" * 65 + "Hb"),
        (b"a\x1bP$qm", "a␛P$qm"),
        (b"a\x1b\x1b\x1b[0mb", "a␛␛b"),
        (b"a\x1b\xff", "a␛\ufffd"),
        (b"a\x1b\xe2\x80\xa6b", "a␛…b"),
        (b"a\x1b\x07", "a␛␇"),
        (b"\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\", "␛Ptmux;␛"),
        (b"\x1b]0;a\x18b\x07", "␛]0;a␘b␇"),
    ],
)
def test_an_escape_sequence_without_its_end_or_too_long_stays_in_sight(
    data: bytes, shown: str
) -> None:
    assert text_of(data) == shown


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"a\0b", "a␀b"),
        (b"bell\x07", "bell␇"),
        (b"\x0b\x0c\x0e\x0f\x11\x13\x18\x1a\x1c\x7f", "␋␌␎␏␑␓␘␚␜␡"),
        (b"two\nrows", "two␊rows"),
        ("csi\x9b31m".encode(), "csi\ufffd31m"),
        ("osc\x9d52;c;eA==\x9c".encode(), "osc\ufffd52;c;eA==\ufffd"),
        (b"bare c1 \x9b31m", "bare c1 \ufffd31m"),
        ("rtl\u202etxt.exe\u2069".encode(), "rtl\ufffdtxt.exe\ufffd"),
        ("u2028\u2028u2029\u2029nel\x85".encode(), "u2028\ufffdu2029\ufffdnel\ufffd"),
        ("nbsp\u00a0em\u2003".encode(), "nbsp em "),
        (b"torn \xe2\x82", "torn \ufffd"),
        (b"\x82\xac torn", "\ufffd\ufffd torn"),
        (b"overlong \xc0\x80", "overlong \ufffd\ufffd"),
        (b"surrogate \xed\xa0\x80", "surrogate \ufffd\ufffd\ufffd"),
        ("zalgo Z\u0335\u0321\u0332\u0301\u0300o".encode(), "zalgo Z\u0335\u0321\u0332o"),
        ("über · 日本 ─┼─ ✓".encode(), "über · 日本 ─┼─ ✓"),
    ],
)
def test_what_cannot_be_shown_has_a_picture(data: bytes, shown: str) -> None:
    assert text_of(data) == shown


def test_the_shift_in_that_ends_attributes_on_many_terminals_goes_with_them() -> None:
    assert text_of(b"\x1b[1mtop\x1b[m\x0f - 18:19") == "top - 18:19"
    assert text_of(b"a\x0fb") == "a␏b"


def test_marks_in_a_row_stay_few_across_escape_sequences() -> None:
    mark = "\u0301".encode()
    assert text_of(b"a" + (mark * 2 + b"\x1b[31m") * 5) == "a\u0301\u0301\u0301"


def test_style_does_not_carry_over_to_the_next_line() -> None:
    render_line(b"\x1b[31mred")
    assert render_line(b"plain").runs == (Run(5),)


def test_text_written_over_has_the_style_of_what_is_on_top() -> None:
    line = render_line(b"\x1b[31maaaa\r\x1b[32mbb\x1b[0m")
    assert line.text == "bbaa"
    assert line.runs == (Run(2, Style(fg=2)), Run(2, Style(fg=1)))


def test_neighbours_of_one_look_are_one_run() -> None:
    assert render_line(b"a\x1b[0mb\x1b[31m\x1b[mc").runs == (Run(3),)


def test_a_line_of_endless_colours_keeps_its_text_and_not_all_its_runs() -> None:
    line = render_line(b"".join(b"\x1b[3%dmx" % (n % 8) for n in range(900)))
    check_line(line)
    assert line.text == "x" * 900
    assert len(line.runs) == 256
    assert line.runs[:2] == (Run(1, Style(fg=0)), Run(1, Style(fg=1)))
    assert line.runs[-1] == Run(645)


def test_a_very_long_progress_display_shows_its_end() -> None:
    data = b"\r".join(b"\x1b[32m%5d/20000\x1b[0m" % n for n in range(20_001))
    assert text_of(data) == "20000/20000"


def test_what_is_beyond_the_steps_of_one_line_is_shown_as_it_stands() -> None:
    line = render_line(b"ab\b" * 3000)
    check_line(line)
    assert line.text.startswith("a" * 1024)
    assert line.text.endswith("ab␈ab␈ab␈")


def test_a_plain_line_keeps_roles_and_loses_the_guests_colours() -> None:
    line = render_line(OK_LINE, plain=True)
    check_line(line)
    assert line.text == "[  OK  ] Started dbus.service - D-Bus."
    assert line.runs == (Run(1), Run(6, role=Role.OK), Run(31))
    red = b"\x1b[31mred\x1b[7m \x1b[48;5;9mtext"
    assert render_line(red, plain=True).runs == render_line(red, plain=True, raw=True).runs
    assert render_line(red, plain=True, raw=True).runs == (Run(8),)


@unhurried
@given(hostile, st.booleans())
def test_a_plain_line_says_the_same(data: bytes, raw: bool) -> None:
    line = render_line(data, raw=raw, plain=True)
    check_line(line)
    assert line.text == render_line(data, raw=raw).text
    assert {run.style for run in line.runs} <= {PLAIN}


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"Reading... 1%\rReading... 99%\rReading... done\r\r", "Reading... done"),
        (b"\r\x1b[K 10%\r\x1b[K 20%\r\x1b[Kok", "ok"),
        (b"[#   ]\r[##  ]\r[####]\r", "[####]"),
        (b"[***   ] job (1s)\r\x1b[K[ ***  ] job (2s)\r\x1b[K", ""),
        (b"50%\x1b[32m\r100%\x1b[0m", "100%"),
        (b"50%\x1b[2K\x1b[1G100%", "100%"),
        ("50% ████\r日本 ok".encode(), "日本 ok█"),
        (b' 99/100\r{"msg":"m"}', '{"msg":"m"}'),
    ],
)
def test_a_progress_line_is_folded_to_what_it_says_in_the_end(data: bytes, shown: str) -> None:
    assert text_of(data) == shown


def test_each_row_of_an_endless_progress_line_is_folded() -> None:
    frames = b"".join(b"\r%6d of 100000 blocks" % n for n in range(0, 100_000, 7))
    rows = rows_forward(Memory(frames), 0, 1000)
    assert len(rows) == len(frames) // 8192 + 1
    texts = [text_of(row.data) for row in rows]
    assert texts[-1] == " 99995 of 100000 blocks"
    assert max(map(len, texts)) < 50
