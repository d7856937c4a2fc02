"""Events of a recording as lines of ours between the guest's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import Position, TranscriptRow
from core.recording import Cause, EventKind, Events, Fact, Gap, LedgerEntry, enter_mark
from core.recording.events import MAX_LINES
from tests.core.console.checks import check_safe
from tests.tui.panes import NOON, Guest
from tui.events.annotations import Annotations
from tui.events.words import event_words
from tui.opened.viewing import Viewing
from tui.pane.view import Note

ALL = 10_000


@pytest.fixture
def viewing(guest: Guest) -> Viewing:
    return Viewing(guest.home / guest.id)


def read(viewing: Viewing, now: float = NOON) -> None:
    """Bring a viewing up to date."""
    viewing.poll(now)
    viewing.annotations.nudge()
    viewing.poll_events(now)
    while viewing.annotations.is_behind:
        viewing.poll_events(now)


def shown(viewing: Viewing, height: int = 50) -> list[str]:
    lines = viewing.lines(height)
    return [line.text if isinstance(line, Note) else _words(line) for line in lines]


def _words(line: TranscriptRow) -> str:
    return line.seam if line.row is None else line.row.data.decode()


def test_every_sort_of_event_is_a_line_of_its_own(guest: Guest, viewing: Viewing) -> None:
    guest.boot()
    recorder = guest.recorder
    assert recorder is not None
    recorder.enter("proxy-started", guest.now, type="noProxy", debug=True)
    recorder.enter("attached", guest.now, pid=812, note="others read it too")
    guest.write(b"fine\n[ 1.0] Kernel panic\nlost\n", after=2)
    facts: dict[str, Fact] = {"kind": "panic", "title": "Kernel panic", "severity": "critical"}
    recorder.enter("alert", guest.now, **facts, start=5, wall=NOON + 1)
    recorder.enter("alert", guest.now, kind="login", title="login:", severity="note", start=25)
    recorder.enter_gap(Gap(Cause.DISK, NOON, NOON + 65, "full", 2000), guest.now)
    recorder.enter("detached", guest.now, cause="the proxy was stopped")
    recorder.enter("failed", guest.now, detail="reset by peer")
    recorder.enter("proxy-stopped", guest.now, cause="capture ended")
    recorder.enter("ended", guest.now)
    enter_mark(recorder.folder, 25, "here it ends", guest.now)
    read(viewing)
    assert shown(viewing) == [
        "► proxy started 12:00:00 · noProxy · debug on",
        "● attached 12:00:00 · pid 812 · others read it too",
        "fine",
        "▲ panic 12:00:01 · Kernel panic",
        "[ 1.0] Kernel panic",
        "» login 12:00:02 · login:",
        "◆ mark 12:00:02 · here it ends",
        "lost",
        "≠ gap 1 m 05 s · disk · 2.0 kB lost · 12:00:00–12:01:05 · full",
        "○ detached 12:00:02 · the proxy was stopped",
        "✘ failed 12:00:02 · reset by peer",
        "□ proxy stopped 12:00:02 · capture ended",
        "■ ended 12:00:02",
    ]


def test_a_seam_says_how_long_nobody_heard_the_guest(guest: Guest, viewing: Viewing) -> None:
    guest.write(b"one\n")
    guest.clock = 271
    guest.boot()
    assert guest.recorder is not None
    guest.recorder.enter_gap(Gap(Cause.RESTARTED, NOON + 268, NOON + 271), guest.now)
    guest.write(b"two\n")
    viewing.poll(NOON)
    assert shown(viewing) == ["one", "guest rebooted 12:04:31", "two"]
    read(viewing)
    assert shown(viewing) == ["one", "guest rebooted 12:04:31, gap 3 s", "two"]


def test_what_a_ledger_gets_later_is_shown_and_nothing_moves(
    guest: Guest, viewing: Viewing
) -> None:
    guest.lines(range(100))
    read(viewing)
    viewing.view.scroll(-50, 10)
    before, top = shown(viewing, 10), viewing.view.top
    assert guest.recorder is not None
    for start in (0, 12 * 60, 12 * 80):
        enter_mark(guest.recorder.folder, start, "", guest.now)
    guest.recorder.enter("attached", guest.now)
    read(viewing)
    assert (shown(viewing, 10), viewing.view.top) == (before, top)


def test_marks_stay_on_their_text_while_old_segments_are_dropped(
    guest: Guest, viewing: Viewing
) -> None:
    """Ten times a screen's history flows by, and what was there first goes."""
    guest.boot()
    recorder = guest.recorder
    assert recorder is not None
    recorder.set_segment_bytes(1200)
    for first in range(0, 300, 100):
        guest.lines(range(first, first + 100))
    for number in (10, 290, 299):
        enter_mark(recorder.folder, 12 * number, f"on {number}", guest.now)
    read(viewing)
    viewing.view.go_to(Position(1, 12 * 290), 20)
    for first in range(300, 2300, 100):
        guest.lines(range(first, first + 100))
        if first % 500 == 0:
            for log in sorted(recorder.folder.glob("console.0*.log"))[:6]:
                if int(log.name.split(".")[1]) + 1200 < 12 * 280:
                    log.unlink()
        read(viewing, NOON + first)
        lines = shown(viewing, 20)
        for number in (290, 299):
            at = next(i for i, line in enumerate(lines) if line.endswith(f"on {number}"))
            assert lines[at + 1] == f"line {number:06d}"
    found = viewing.annotations.after(Position(0, 0))
    assert found is not None
    assert found.position.offset == 12 * 290


