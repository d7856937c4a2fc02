from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RecordingError
from core.recording import Ledger, LedgerEntry
from core.recording.ledger import MAX_FACTS, Fact, format_entry, parse_entry
from core.recording.ledger_lines import MAX_LINE_BYTES

from .made import begin, file_size_limit, moment

Facts = st.dictionaries(
    st.text(min_size=1, max_size=20),
    st.text(max_size=50)
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans(),
    max_size=8,
)


@given(st.text(max_size=30), Facts, st.integers(0, 10**15 - 1))
def test_an_entry_is_one_ascii_line_and_is_read_back(
    kind: str, facts: dict[str, Fact], offset: int
) -> None:
    line = format_entry(kind, moment(1.5), offset, facts)
    assert line.isascii()
    assert len(line.decode().splitlines()) == 1
    assert line.endswith(b"\n")
    assert parse_entry(line) == LedgerEntry(moment(1.5).wall, offset, kind, facts)


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E])
def test_no_character_forges_a_line_or_stays_a_control_code(code: int) -> None:
    text = f"a{chr(code)}b"
    line = format_entry(text, moment(0), 1, {text: text})
    assert len(line.decode().splitlines()) == 1
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    entry = parse_entry(line)
    assert entry is not None
    assert (entry.kind, entry.facts) == (text, {text: text})


def test_the_same_text_would_forge_a_line_if_it_were_not_escaped() -> None:
    assert len(json.dumps("a\u2028b", ensure_ascii=False).splitlines()) == 2


def test_an_entry_names_its_moment_for_people_and_for_programs() -> None:
    raw = json.loads(format_entry("mark", moment(0.123456), 5, {"n": 1}))
    assert raw["time"] == "2023-11-14T22:13:20.123456Z"
    assert raw["epoch"] == pytest.approx(moment(0.123456).wall, abs=1e-6)
    assert (raw["offset"], raw["kind"], raw["facts"]) == (5, "mark", {"n": 1})


@pytest.mark.parametrize(
    "facts",
    [
        {"text": "x" * 10_000_000},
        {str(i): "\U0001f600" * 5_000 for i in range(100)},
        {"k" * 100_000: 1},
        {"number": 10**5000, "less": -(10**5000)},
    ],
)
def test_facts_out_of_all_proportion_are_cut(facts: dict[str, Fact]) -> None:
    line = format_entry("gap", moment(0), 1, facts)
    assert len(line) <= MAX_LINE_BYTES
    entry = parse_entry(line)
    assert entry is not None
    assert 0 < len(entry.facts) <= MAX_FACTS


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_json_has_no_word_for_becomes_text(value: float) -> None:
    line = format_entry("mark", moment(0), 1, {"value": value})
    json.loads(line, parse_constant=pytest.fail)
    entry = parse_entry(line)
    assert entry is not None
    assert entry.facts == {"value": str(value)}


