"""An alert's trace, with what a bug report needs beside it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.console import safe_text
from core.console.alerts import Detector
from core.reports import Guest, TraceReader, TraceReport, code, fenced, trace_markdown
from core.reports.trace import AROUND_ROWS, BESIDE_ROWS, MAX_TRACE_ROWS
from core.sandboxes.model import AlertFacts
from tests.core.console.alerts.texts import FOLDER, load
from tests.core.recording.made import WALL, begin, moment

OOPS = load(FOLDER / "oops-null-std.txt").data


def _oops(home: Path, at: float = 100.0) -> AlertFacts:
    """A guest that boots, and oopses a minute later; returns the alert as the scanner tells it."""
    with closing(begin(home)) as recorder:
        recorder.write(b"[    0.000000] Linux version 9.9.9 (root@x) #1\n", moment(0))
        recorder.write(b"".join(b"before %d\n" % n for n in range(50)), moment(1))
        before = recorder.size
        recorder.write(OOPS, moment(at))
        recorder.write(b"".join(b"after %d\n" % n for n in range(50)), moment(at + 1))
        found = Detector().feed(before, OOPS + b"after\n" * 50)[0]
        return AlertFacts(
            kind=found.kind,
            title=found.title,
            severity=found.severity,
            generation=recorder.generation,
            start=found.start,
            end=found.end,
            wall=WALL + at,
        )


def _guest(home: Path, name: str = "vm1") -> Guest:
    return Guest(name, "qemu", home / name)


def _prints(home: Path, name: str, at: float, data: bytes) -> Guest:
    with closing(begin(home, sandbox_id=name)) as recorder:
        recorder.write(b"long before\n", moment(0))
        recorder.write(data, moment(at))
        recorder.write(b"long after\n", moment(at + 60))
    return _guest(home, name)


def _read(home: Path, alert: AlertFacts, *others: Guest) -> TraceReport:
    reader = TraceReader(_guest(home), alert, others)
    while not reader.is_done:
        reader.step()
    return reader.report


def test_the_trace_is_whole_between_what_was_around_it(tmp_path: Path) -> None:
    alert = _oops(tmp_path)
    report = _read(tmp_path, alert)
    shown = "\n".join(said.line.text for said in report.trace)
    assert "BUG: kernel NULL pointer dereference" in shown
    assert "---[ end trace" in shown
    assert not report.is_cut
    assert len(report.before) == len(report.after) == AROUND_ROWS
    assert report.after[-1].line.text.startswith("after")
    assert {said.wall for said in report.trace} == {WALL + 100.0}
    assert (report.about.process, report.about.pid, report.about.cpu) == ("tee", "412", "1")
    assert report.about.kernel == "6.1.0-56-cloud-amd64"


def test_a_trace_without_a_version_has_its_boots(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"Linux version 1.1.1 (x)\nbooted\nLinux version 2.2.2 (x)\n", moment(0))
        start = recorder.size
        recorder.write(b"Kernel panic - not syncing: x\n", moment(1))
        alert = AlertFacts(
            kind="panic", title="x", generation=recorder.generation, start=start, end=start + 30
        )
    assert _read(tmp_path, alert).about.kernel == "2.2.2"


def test_what_others_printed_in_that_second_stands_beside_it(tmp_path: Path) -> None:
    alert = _oops(tmp_path)
    then = _prints(tmp_path, "vm2", 100.3, b"\x1b[31mlink down\x1b[0m\n")
    never = _prints(tmp_path, "vm3", 90.0, b"quiet\n")
    many = _prints(tmp_path, "vm4", 99.8, b"".join(b"n%d\n" % n for n in range(500)))
    gone = _guest(tmp_path, "vm5")
    report = _read(tmp_path, alert, then, never, many, gone)
    assert [each.guest.name for each in report.beside] == ["vm2", "vm4"]
    assert [said.line.text for said in report.beside[0].rows] == ["link down"]
    assert not report.beside[0].is_cut
    assert len(report.beside[1].rows) <= BESIDE_ROWS
    assert report.beside[1].is_cut


def test_a_long_trace_is_cut_and_says_so(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"".join(b"row %d\n" % n for n in range(1000)), moment(0))
        alert = AlertFacts(
            kind="panic", title="x", generation=recorder.generation, start=0, end=recorder.size
        )
    report = _read(tmp_path, alert)
    assert len(report.trace) == MAX_TRACE_ROWS
    assert report.is_cut
    assert "more lines of it" in trace_markdown(report, "1")


def test_a_recording_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    alert = AlertFacts(kind="panic", title="x", generation="000001-20260101T000000.000Z")
    report = _read(tmp_path, alert)
    assert report.trouble
    assert report.trouble in trace_markdown(report, "1")


def test_the_markdown_holds_it_all(tmp_path: Path) -> None:
    alert = _oops(tmp_path)
    other = _prints(tmp_path, "vm2", 100.2, b"beside\n")
    text = trace_markdown(_read(tmp_path, alert, other), "0.1.0")
    for words in ("`oops` in `vm1`, `qemu`", "`tee (pid 412) on CPU 1`", "before 49", "after 0"):
        assert words in text
    assert alert.generation in text
    assert text.index("beside") > text.index("What other guests printed")


@given(st.text(), st.lists(st.integers(1, 9).map("`".__mul__)).map(" ".join))
def test_nothing_in_a_fence_or_in_code_closes_it(text: str, ticks: str) -> None:
    held = safe_text(text + ticks + text)
    head, *lines, tail = fenced(held).split("\n")
    assert (head, lines) == (f"{tail}text", [held])
    assert tail not in held
    inline = code(held)
    fence = inline[: len(inline) - len(inline.lstrip("`"))] if not held.startswith("`") else ""
    assert not fence or fence not in held
