"""Lines of Kata's agent are read to people, and everything else is left alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console import PLAIN, Role, render_line
from tests.core.console.checks import check_line, unhurried

STARTED = (
    b'{"msg":"container started","level":"INFO","ts":"2026-11-23T21:37:35.210531Z",'
    b'"subsystem":"process","name":"kata-agent","pid":"1","source":"agent","version":"0.1.0",'
    b'"container-id":"pause-9578d6b1c4e2","container-pid":"176"}\r'
)


def parts_of(data: bytes) -> list[tuple[str, Role]]:
    line = render_line(data, fields=True)
    check_line(line)
    parts, at = [], 0
    for run in line.runs:
        assert run.style == PLAIN
        parts.append((line.text[at : at + run.length], run.role))
        at += run.length
    return parts


def made(**fields: object) -> bytes:
    return json.dumps({"msg": "m", "level": "INFO", **fields}).encode()


def test_an_agents_line_is_its_level_subsystem_message_and_fields() -> None:
    assert parts_of(STARTED) == [
        ("INFO", Role.INFO),
        ("  ", Role.TEXT),
        ("process", Role.SOURCE),
        ("  ", Role.TEXT),
        ("container started", Role.TEXT),
        ("  ", Role.TEXT),
        ("container-id=pause-9578d6b1c4e2", Role.FIELD),
        (" ", Role.TEXT),
        ("container-pid=176", Role.FIELD),
    ]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "INFO  m"),
        ({"a": 1}, "INFO  m  +1 field"),
        ({"a": 1, "b": 2}, "INFO  m  +2 fields"),
        ({"a": 1, "error": "EOF", "b": 2}, "INFO  m  error=EOF +2 fields"),
        ({"err": "no such file"}, 'INFO  m  err="no such file"'),
        ({"name": "kata-agent", "pid": "1", "source": "agent", "version": "0.1.0"}, "INFO  m"),
    ],
)
def test_fields_are_counted_until_somebody_asks(fields: dict[str, object], shown: str) -> None:
    assert render_line(made(**fields)).text == shown


def test_a_raw_line_is_the_json_itself() -> None:
    assert render_line(STARTED, raw=True).text == STARTED.decode().rstrip()


@pytest.mark.parametrize(
    ("level", "role"),
    [
        ("TRCE", Role.DEBUG),
        ("DEBG", Role.DEBUG),
        ("debug", Role.DEBUG),
        ("INFO", Role.INFO),
        ("WARN", Role.WARN),
        ("warning", Role.WARN),
        ("ERRO", Role.ERROR),
        ("error", Role.ERROR),
        ("CRIT", Role.ERROR),
        ("verbose", Role.TEXT),
    ],
)
def test_a_level_has_its_role(level: str, role: Role) -> None:
    assert parts_of(made(level=level))[0] == (level, role)


def test_a_line_without_a_subsystem_goes_on_with_its_message() -> None:
    assert render_line(made()).text == "INFO  m"


def test_another_programs_line_keeps_all_its_fields() -> None:
    line = render_line(made(name="etcd", pid=7, time="noon", ts=1.5), fields=True)
    assert line.text == "INFO  m  name=etcd pid=7 time=noon"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "x"', r'"say \"x\""'),
        ("grün", "grün"),
        (7, "7"),
        (1.5, "1.5"),
        (None, "null"),
        (True, "true"),
        ([1, {"a": "ü"}], '[1, {"a": "ü"}]'),
    ],
)
def test_a_field_reads_as_key_and_value(value: object, shown: str) -> None:
    assert render_line(made(key=value), fields=True).text == f"INFO  m  key={shown}"


def test_a_field_cannot_pass_for_two() -> None:
    line = render_line(made(**{"a b": "c\n d=e"}), fields=True)
    assert line.text == r'INFO  m  "a b"="c\n d=e"'


@pytest.mark.parametrize("place", ["msg", "level", "subsystem", "key", "value"])
@pytest.mark.parametrize("spelled_in_ascii", [True, False])
def test_no_control_character_survives_in_any_part(place: str, spelled_in_ascii: bool) -> None:
    for code in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x202E, 0x200B, 0xFEFF, 0xD800]:
        evil = f"x{chr(code)}y"
        fields: dict[str, object] = {"msg": "m", "level": "INFO", "subsystem": "s", "key": "v"}
        fields |= {evil: "v"} if place == "key" else {"key" if place == "value" else place: evil}
        text = json.dumps(fields, ensure_ascii=spelled_in_ascii)
        line = render_line(text.encode("utf-8", "surrogatepass"), fields=True)
        check_line(line)
        assert not line.text.startswith("{")


def test_an_escape_sequence_spelled_in_json_is_shown_and_not_taken_out() -> None:
    line = render_line(rb'{"msg":"\u001b]52;c;eA==\u0007\u001b[31m","level":"INFO"}')
    assert line.text == "INFO  ␛]52;c;eA==␇␛[31m"
    assert {run.style for run in line.runs} == {PLAIN}


def test_marks_in_a_message_join_nothing_of_ours() -> None:
    assert render_line(rb'{"msg":"\u0301x","level":"INFO"}').text == "INFO  ◌\u0301x"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "{not json}",
        '{"msg":"m"}',
        '{"level":"INFO"}',
        '{"msg":1,"level":"INFO"}',
        '{"msg":"m","level":6}',
        '{"msg":"m","level":""}',
        '{"msg":"m","level":null}',
        '{"msg":"m","level":"INFO"} trailing',
        '{"msg":"m","level":"INFO"',
        '{"msg":"m","level":"INFO","n":' + "9" * 5000 + "}",
        '["msg","level"]',
        '{"msg":"m","level":"INFO","pad":"' + "x" * 8192 + '"}',
    ],
)
def test_anything_else_stays_as_it_was(text: str) -> None:
    line = render_line(text.encode())
    check_line(line)
    assert line.text == text


def nested(opening: str, closing: str, chars: int) -> str:
    depth = chars // len(opening + closing)
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_json_is_shown_as_it_was(opening: str, closing: str) -> None:
    text = nested(opening, closing, 8000)
    line = render_line(text.encode())
    check_line(line)
    assert line.text == text


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_json_in_a_field_does_no_harm(opening: str, closing: str) -> None:
    text = '{"msg":"m","level":"INFO","x":' + nested(opening, closing, 8000) + "}"
    check_line(render_line(text.encode(), fields=True))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@unhurried
@given(
    st.text(max_size=30),
    st.text(max_size=8),
    st.dictionaries(st.text(max_size=8), json_values, max_size=5),
    st.booleans(),
)
def test_any_json_is_safe(
    message: str, level: str, fields: dict[str, object], ensure_ascii: bool
) -> None:
    text = json.dumps({**fields, "msg": message, "level": level}, ensure_ascii=ensure_ascii)
    data = text.encode("utf-8", "surrogatepass")
    check_line(render_line(data))
    check_line(render_line(data, fields=True))
