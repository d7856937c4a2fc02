"""A guest's bytes to log records, a line each."""

from __future__ import annotations

import logging

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.console import safe_text
from core.errors import ConsoleBroken
from core.proxy.lines import MAX_LINE_BYTES, QUIET_S, LineLogger
from core.proxy.quiet import QuietLogger
from tests.core.proxy.logbook import FailingHandler, Logbook

URL = "unix:///run/vm1/console.sock"


def line_logger(logbook: Logbook, *, url: str = URL, quiet_s: float = QUIET_S) -> LineLogger:
    return LineLogger(QuietLogger(logbook.logger), sandbox="vm1", url=url, quiet_s=quiet_s)


def logged(*pieces: bytes) -> list[object]:
    """The lines that come of these pieces and the end of the console."""
    logbook = Logbook()
    lines = line_logger(logbook)
    for piece in pieces:
        lines.feed(piece)
    lines.end(None)
    return logbook.lines


def test_line_is_one_debug_record_with_its_facts() -> None:
    logbook = Logbook()
    line_logger(logbook).feed(b"[    0.000000] Linux version 6.1\r\n")
    (record,) = logbook.records
    assert record.getMessage() == "reading guest console"
    assert record.levelno == logging.DEBUG
    assert vars(record)["sandbox"] == "vm1"
    assert vars(record)["vmconsole"] == "[    0.000000] Linux version 6.1"
    assert vars(record)["console_protocol"] == "unix"
    assert vars(record)["console_url"] == URL


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"one\n\n\r\n\ntwo\n", ["one", "two"]),
        (b" \n", [" "]),
        (b"no end", ["no end"]),
        (b"no end\r", ["no end"]),
        (b"a %s of %(b)d 100%\n", ["a %s of %(b)d 100%"]),
        (b"", []),
        (b"\n", []),
    ],
)
def test_lines_end_at_newlines_and_empty_ones_are_skipped(data: bytes, expected: list[str]) -> None:
    assert logged(data) == expected


def test_what_is_no_utf8_is_replaced() -> None:
    assert logged(b"caf\xe9 \xff\n", b"caf\xc3\xa9\n") == ["caf\ufffd \ufffd", "café"]


def test_nothing_a_terminal_acts_on_is_logged() -> None:
    (line,) = logged(b"\x1b[2J\x07\x9b6n\x7f\x00\xc2\x9b\xe2\x80\xae\ta\rb\n")
    assert isinstance(line, str)
    assert line.isprintable()
    assert line.endswith("b")


def test_line_is_put_together_from_its_pieces() -> None:
    data = "Ünïcode\r\nlogin: root\r\n".encode()
    assert logged(*(data[i : i + 1] for i in range(len(data)))) == ["Ünïcode", "login: root"]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_line_of_64_kib_comes_whole(ending: bytes) -> None:
    assert logged(b"x" * MAX_LINE_BYTES + ending) == ["x" * MAX_LINE_BYTES]
    for cut in (1, MAX_LINE_BYTES, MAX_LINE_BYTES + 1):
        data = b"x" * MAX_LINE_BYTES + ending
        assert logged(data[:cut], data[cut:]) == ["x" * MAX_LINE_BYTES]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("fed", [1000, 65_536, 10_000_000])
def test_longer_line_comes_in_pieces(ending: bytes, fed: int) -> None:
    data = bytes(0x30 + i % 75 for i in range(3 * MAX_LINE_BYTES + 7)) + ending
    lines = logged(*(data[i : i + fed] for i in range(0, len(data), fed)))
    assert [len(str(line)) for line in lines] == [MAX_LINE_BYTES] * 3 + [7]
    assert "".join(map(str, lines)).encode() == data.removesuffix(ending)


@pytest.mark.parametrize("before", range(4))
def test_overlong_line_is_not_cut_inside_a_character(before: int) -> None:
    text = "x" * before + "🐧" * 20_000
    lines = logged(text.encode() + b"\n")
    assert len(lines) == 2
    assert "".join(map(str, lines)) == text


def test_overlong_line_of_stray_bytes_is_cut_all_the_same() -> None:
    lines = logged(b"\x80" * (2 * MAX_LINE_BYTES) + b"\n")
    assert [len(str(line)) for line in lines] == [MAX_LINE_BYTES] * 2


def test_line_of_64_kib_is_not_cut_by_what_is_shown_of_it() -> None:
    # A combining mark without a character before it is shown on one.
    (line,) = logged(b"\xcc\x81" + b"x" * (MAX_LINE_BYTES - 2) + b"\n")
    assert str(line).count("x") == MAX_LINE_BYTES - 2
    assert not str(line).endswith("…")


def test_line_after_an_endless_one_is_logged() -> None:
    lines = logged(*[b"x" * 1_000_000] * 3, b"\nafter\n")
    assert lines[-1] == "after"
    assert sum(len(str(line)) for line in lines[:-1]) == 3_000_000


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"\r", b"\r\n", b"\xc3"])))
@settings(deadline=None)
def test_no_byte_is_lost_and_none_is_dangerous_however_it_arrives(pieces: list[bytes]) -> None:
    lines = [line.removesuffix(b"\r") for line in b"".join(pieces).split(b"\n")]
    texts = [line.decode("utf-8", "replace") for line in lines if line]
    found = logged(*pieces)
    assert found == [safe_text(text, limit=1_000_000) for text in texts]
    assert all(str(line).isprintable() for line in found)


