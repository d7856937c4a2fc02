"""What a generation's ledger tells, by where it lies."""

from __future__ import annotations

import json
import os
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RecordingError
from core.recording import Cause, Event, EventKind, Events, Gap, Ledger, enter_mark, remove_mark
from core.recording import events as module
from core.recording.layout import LEDGER
from core.recording.ledger import LedgerEntry, format_entry, parse_entry

from .made import begin, file_size_limit, fresh_folder, moment, on_disk

NOISE = st.one_of(
    st.binary(max_size=60).filter(lambda data: b"\n" not in data),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["epoch", "offset", "kind", "facts", "start", "mark", "x"]), inner
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)


def caught_up(folder: Path, start: int = 0) -> Events:
    events = Events(folder)
    while events.refresh(start):
        pass
    return events


def words(events: Events) -> list[tuple[int, EventKind]]:
    return [(event.offset, event.kind) for event in events.forward(0)]


def test_events_lie_where_the_output_is_that_they_tell_of(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.enter("proxy-started", moment(0), type="noProxy", debug=True)
        recorder.enter("attached", moment(0), pid=812)
        recorder.write(b"fine\nKernel panic\n", moment(1))
        recorder.enter("alert", moment(2), kind="panic", title="Kernel panic", start=5)
        recorder.enter("alert", moment(2), kind="login", title="login:", severity="note", start=2)
        recorder.enter_gap(Gap(Cause.DISK, 1.0, 2.0), moment(3))
        recorder.enter("who-knows", moment(3))
        events = caught_up(recorder.folder)
    assert words(events) == [
        (0, EventKind.PROXY_STARTED),
        (0, EventKind.ATTACHED),
        (2, EventKind.NOTICE),
        (5, EventKind.ALERT),
        (18, EventKind.GAP),
    ]
    assert list(events.backward(99)) == list(events.forward(0))[::-1]
    found = list(events.forward(0, kinds=module.ALERTS))
    titles = [entry.facts["title"] for entry in events.entries(found) if entry is not None]
    assert titles == ["login:", "Kernel panic"]


def test_the_gap_of_a_restart_is_the_seams_and_that_of_a_quota_the_notes(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.enter_gap(Gap(Cause.RESTARTED, 1.0, 4.0), moment(0))
        recorder.enter_gap(Gap(Cause.QUOTA, 1.0, 4.0, lost_bytes=9), moment(0))
        events = caught_up(recorder.folder)
    assert words(events) == []
    assert events.reopened is not None
    (entry,) = events.entries([events.reopened])
    assert entry is not None
    gap = Gap.of(entry)
    assert gap is not None
    assert gap.seconds == 3.0


def test_a_mark_is_entered_while_a_recorder_goes_on_and_taken_away_again(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"one\ntwo\n", moment(1))
        enter_mark(recorder.folder, 4, "here\x1b[2J", moment(2))
        recorder.enter("attached", moment(3))
        enter_mark(recorder.folder, 0, "", moment(4))
        events = caught_up(recorder.folder)
        first, second = events.forward(0, kinds=module.MARKS)
        assert (first.offset, second.offset) == (0, 4)
        (entry,) = events.entries([second])
        assert entry == LedgerEntry(moment(2).wall, 8, "mark", {"start": 4, "note": "here\x1b[2J"})
        remove_mark(recorder.folder, second.place, moment(5))
        before = events.version
        assert events.refresh()
        assert events.version != before
        assert words(events) == [(0, EventKind.MARK), (8, EventKind.ATTACHED)]
        assert words(caught_up(recorder.folder)) == words(events)


def test_a_mark_is_no_part_of_the_line_that_a_crash_left(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"one\ntwo\n", moment(1))
        recorder.enter("attached", moment(1))
    with (recorder.folder / LEDGER).open("ab") as ledger:
        ledger.write(b'{"time": "2023')
    enter_mark(recorder.folder, 4, "after the crash", moment(2))
    events = caught_up(recorder.folder)
    assert words(events) == [(4, EventKind.MARK), (8, EventKind.ATTACHED)]
    assert events.skipped == 1


def test_a_mark_that_the_disk_takes_only_a_part_of_is_told_and_harms_no_other(
    tmp_path: Path,
) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"one\ntwo\n", moment(1))
    ledger = recorder.folder / LEDGER
    with file_size_limit(ledger.stat().st_size + 20), pytest.raises(RecordingError):
        enter_mark(recorder.folder, 4, "lost", moment(2))
    enter_mark(recorder.folder, 0, "kept", moment(3))
    events = caught_up(recorder.folder)
    assert words(events) == [(0, EventKind.MARK)]


@pytest.mark.parametrize("offset", [-1, 9, 2**70])
def test_only_what_is_there_can_be_marked(tmp_path: Path, offset: int) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"one\ntwo\n", moment(1))
        with pytest.raises(RecordingError, match="not there"):
            enter_mark(recorder.folder, offset, "", moment(2))


