"""How grave a line is, of each form that says so, and of none that does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import re2  # type: ignore[import-untyped, unused-ignore]
from hypothesis import given
from hypothesis import strategies as st

from core.console import Level, Role, candidates, level_of
from tests.core.console.checks import unhurried

STAMP = "[   12.345678] "
DEMO = Path(__file__).parents[3] / "core" / "demo" / "data"
CORPUS = Path(__file__).parent / "alerts" / "corpus"


def compiled(level: Level) -> re2._Regexp[bytes]:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(candidates(level).encode(), options)


EACH_LEVEL = {level: compiled(level) for level in Level}

TELLING: list[tuple[str, Level]] = [
    ("Kernel panic - not syncing: sysrq triggered crash", Level.EMERG),
    ("BUG: kernel NULL pointer dereference, address: 0000000000000000", Level.CRIT),
    ("watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:1]", Level.CRIT),
    ("CPU2: Oops: 0000 [#1] PREEMPT SMP PTI", Level.CRIT),
    ("thread 'main' panicked at src/main.rs:3:5:", Level.CRIT),
    ("rcu: INFO: rcu_preempt self-detected stall on CPU", Level.ERR),
    ("Out of memory: Killed process 77 (stress)", Level.ERR),
    ("ACPI BIOS Error (bug): Could not resolve symbol [\\_SB.PCI0], AE_NOT_FOUND", Level.ERR),
    ("EXT4-fs error (device vda1): ext4_lookup:1855: inode #2", Level.ERR),
    ("blk_update_request: I/O error, dev vda, sector 0", Level.ERR),
    ("critical medium error, dev sda, sector 8", Level.ERR),
    ("Error: no such device", Level.ERR),
    ("[FAILED] Failed to start kmod-static-nodes.service", Level.ERR),
    ("[ TIME ] Timed out waiting for device /dev/vdb.", Level.ERR),
    ("WARNING: CPU: 0 PID: 1 at kernel/x.c:3 f+0x1/0x2", Level.WARNING),
    ("Warning: fsck not present, so skipping root file system", Level.WARNING),
    ("BTRFS warning (device vda): checksum error", Level.WARNING),
    ("[DEPEND] Dependency failed for /srv.", Level.WARNING),
    ("[  OK  ] Started dbus.service - D-Bus.", Level.INFO),
]
SILENT = [
    *("", "x", "[", "<4>", "<4>x", "{", "{}", "time=", "Call Trace:", " panic+0x118/0x2f4"),
    "---[ end Kernel panic - not syncing: sysrq triggered crash ]---",
    "Command line: console=ttyS0 panic=-1 WARNING: no",
    "systemd[1]: Oopsie: nothing",
    "tsc: Fast TSC calibration using PIT",
    "warnings: 3",
    "INFO: lockdep is turned off.",
    "[FAILURE] x",
    "[ 12.34] x",
    "kern:warn: x",
    "kern  :warning: x",
    '{"msg":"m","level":6}',
    '{"level":"WARN"}',
    '{"msg":"m","level":"verbose"}',
    '{"msg":"m","inner":{"level":"WARN"}}',
    r'{"msg":"say \"level\":\"WARN\"","n":1}',
    'time="12:00" level=loud msg=x',
]


@pytest.mark.parametrize(("message", "level"), TELLING)
@pytest.mark.parametrize(
    "before",
    ["", STAMP, "[   12.345678][    T1] ", "[Tue Nov 24 18:37:30 2026] ", "login: " + STAMP],
)
def test_a_message_tells_its_level_by_how_it_begins(
    before: str, message: str, level: Level
) -> None:
    assert level_of((before + message).encode()) is level


@pytest.mark.parametrize("text", SILENT)
@pytest.mark.parametrize("before", ["", STAMP])
def test_a_line_that_does_not_say_has_no_level(before: str, text: str) -> None:
    assert level_of((before + text).encode()) is None


@pytest.mark.parametrize("number", range(192))
def test_a_number_before_a_stamp_is_facility_and_level(number: int) -> None:
    assert level_of(f"<{number}>{STAMP}Oops: x".encode()) is Level(number % 8)


def test_a_number_that_no_facility_has_tells_nothing() -> None:
    assert level_of(f"<192>{STAMP}x".encode()) is None


@pytest.mark.parametrize(
    ("prefix", "level"),
    [
        ("kern  :emerg : ", Level.EMERG),
        ("kern  :err   : ", Level.ERR),
        ("daemon:warn  : ", Level.WARNING),
        ("authpriv:notice: ", Level.NOTICE),
        ("local7:info  : ", Level.INFO),
        ("syslog:debug : ", Level.DEBUG),
    ],
)
def test_what_dmesg_decodes_is_facility_and_level(prefix: str, level: Level) -> None:
    assert level_of(f"{prefix}{STAMP}x".encode()) is level
    assert level_of(f"{prefix}Kernel panic - not syncing: x".encode()) is level


@pytest.mark.parametrize(
    ("word", "level"),
    [
        *(("CRIT", Level.CRIT), ("ERRO", Level.ERR), ("WARN", Level.WARNING)),
        *(("INFO", Level.INFO), ("DEBG", Level.DEBUG), ("TRCE", Level.DEBUG)),
        *(("warning", Level.WARNING), ("panic", Level.EMERG), ("Notice", Level.NOTICE)),
    ],
)
def test_an_agents_line_has_the_level_it_names(word: str, level: Level) -> None:
    fields = {"msg": "m", "level": word, "x": {"level": "other", "y": '"level":"ERROR"'}}
    assert level_of(json.dumps(fields).encode() + b"\r") is level
    assert level_of(f'{{"level": "{word}","msg":"{{ a }}"}}'.encode()) is level


def test_the_log_of_a_go_program_has_the_level_it_names() -> None:
    assert level_of(b'time="2026-11-24T18:00:00Z" level=warning msg="x"') is Level.WARNING


def test_a_process_may_say_it() -> None:
    assert level_of(f"{STAMP}kata-agent[77]: ERROR: x".encode()) is Level.ERR
    assert level_of(b"kernel: WARNING: x") is Level.WARNING


def test_colours_and_what_is_written_over_count_for_nothing() -> None:
    assert level_of(b"[\x1b[0;1;31mFAILED\x1b[0m] Failed to start x.\r\r") is Level.ERR
    assert level_of(b"\x1b[33m[    1.000000] \x1b[0mWARNING: x\r") is Level.WARNING
    assert level_of(b"ERROR: x\rWARNING: y") is Level.WARNING
    assert level_of(b"[***   ] A start job is running\rready\r") is None


@pytest.mark.parametrize(
    ("level", "role"),
    [
        *((Level.EMERG, Role.ERROR), (Level.ERR, Role.ERROR), (Level.WARNING, Role.WARN)),
        *((Level.NOTICE, Role.INFO), (Level.INFO, Role.INFO), (Level.DEBUG, Role.DEBUG)),
    ],
)
def test_a_level_has_a_look(level: Level, role: Role) -> None:
    assert level.role is role


@pytest.mark.parametrize("path", [*DEMO.glob("*.log"), *CORPUS.glob("*.txt")], ids=lambda p: p.name)
def test_a_first_look_at_a_block_misses_no_line_of_a_recording(path: Path) -> None:
    for row in path.read_bytes().split(b"\n"):
        check_candidate(row)


def check_candidate(row: bytes) -> None:
    level = level_of(row)
    if level is not None:
        for asked in Level:
            if level <= asked:
                assert EACH_LEVEL[asked].search(row), (row, asked)


prefixes = st.one_of(
    st.sampled_from(["", STAMP, "kern  :warn  : ", "kernel: ", "login: " + STAMP]),
    st.integers(0, 250).map(lambda number: f"<{number}>{STAMP}"),
)
messages = st.one_of(
    st.sampled_from([message for message, _ in TELLING] + SILENT),
    st.builds(
        lambda level, rest: json.dumps({"msg": rest, "level": level, "k": rest}),
        st.sampled_from(["WARN", "erro", "INFO", "panic", "no"]),
        st.text(max_size=12),
    ),
    st.text(max_size=40),
)


@unhurried
@given(st.lists(st.tuples(prefixes, messages), max_size=4), st.sampled_from(["", "\r", "\x1b[m"]))
def test_a_first_look_at_a_block_misses_no_line(parts: list[tuple[str, str]], between: str) -> None:
    text = between.join(prefix + message for prefix, message in parts)
    check_candidate(text.encode("utf-8", "surrogatepass").replace(b"\n", b""))


@unhurried
@given(st.binary(max_size=200))
def test_any_bytes_have_a_level_or_none(data: bytes) -> None:
    check_candidate(data)


@pytest.mark.parametrize(
    "unit", [b"[", b"[ ", b"[    1", b"<4>", b'{"level":"', b"\x1b[", b"\x1b]", b"\r"]
)
def test_a_long_hostile_row_is_answered(unit: bytes) -> None:
    assert level_of(unit * (16384 // len(unit))) is None