@pytest.mark.anyio
async def test_prompt_is_logged_once_it_is_quiet() -> None:
    logbook = Logbook()
    lines = line_logger(logbook, quiet_s=0.05)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lines.run)
        lines.feed(b"booted\r\nlogin: ")
        assert logbook.lines == ["booted"]
        await logbook.until_lines("booted", "login: ")
        lines.feed(b"root\r\nPassword: ")
        await logbook.until_lines("booted", "login: ", "root", "Password: ")
        lines.feed(b"\r")
        lines.feed(b"\n")
        lines.end(None)
    assert logbook.lines == ["booted", "login: ", "root", "Password: "]


@pytest.mark.anyio
async def test_line_that_goes_on_in_time_is_one_line() -> None:
    logbook = Logbook()
    lines = line_logger(logbook, quiet_s=60)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lines.run)
        lines.feed(b"Starting ssh")
        await anyio.wait_all_tasks_blocked()
        lines.feed(b"d\n")
        await logbook.until_lines("Starting sshd")
        tasks.cancel_scope.cancel()


@pytest.mark.anyio
async def test_quiet_lasts_a_second_from_the_last_byte() -> None:
    logbook = Logbook()
    lines = line_logger(logbook)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lines.run)
        began = anyio.current_time()
        lines.feed(b"login: ")
        await logbook.until_lines("login: ")
        assert 1.0 <= anyio.current_time() - began < 5.0
        lines.end(None)


def test_end_logs_what_was_unfinished_then_that_it_quits() -> None:
    logbook = Logbook()
    lines = line_logger(logbook)
    lines.feed(b"Kernel panic")
    lines.end(None)
    lines.end(None)
    assert logbook.messages == ["reading guest console", "console watcher quits"]
    end = logbook.records[-1]
    assert end.levelno == logging.INFO
    assert vars(end)["sandbox"] == "vm1"
    assert lines.has_ended


def test_failure_is_an_error_with_protocol_and_socket() -> None:
    logbook = Logbook()
    line_logger(logbook).end(ConsoleBroken("Connection reset\x1b[2J by peer", path="/run"))
    (record,) = logbook.records
    assert record.levelno == logging.ERROR
    message = record.getMessage()
    assert message.startswith("Failed to read agent logs: unix console /run/vm1/console.sock: Conn")
    assert message.isprintable()
    assert vars(record)["sandbox"] == "vm1"
    assert vars(record)["console_protocol"] == "unix"
    assert vars(record)["console_socket"] == "/run/vm1/console.sock"
    assert vars(record)["console_url"] == URL


def test_closed_watch_logs_what_was_unfinished_and_no_end() -> None:
    logbook = Logbook()
    lines = line_logger(logbook)
    lines.feed(b"login: ")
    lines.close()
    assert logbook.messages == ["reading guest console"]


class Untouchable(bytes):
    """Bytes that nobody may split."""

    def split(self, *_: object, **__: object) -> list[bytes]:
        raise AssertionError("split")


def test_nothing_is_done_unless_the_logger_is_enabled_for_debug() -> None:
    lines = line_logger(Logbook(logging.INFO))
    lines.feed(Untouchable(b"one\ntwo"))
    with pytest.raises(AssertionError, match="split"):
        line_logger(Logbook(logging.DEBUG)).feed(Untouchable(b"one\ntwo"))


def test_disabled_level_counts_too() -> None:
    logbook = Logbook()
    before = logging.root.manager.disable
    logging.disable(logging.DEBUG)
    try:
        line_logger(logbook).feed(b"one\n")
    finally:
        logging.disable(before)
    assert logbook.records == []


def test_logger_enabled_later_gets_what_comes_then() -> None:
    logbook = Logbook(logging.INFO)
    lines = line_logger(logbook)
    lines.feed(b"unheard\nunfin")
    logbook.logger.setLevel(logging.DEBUG)
    lines.feed(b"ished\nheard\nhalf")
    logbook.logger.setLevel(logging.INFO)
    lines.feed(b" a line\n")
    logbook.logger.setLevel(logging.DEBUG)
    lines.feed(b"again\n")
    assert logbook.lines == ["ished", "heard", "again"]


def test_logger_that_fails_harms_nobody_and_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logbook = Logbook()
    failing = FailingHandler()
    logbook.logger.addHandler(failing)
    lines = line_logger(logbook)
    for _ in range(5):
        lines.feed(b"one\ntwo\n")
    lines.end(None)
    assert len(logbook.lines) == 10
    assert failing.asked == 11
    told = [r for r in caplog.records if r.name == "guestwatch.proxy"]
    assert [r.levelno for r in told] == [logging.WARNING]


def test_failing_logger_is_survived_where_nobody_can_be_told() -> None:
    logbook = Logbook()
    failing = FailingHandler()
    logbook.logger.addHandler(failing)
    logging.getLogger("guestwatch.proxy").addHandler(failing)
    try:
        line_logger(logbook).feed(b"one\n")
    finally:
        logging.getLogger("guestwatch.proxy").removeHandler(failing)
    assert logbook.lines == ["one"]
    assert failing.asked == 2