def test_hidden_events_are_not_between_the_lines(guest: Guest, viewing: Viewing) -> None:
    guest.lines(range(3))
    assert guest.recorder is not None
    enter_mark(guest.recorder.folder, 12, "", guest.now)
    read(viewing)
    assert len(shown(viewing)) == 4
    viewing.annotations.is_shown = False
    assert shown(viewing) == ["line 000000", "line 000001", "line 000002"]


places = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30)), max_size=12)


@given(places)
def test_walking_meets_every_event_once_in_both_directions(
    tmp_path_factory: pytest.TempPathFactory, where: list[tuple[int, int]]
) -> None:
    guest = Guest(tmp_path_factory.mktemp("walk"))
    folders = []
    for _ in range(3):
        guest.boot(b"line\n" * 6)
        assert guest.recorder is not None
        folders.append(guest.recorder.folder)
    guest.close()
    for generation, offset in where:
        enter_mark(folders[generation - 1], offset, "", guest.now)
    viewing = Viewing(guest.home / guest.id)
    read(viewing)
    annotations = viewing.annotations
    forward, at = [], Position(-1, 0)
    while (found := annotations.after(at)) is not None:
        forward.append(found)
        at = found.position
    backward, at = [], Position(9, 0)
    while (found := annotations.before(at)) is not None:
        backward.append(found)
        at = found.position
    assert forward == backward[::-1]
    assert [f.position for f in forward] == sorted(f.position for f in forward)
    marks = [each.position[:2] for each in forward if each.kind is EventKind.MARK]
    assert marks == sorted(where)
    assert [each.position for each in forward if each.kind is None] == [
        Position(2, -1),
        Position(3, -1),
    ]
    rows = annotations.forward(Position(0, 0), ALL)
    assert [row.position[:2] for row in rows] == sorted(where)
    assert annotations.backward(annotations.last, ALL) == rows
    viewing.close()


HOSTILE_FACTS = st.dictionaries(
    st.sampled_from(["kind", "title", "note", "cause", "detail", "evidence", "type", "source"]),
    st.text(max_size=40) | st.just("\x1b[2J\x1b]52;c;eA==\x07[/]\u202e" * 300),
)


@given(
    st.sampled_from(EventKind),
    HOSTILE_FACTS,
    st.floats(0, 2**63, allow_nan=False),
    st.dictionaries(st.sampled_from(["pid", "start", "end", "wall"]), st.integers() | st.floats()),
)
def test_no_ledger_brings_a_control_code_into_a_line(
    kind: EventKind,
    facts: dict[str, str],
    wall: float,
    numbers: dict[str, int | float],
) -> None:
    name = {EventKind.GAP: "gap"}.get(kind, "x")
    words = event_words(kind, LedgerEntry(wall, 0, name, {**facts, **numbers}))
    check_safe(words.text)
    assert len(words.text) <= 800


def test_a_screen_of_a_million_alerts_reads_a_screen_of_the_ledger(
    guest: Guest, viewing: Viewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.write(b"ab\n" * 400_000)
    guest.close()
    (folder,) = (Path(p) for p in (guest.home / guest.id).iterdir() if p.is_dir())
    count = 1_000_000
    line = b'{"epoch": 1, "offset": %d, "kind": "alert", "facts": {"start": %d, "kind": "x"}}\n'
    with (folder / "events.jsonl").open("ab") as out:
        for first in range(0, count, 1000):
            out.write(b"".join(line % (i, i) for i in range(first, first + 1000)))
    viewing.poll(NOON)
    refreshed: list[int] = []
    refresh = Events.refresh

    def counted(events: Events, start: int = 0) -> bool:
        refreshed.append(start)
        return refresh(events, start)

    monkeypatch.setattr(Events, "refresh", counted)
    read(viewing)
    assert len(refreshed) <= count / MAX_LINES + 5

    reads: list[int] = []
    pread = os.pread

    def measured(fd: int, size: int, at: int) -> bytes:
        data = pread(fd, size, at)
        reads.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", measured)
    viewing.view.go_to(Position(1, 600_000), 50)
    assert len(viewing.lines(50)) == 50
    assert viewing.annotations.after(Position(1, 600_000), frozenset({EventKind.MARK})) is None
    alert = viewing.annotations.before(Position(1, 600_000), frozenset({EventKind.ALERT}))
    assert alert is not None
    assert alert.position.offset == 600_000
    assert len(reads) < 500
    assert sum(reads) < 1_000_000


def test_a_ledger_that_goes_away_takes_nothing_with_it(guest: Guest, viewing: Viewing) -> None:
    guest.lines(range(3))
    assert guest.recorder is not None
    ledger = guest.recorder.folder / "events.jsonl"
    enter_mark(guest.recorder.folder, 12, "note", guest.now)
    read(viewing)
    ledger.unlink()
    assert shown(viewing)[1] == "◆ mark"


def test_there_is_no_event_where_there_is_nothing() -> None:
    nothing = Annotations(lambda sequence, gap: None)
    assert nothing.first == nothing.last
    assert nothing.forward(nothing.first, 9) == nothing.backward(nothing.last, 9) == []
    assert nothing.after(Position(0, 0)) is None
    assert nothing.before(Position(9, 0)) is None
    assert nothing.poll(0.0) is False
