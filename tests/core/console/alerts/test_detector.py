"""What the detector gives, whatever comes and in whatever pieces."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.console.alerts import Alert, Detector
from core.console.alerts.detector import MAX_OF_A_KIND
from core.settings import AlertPattern, Severity
from tests.core.console.alerts.texts import TEXTS

PATTERNS = (
    AlertPattern(name="mydrv", pattern=r"mydrv: .* timed out$", severity=Severity.CRITICAL),
    AlertPattern(name="begin", pattern=r"^ok\b"),
    AlertPattern(name="edge", pattern=r"\Aedge|[^x]end\z"),
)

BY_NAME = {text.name: text.data for text in TEXTS}
SMALL = [text.data for text in TEXTS if len(text.data) < 4000]
WORDS = [
    *(b"[    1.000000] ", b"[    1.000000][   T7] ", b"[    1.000000][    C1] ", b"<4>", b"\r"),
    *(b"Kernel panic - not syncing: x", b"BUG: unable to handle ", b"Call Trace:", b"\n", b"\n"),
    *(b"------------[ cut here ]------------", b"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"),
    *(b" f+0x1/0x2", b"---[ end Kernel panic", b"guest login: ", b"(initramfs) ", b"\x1b[31m"),
    *(b"Oops: 0002 [#1]", b"invoked oom-killer: ", b"Out of memory: Killed process 1", b"edge"),
    *(b"mydrv: io timed out", b"ok then", b"an end", b"=" * 66, b"Linux version 6.1", b"\xff\x00"),
    *(b"EXT4-fs error (device vda1): ", b"vmconsole=", b'"', b"\\x1b", b"{", b"x" * 8190),
]


def in_pieces(data: bytes, cuts: Sequence[int]) -> list[Alert]:
    detector = Detector(PATTERNS)
    alerts: list[Alert] = []
    edges = [0, *sorted(cuts), len(data)]
    for begin, end in pairwise(edges):
        alerts += detector.feed(begin, data[begin:end])
    alerts += detector.flush()
    return sorted(alerts, key=lambda a: (a.start, a.kind, a.end))


@pytest.mark.parametrize("name", ["oops-null-std", "login-crlf-typed", "interleaved-callers"])
def test_a_cut_at_any_byte_changes_nothing(name: str) -> None:
    data = BY_NAME[name]
    whole = in_pieces(data, [])
    assert whole
    for cut in range(len(data)):
        assert in_pieces(data, [cut]) == whole, cut


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_pieces_of_any_size_change_nothing(text: object) -> None:
    data = BY_NAME[getattr(text, "name", "")]
    whole = in_pieces(data, [])
    chance = random.Random(len(data))
    for size in (1, 7, 100, 4096):
        cuts = [at + chance.randrange(size) for at in range(0, len(data) - size, size)]
        assert in_pieces(data, cuts) == whole, size


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=60), st.data())
def test_any_text_gives_the_same_alerts_in_any_pieces(
    words: list[bytes], data: st.DataObject
) -> None:
    text = b"".join(words)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=8))
    assert in_pieces(text, cuts) == in_pieces(text, [])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(WORDS)), max_size=60), st.data())
def test_whatever_comes_raises_no_error_and_gives_alerts_within_it(
    pieces: list[bytes], data: st.DataObject
) -> None:
    detector = Detector(PATTERNS)
    offset = 0
    alerts: list[Alert] = []
    for piece in pieces:
        alerts += detector.feed(offset, piece)
        offset += len(piece)
        if data.draw(st.booleans()):
            alerts += detector.idle()
        assert 0 <= detector.resume <= offset
    alerts += detector.flush()
    for alert in alerts:
        assert 0 <= alert.start < alert.end <= offset
        assert alert.title
        assert len(alert.title) <= 256


def test_mutated_reports_raise_no_error() -> None:
    chance = random.Random(7)
    for _ in range(1500):
        data = bytearray(chance.choice(SMALL))
        for _ in range(chance.randrange(1, 30)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(20)]
                case 2:
                    data[at:at] = data[chance.randrange(len(data)) :][:50]
                case _:
                    data[at:at] = chance.choice(WORDS)
        whole = bytes(data)
        assert in_pieces(whole, [chance.randrange(len(whole) + 1)]) == in_pieces(whole, [])


def test_a_line_without_end_takes_no_memory() -> None:
    detector = Detector(PATTERNS)
    piece = b"\x1b[31m= Kernel panic x" * 13_000
    tracemalloc.start()
    try:
        for number in range(400):
            assert detector.feed(number * len(piece), piece) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 400 * len(piece) > 100_000_000
    assert peak < 2_000_000
    end = 400 * len(piece)
    found = detector.feed(end, b"\nKernel panic - not syncing: x\n") + detector.flush()
    assert [(alert.kind, alert.start) for alert in found] == [("panic", end + 1)]


def test_reports_that_never_end_take_no_memory() -> None:
    detector = Detector()
    lines = b"".join(
        b"[    1.000000][%5s] BUG: unable to handle page fault for address: 0\n" % b"T%d" % task
        for task in range(900)
    )
    offset = 0
    tracemalloc.start()
    try:
        for _ in range(30):
            detector.feed(offset, lines)
            offset += len(lines)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_a_guest_cannot_raise_alerts_without_end() -> None:
    detector = Detector()
    line = b"[    1.000000] Kernel panic - not syncing: x\n[    1.000000] ---[ end Kernel panic\n"
    alerts = detector.feed(0, line * (MAX_OF_A_KIND + 50))
    assert len(alerts) == MAX_OF_A_KIND


def test_a_quiet_moment_tells_of_a_report_that_is_not_over() -> None:
    detector = Detector()
    data = b"[    1.000000] BUG: unable to handle page fault\n[    1.000001] Call Trace:\n"
    assert detector.feed(0, data) == []
    (alert,) = [alert for _ in range(20) for alert in detector.idle()]
    assert (alert.kind, alert.start, alert.end) == ("oops", 0, len(data))
    assert not detector.is_waiting
    # What belongs to it raises no second one, and what is graver does.
    more = (
        b"[    1.000002]  f+0x1/0x2\n[    1.000003] Kernel panic - not syncing: Fatal exception\n"
    )
    assert detector.feed(len(data), more) == []
    (panic,) = detector.flush()
    assert panic.kind == "panic"
    assert panic.start == len(data) + more.index(b"\n") + 1


def test_a_report_that_has_its_end_is_told_sooner_than_one_that_stopped_in_its_midst() -> None:
    begin = b"[    1.000000] BUG: unable to handle page fault\n[    1.000001] Call Trace:\n"
    looks = []
    for data in (begin, begin + b"[    1.000002] ---[ end trace 0000000000000000 ]---\n"):
        detector = Detector()
        assert detector.feed(0, data) == []
        looks.append(next(n for n in range(1, 20) if detector.idle()))
    assert looks[1] == 2
    assert looks[0] > looks[1]


def test_a_prompt_is_told_after_a_quiet_moment_and_not_again() -> None:
    detector = Detector()
    assert detector.feed(0, b"guest login: ") == []
    assert detector.idle() == []
    (alert,) = detector.idle()
    assert (alert.kind, alert.severity, alert.end) == ("login", Severity.NOTE, 13)
    assert not detector.is_waiting
    assert detector.feed(13, b"root\n") + detector.idle() + detector.flush() == []


def test_a_sentence_that_is_being_typed_is_no_prompt() -> None:
    detector = Detector()
    detector.feed(0, b"Please login: ")
    assert detector.idle() == []
    detector.feed(14, b"use your company account")
    assert detector.idle() + detector.idle() + detector.flush() == []


def test_bytes_that_were_dropped_end_what_was_open() -> None:
    detector = Detector()
    detector.feed(0, b"[    1.000000] BUG: unable to handle page fault\n[    1.0000")
    (alert,) = detector.feed(1000, b"01] Kernel panic\n")
    assert alert.kind == "oops"


def test_a_second_detector_goes_on_where_the_first_was_sure() -> None:
    data = BY_NAME["recorded-debian-boot"]
    whole = {(a.kind, a.start, a.end) for a in in_pieces(data, [])}
    for cut in range(0, len(data), 997):
        first, second = Detector(), Detector()
        found = first.feed(0, data[:cut])
        found += second.feed(first.resume, data[first.resume :]) + second.flush()
        assert {(a.kind, a.start, a.end) for a in found} >= whole, cut


# A user's own.


def own(pattern: str, data: bytes, severity: Severity = Severity.WARNING) -> list[str]:
    detector = Detector([AlertPattern(name="own", pattern=pattern, severity=severity)])
    found = detector.feed(0, data) + detector.flush()
    return [alert.title for alert in found if alert.kind == "own"]


@pytest.mark.parametrize(
    ("pattern", "titles"),
    [
        ("timed out", ["mydrv: io timed out", "other: timed out too"]),
        ("timed out$", ["mydrv: io timed out"]),
        ("^mydrv", ["mydrv: io timed out"]),
        (r"\Amydrv", ["mydrv: io timed out"]),
        (r"out\z", ["mydrv: io timed out"]),
        ("(?i)MYDRV", ["mydrv: io timed out"]),
        ("io[^z]*too", []),
        (r"out\s+other", []),
        ("ünïcode", ["ünïcode line"]),
        ("red alert", ["red alert"]),
    ],
)
def test_a_users_pattern_matches_line_by_line(pattern: str, titles: list[str]) -> None:
    data = (
        "mydrv: io timed out\r\nother: timed out too\r\nünïcode line\n\x1b[31mred\x1b[0m alert\n"
    ).encode()
    assert own(pattern, data) == titles


def test_a_users_pattern_has_its_severity_and_its_line() -> None:
    data = b"fine\n[    1.000000] mydrv: io timed out\r\nfine\n"
    (alert,) = Detector(PATTERNS).feed(0, data)
    assert alert.kind == "mydrv"
    assert alert.severity is Severity.CRITICAL
    assert data[alert.start : alert.end] == b"[    1.000000] mydrv: io timed out\r\n"
    assert alert.title == "mydrv: io timed out"


def test_a_line_may_raise_an_alert_of_each_kind() -> None:
    pattern = AlertPattern(name="panics", pattern="panic")
    detector = Detector([pattern])
    found = detector.feed(0, b"Kernel panic - not syncing: x\n") + detector.flush()
    assert sorted(alert.kind for alert in found) == ["panic", "panics"]