def test_only_a_mark_can_be_taken_away(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.enter("attached", moment(0))
        for place in (-1, 0, 3, 10**6):
            with pytest.raises(RecordingError, match="no such mark"):
                remove_mark(recorder.folder, place, moment(1))


def test_a_file_is_no_recording_to_mark(tmp_path: Path) -> None:
    plain = tmp_path / "some.log"
    plain.write_bytes(b"x\n")
    with pytest.raises(RecordingError):
        enter_mark(plain, 0, "", moment(0))
    assert plain.read_bytes() == b"x\n"


def test_what_lies_before_the_first_byte_that_is_left_is_let_go(tmp_path: Path) -> None:
    with closing(begin(tmp_path)) as recorder:
        recorder.write(b"x" * 100, moment(1))
        for start in (10, 50, 90):
            recorder.enter("alert", moment(2), kind="oops", title="t", start=start)
        events = caught_up(recorder.folder)
        events.refresh(50)
    assert [event.offset for event in events.forward(0)] == [50, 90]
    assert events.left_out == 0


@on_disk
@given(st.lists(NOISE, max_size=20), st.data())
def test_no_ledger_breaks_it_and_it_is_read_as_by_everybody_else(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], data: st.DataObject
) -> None:
    folder = fresh_folder(tmp_path_factory)
    entry = format_entry("alert", moment(1), 7, {"start": 3, "title": "\x1b"}).rstrip()
    unmark = format_entry("unmark", moment(1), 7, {"mark": data.draw(st.integers(-5, 400))})
    mixed = data.draw(st.permutations([*lines, entry, unmark.rstrip()]))
    (folder / LEDGER).write_bytes(b"\n".join(mixed) + b"\ntorn")
    events = caught_up(folder)
    ledger = Ledger(folder)
    try:
        kinds = [entry.kind for entry in ledger.read_all()]
    finally:
        ledger.close()
    assert events.skipped == ledger.skipped
    assert len(events) <= len(kinds)
    assert [event for event in events.forward(0) if event.kind is EventKind.ALERT]
    assert None not in events.entries(list(events.forward(0)))


def test_a_ledger_that_became_another_one_says_nothing_false(tmp_path: Path) -> None:
    first = format_entry("mark", moment(1), 7, {"start": 3, "note": "n" * 40})
    (tmp_path / LEDGER).write_bytes(first)
    events = caught_up(tmp_path)
    (tmp_path / LEDGER).write_bytes(format_entry("alert", moment(1), 7, {"title": "no mark"}))
    assert events.entries(list(events.forward(0))) == [None]
    (tmp_path / LEDGER).unlink()
    assert events.refresh() is False


def test_a_million_alerts_cost_a_look_what_a_few_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 1_000_000
    line = b'{"epoch": 1, "offset": %d, "kind": "alert", "facts": {"start": %d, "title": "t"}}\n'
    with (tmp_path / LEDGER).open("wb") as out:
        for first in range(0, count, 1000):
            out.write(b"".join(line % (i + 50, i) for i in range(first, first + 1000)))
    size = (tmp_path / LEDGER).stat().st_size
    events = Events(tmp_path)
    calls = 1
    while events.refresh():
        calls += 1
    assert calls <= count / module.MAX_LINES + 2
    assert (len(events), events.left_out, events.position) == (count, 0, size)

    reads: list[int] = []
    pread = os.pread

    def counted(fd: int, size: int, at: int) -> bytes:
        reads.append(size)
        return pread(fd, size, at)

    monkeypatch.setattr(os, "pread", counted)
    screen = list(islice(events.forward(count // 2), 50))
    entries = events.entries(screen)
    assert [entry.facts["start"] for entry in entries if entry is not None] == list(
        range(count // 2, count // 2 + 50)
    )
    assert len(reads) == 50
    assert sum(reads) <= 50 * 2048
    events.entries(screen)
    assert not events.refresh()
    assert len(reads) == 51


def test_the_oldest_of_too_many_are_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ALERTS", 10)
    lines = [format_entry("alert", moment(1), i, {"start": i}) for i in range(25)]
    lines.append(format_entry("mark", moment(1), 1, {"start": 1}))
    (tmp_path / LEDGER).write_bytes(b"".join(lines))
    events = caught_up(tmp_path)
    assert (len(events), events.left_out) == (11, 15)
    assert [event.offset for event in events.forward(0)] == [1, *range(15, 25)]


def test_events_are_in_order_of_place_and_then_of_entry() -> None:
    some = [Event(5, 2, EventKind.MARK), Event(5, 1, EventKind.ALERT), Event(4, 9, EventKind.GAP)]
    assert sorted(some) == [some[2], some[1], some[0]]


def test_what_is_an_entry_to_one_reader_is_one_to_the_other() -> None:
    for text in (
        b'{"epoch": 1e30, "offset": 0, "kind": "alert", "facts": {}}',
        b'{"epoch": 1, "offset": 0, "kind": "alert", "facts": null}',
        b'{"epoch": 1, "offset": 0.0, "kind": "alert", "facts": {}}',
        b'{"epoch": true, "offset": 0, "kind": "alert", "facts": {}}',
        b'{"epoch": 1, "offset": 0, "kind": "\\ud800", "facts": {}}',
        b"[" * 10_000,
    ):
        assert (module._decoded(text) is None) == (parse_entry(text) is None), text