HOSTILE = [
    b"",
    b"\0\0\0",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"epoch": ' + b"9" * 60_000 + b"}",
    b'{"epoch": 1, "offset": 1, "kind": 5}',
    b'{"epoch": 1, "offset": 1.5, "kind": "x"}',
    b'{"epoch": 1, "offset": true, "kind": "x"}',
    b'{"epoch": 1, "offset": -1, "kind": "x"}',
    b'{"epoch": 1, "offset": 9999999999999999999999, "kind": "x"}',
    b'{"epoch": NaN, "offset": 1, "kind": "x"}',
    b'{"epoch": Infinity, "offset": 1, "kind": "x"}',
    b'{"epoch": -1, "offset": 1, "kind": "x"}',
    b'{"epoch": "1", "offset": 1, "kind": "x"}',
    b'{"epoch": 1, "offset": 1, "kind": "x", "pad": "' + b"x" * MAX_LINE_BYTES + b'"}',
    b"\xff\xfe\xfd",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_a_line_that_is_no_entry_is_none(line: bytes) -> None:
    assert parse_entry(line) is None


@given(st.binary(max_size=200))
def test_parsing_never_raises(noise: bytes) -> None:
    parse_entry(noise)


def test_facts_that_are_no_plain_values_are_left_out() -> None:
    line = b'{"epoch": 1, "offset": 2, "kind": "x", "facts": {"a": [1], "b": null, "c": "d"}}'
    assert parse_entry(line) == LedgerEntry(1.0, 2, "x", {"c": "d"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path)
    yield opened
    opened.close()


def line(number: int) -> bytes:
    return format_entry("mark", moment(number), number, {})


def offsets(entries: list[LedgerEntry]) -> list[int]:
    return [entry.offset for entry in entries]


def test_a_ledger_is_read_as_it_grows(tmp_path: Path, ledger: Ledger) -> None:
    path = tmp_path / "events.jsonl"
    assert ledger.read_new() == []
    path.write_bytes(line(1) + line(2)[:10])
    assert offsets(ledger.read_new()) == [1]
    assert ledger.read_new() == []
    path.write_bytes(line(1) + line(2) + line(3))
    assert offsets(ledger.read_new()) == [2, 3]
    assert ledger.skipped == 0


def test_a_torn_line_that_was_cut_and_followed_by_others_is_no_obstacle(
    tmp_path: Path, ledger: Ledger
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(line(1) + line(2)[:-5])
    assert offsets(ledger.read_new()) == [1]
    path.write_bytes(line(1) + line(3))
    assert offsets(ledger.read_new()) == [3]
    assert ledger.skipped == 0


def test_hostile_lines_are_skipped_and_counted(tmp_path: Path, ledger: Ledger) -> None:
    lines = [line(1), *(bad + b"\n" for bad in HOSTILE), line(2)]
    (tmp_path / "events.jsonl").write_bytes(b"".join(lines))
    found: list[int] = []
    while entries := ledger.read_new():
        found += offsets(entries)
    assert found == [1, 2]
    assert ledger.skipped == len(HOSTILE)


def test_an_endless_line_is_passed_over(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "events.jsonl").write_bytes(b"x" * 5_000_000 + b"\n" + line(7))
    assert offsets(ledger.read_new()) == [7]
    assert ledger.skipped == 1


def test_a_link_in_the_ledgers_place_is_not_followed(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "elsewhere").write_bytes(line(1))
    (tmp_path / "events.jsonl").symlink_to(tmp_path / "elsewhere")
    assert ledger.read_new() == []


def test_an_entry_that_does_not_fit_on_the_disk_leaves_no_trace(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.enter("mark", moment(1), number=1)
    size = (recorder.folder / "events.jsonl").stat().st_size
    with file_size_limit(size + 20), pytest.raises(RecordingError) as raised:
        recorder.enter("mark", moment(2), number=2)
    assert "events.jsonl" in str(raised.value)
    assert (recorder.folder / "events.jsonl").stat().st_size == size
    recorder.enter("mark", moment(3), number=3)
    recorder.close()
    ledger = Ledger(recorder.folder)
    assert [entry.facts["number"] for entry in ledger.read_new()] == [1, 3]
    ledger.close()


def test_a_torn_last_entry_is_cut_at_the_next_start(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.enter("mark", moment(1), number=1)
    recorder.enter("mark", moment(2), number=2)
    recorder.close()
    path = recorder.folder / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-3])
    recorder = begin(tmp_path, at=3)
    recorder.enter("mark", moment(3), number=3)
    recorder.close()
    ledger = Ledger(recorder.folder)
    assert [entry.facts["number"] for entry in ledger.read_new()] == [1, 3]
    assert ledger.skipped == 0
    ledger.close()


def test_a_ledger_whose_last_line_is_no_entry_is_gone_on_with(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.close()
    (recorder.folder / "events.jsonl").write_bytes(b"x" * 200_000)
    recorder = begin(tmp_path, at=3)
    recorder.enter("mark", moment(3), number=3)
    recorder.close()
    ledger = Ledger(recorder.folder)
    assert [entry.facts["number"] for entry in ledger.read_new()] == [3]
    assert ledger.skipped == 1
    ledger.close()
