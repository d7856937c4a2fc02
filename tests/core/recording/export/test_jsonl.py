"""JSON lines hold the same rows, with their moments."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console.line import render_line
from core.console.rows import rows_forward
from core.recording import GenerationReader, History
from core.recording.export import jsonl, text
from tests.core.recording.made import begin, fresh_folder, moment, on_disk

from .exported import HOSTILE, Chunks, exported, recorded, sources


def objects(data: bytes) -> list[dict[str, Any]]:
    assert data.isascii()
    return [json.loads(line) for line in data.splitlines()]


@on_disk
@given(chunks=Chunks)
def test_its_texts_put_together_are_the_text_and_its_offsets_those_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks)
    found = objects(exported(folder, jsonl))
    whole = ""
    for number, line in enumerate(found):
        whole += "\n" * (number > 0 and not line.get("continued", False)) + line["text"]
    assert whole + "\n" * bool(found) == exported(folder, text).decode()
    reader = GenerationReader(History(folder).generations[0].folder)
    rows = rows_forward(reader, 0, 1_000_000)
    reader.close()
    assert [line["offset"] for line in found] == [row.start for row in rows]
    assert [line.get("continued", False) for line in found] == [row.continued for row in rows]


@on_disk
@given(chunks=Chunks)
def test_behind_dropped_bytes_rows_are_those_of_the_dashboard(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), [b"?" * 9_000, *chunks], segment_bytes=9_000)
    generation = History(folder).generations[0].folder
    for suffix in ("log", "timing"):
        (generation / f"console.000000000000000.{suffix}").unlink(missing_ok=True)
    reader = GenerationReader(generation)
    rows = rows_forward(reader, 0, 1_000_000)
    found = objects(exported(folder, jsonl))
    if reader.start:
        assert found.pop(0)["notice"] == "9.0 kB before this were dropped"
    reader.close()
    assert [line["offset"] for line in found] == [row.start for row in rows]
    assert [line["text"] for line in found] == [
        render_line(row.data, raw=True).text for row in rows
    ]


def test_a_line_has_its_moment_on_both_clocks(tmp_path: Path) -> None:
    folder = recorded(tmp_path, [b"one\ntwo\n", b"three\n"], every_s=1.5)
    assert objects(exported(folder, jsonl)) == [
        {
            "time": f"2023-11-14T22:13:2{time}Z",
            "generation": 1,
            "elapsed": elapsed,
            "offset": offset,
            "text": words,
        }
        for time, elapsed, offset, words in (
            ("0.000000", 0.0, 0, "one"),
            ("0.000000", 0.0, 4, "two"),
            ("1.500000", 1.5, 8, "three"),
        )
    ]


def test_raw_keeps_what_a_terminal_would_act_on_and_is_ascii_all_the_same(tmp_path: Path) -> None:
    folder = recorded(tmp_path, [HOSTILE])
    found = objects(exported(folder, functools.partial(jsonl, raw=True)))
    assert "".join(line["text"] + "\n" for line in found) == HOSTILE.decode("utf-8", "replace")


def test_gaps_and_generations_are_objects_of_their_own(tmp_path: Path) -> None:
    recorded(tmp_path, [b"one\n"])
    recorder = begin(tmp_path, life="two", at=10)
    recorder.enter(
        "gap", moment(10), cause="VM restarted", start=moment(0).wall, end=moment(10).wall
    )
    recorder.enter("attached", moment(10))
    recorder.write(b"two\n", moment(11))
    recorder.close()
    found = objects(b"".join(jsonl(sources(tmp_path / "vm1", is_announced=True))))
    assert [line.get("notice") or line.get("gap") or line.get("text") for line in found] == [
        "generation 1",
        "one",
        "generation 2",
        "VM restarted",
        "two",
    ]
    assert found[3]["seconds"] == 10.0
    assert found[3]["lost_bytes"] is None


@on_disk
@given(noise=st.binary(max_size=200))
def test_a_line_that_no_record_dates_has_no_time(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), [b"one\n", b"two\n"], segment_bytes=10**9)
    generation = History(folder).generations[0].folder
    (generation / "console.timing").write_bytes(b"garbage" + noise)
    found = objects(exported(folder, jsonl))
    assert [(line["time"], line["elapsed"], line["text"]) for line in found] == [
        (None, None, "one"),
        (None, None, "two"),
    ]
