"""T15: whatever is in a field of what is written by the line, it stays in that field."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from core import wire
from core.cli.account_text import records, table
from core.cli.status import Report, as_json, as_text
from core.journal import JsonFormatter
from core.recording import Meta, export, read_account
from core.recording.ledger import format_entry, parse_entry
from core.recording.meta import decode, encode
from core.sandboxes.model import (
    AlertFacts,
    ConsoleFacts,
    ProxyFacts,
    SandboxFacts,
    SandboxSpec,
    ScanFacts,
)
from core.settings import Settings
from tests.core.recording.export.exported import exported
from tests.core.recording.made import begin, moment
from tests.figures import Figure

CONTROLS = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\ufeff\U000e0001\U000e0041\udc80\ud800\uffff",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
]
FORGED = '\n{"kind": "attached"}\r2026-01-01 ERROR operator logged in as root\x1b[2J'
SEPARATORS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def hostile() -> Iterator[str]:
    """Texts with each control in the middle, at the begin and at the end."""
    for control in CONTROLS:
        yield f"{control}a{control}b{FORGED}{control}"


def assert_one_line(line: str) -> None:
    assert line.isascii()
    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_ledger_entries(figure: Figure) -> None:
    for text in hostile():
        line = format_entry(text, moment(1), 7, {text: text, "n": 1})
        assert line.endswith(b"\n")
        assert_one_line(line[:-1].decode())
        entry = parse_entry(line)
        assert entry is not None
        assert (entry.kind, entry.facts) == (text, {text: text, "n": 1})
    figure("T15", f"ledger: 3 fields x {len(CONTROLS)} characters, one line each, read back")


def test_meta_data(figure: Figure) -> None:
    fields = [f.name for f in msgspec.structs.fields(Meta) if f.type is str]
    plain = encode(Meta(id="vm1")).count(b"\n")
    for text in hostile():
        for field in fields:
            meta = msgspec.structs.replace(Meta(id="vm1"), **{field: text})
            written = encode(meta)
            assert written.count(b"\n") == plain
            for line in written.decode().split("\n")[:-1]:
                assert_one_line(line)
            assert decode(written) == meta
    figure("T15", f"meta.json: {len(fields)} fields x {len(CONTROLS)} characters, read back")


def test_captures_log(figure: Figure) -> None:
    fields = ("msg", "logger", "sandbox", "vmconsole")
    for text in hostile():
        for field in fields:
            name, message = (text if field == each else "x" for each in ("logger", "msg"))
            record = logging.LogRecord(name, logging.INFO, "", 0, "%s", (message,), None)
            vars(record)[field if field not in ("msg", "logger") else "_"] = text
            line = JsonFormatter().format(record)
            assert_one_line(line)
            assert json.loads(line)[field] == text
    figure("T15", f"capture.log: {len(fields)} fields x {len(CONTROLS)} characters, read back")


FIELDS = 21
"""So many texts of a status may come from outside."""


def report(text: str) -> Report:
    """What a capture might answer, `text` in every field that holds one."""
    spec = SandboxSpec(id=text, console=text, name=text, family=text, proxy_path=text)
    console = ConsoleFacts(reason=text, hint=text, holder_name=text, consequence=text, note=text)
    alert = AlertFacts(kind=text, title=text, generation=text)
    facts = SandboxFacts(
        spec=spec,
        family=text,
        proxy=ProxyFacts(url=text, reason=text),
        console=console,
        recording_trouble=text,
        scan=ScanFacts(last=alert),
    )
    status = wire.Status(
        pid=1,
        version=text,
        protocol=1,
        clients=1,
        since=0.0,
        stays=True,
        started_by=text,
        viewers=1,
        descriptors=1,
        descriptor_limit=1,
        settings=Settings(),
        warnings=(text,),
    )
    return Report(status, (facts,), text)


def test_status(figure: Figure) -> None:
    for text in hostile():
        told = report(text)
        line = as_json(told, Path("/recordings"))
        assert_one_line(line)
        answer = json.loads(line)
        assert answer["sandboxes"][0]["console"]["reason"] == text
        assert answer["capture"]["warnings"] == [text]
        assert line.count("operator logged in") == FIELDS
        for shown in as_text(told, Path("/recordings"), width=80, colours=False, now=0.0):
            assert shown.isprintable()
            assert len(shown.splitlines()) <= 1
    figure("T15", f"status: {FIELDS} fields x {len(CONTROLS)} characters, one line, read back")


def test_accounts(tmp_path: Path, figure: Figure) -> None:
    texts = list(hostile())
    recorder = begin(tmp_path)
    for number, text in enumerate(texts):
        at = moment(3 * number)
        recorder.enter("attached", at, pid=1)
        recorder.enter("detached", moment(3 * number + 1), cause=text)
        gap = {"start": moment(3 * number + 1).wall, "end": moment(3 * number + 2).wall}
        recorder.enter("gap", moment(3 * number + 2), cause=text, evidence=text, **gap)
    recorder.close()
    account = read_account(tmp_path / "vm1")
    lines = list(records(account))
    for line in lines:
        assert_one_line(line)
        assert isinstance(json.loads(line), dict)
    told = {json.loads(line).get("evidence") for line in lines}
    assert told >= set(texts)
    for shown in table(account, width=100, colours=False):
        assert shown.isprintable()
    figure("T15", f"ledger --json: 2 fields x {len(CONTROLS)} characters, read back")


def test_exported_lines(tmp_path: Path, figure: Figure) -> None:
    texts = [text.replace("\n", " ").encode(errors="surrogateescape") for text in hostile_bytes()]
    recorder = begin(tmp_path)
    for number, raw in enumerate(texts):
        recorder.write(raw + b"\r\n", moment(number))
    recorder.close()
    for is_raw in (False, True):
        out = exported(tmp_path / "vm1", partial(export.jsonl, raw=is_raw))
        lines = out.decode("ascii").splitlines()
        assert len(lines) == out.count(b"\n") == len(texts)
        for line in lines:
            assert_one_line(line)
            assert "text" in json.loads(line)
    figure("T15", f"export jsonl: {len(texts)} lines x 2, one object each")


def hostile_bytes() -> Iterator[str]:
    for text in hostile():
        if not any("\ud800" <= c <= "\udbff" for c in text):
            yield text


@pytest.mark.parametrize("separator", SEPARATORS)
def test_other_ways_to_write_a_line_would_be_fooled(separator: str, figure: Figure) -> None:
    """The control: what is not escaped is another line to somebody."""
    text = f"a{separator}b"
    plain = logging.Formatter("%(message)s").format(
        logging.LogRecord("x", logging.INFO, "", 0, text, (), None)
    )
    assert len(plain.splitlines()) == 2
    if separator in "\x85\u2028\u2029":
        assert len(json.dumps(text, ensure_ascii=False).splitlines()) == 2
    figure("T15", f"control: {len(SEPARATORS)} separators forge a line of the usual log")
