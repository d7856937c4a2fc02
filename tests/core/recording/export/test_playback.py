"""asciinema and scriptreplay play the exports made for them."""

from __future__ import annotations

import functools
import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from core.recording import History
from core.recording.export import cast, text, typescript
from tests.core.recording.made import begin, fresh_folder, moment, on_disk
from tests.guests.needed import needed

from .exported import HOSTILE, Chunks, exported, recorded, sources

safe_cast = functools.partial(cast, title="vm1", started=1_700_000_000.5)
raw_cast = functools.partial(safe_cast, raw=True)

_SGR = re.compile(r"\x1b\[[0-9;]*m")


def events(data: bytes) -> Iterator[tuple[float, str, str]]:
    header, *lines = data.splitlines()
    assert json.loads(header)["version"] == 2
    for line in lines:
        at, kind, words = json.loads(line)
        yield at, kind, words


def outputs(data: bytes) -> str:
    return "".join(words for _, kind, words in events(data) if kind == "o")


def asciinema_plays(data: bytes, folder: Path, *command: str) -> bytes:
    """What `asciinema cat` or another command prints of a cast. It wants its own terminal."""
    path = folder / "x.cast"
    path.write_bytes(data)
    ours, theirs = pty.openpty()
    asciinema = [needed("asciinema", "asciinema"), *(command or ["cat"]), str(path)]
    try:
        done = subprocess.run(
            [needed("setsid", "util-linux"), "--ctty", "--wait", *asciinema],
            stdin=theirs,
            capture_output=True,
            timeout=50,
            check=False,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def scriptreplay_plays(log: bytes, timing: bytes, folder: Path) -> bytes:
    """What `scriptreplay` prints of a typescript, in no time."""
    (folder / "x.typescript").write_bytes(log)
    (folder / "x.timing").write_bytes(timing)
    replay = [needed("scriptreplay", "bsdutils"), "-d", "1000000000", "-m", "0.000001"]
    done = subprocess.run(
        [*replay, "-t", str(folder / "x.timing"), str(folder / "x.typescript")],
        capture_output=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    # It ends the play with a newline of its own.
    assert done.stdout.endswith(b"\n")
    return done.stdout[:-1]


def both(folder: Path, *, raw: bool) -> tuple[bytes, bytes]:
    pieces = list(typescript(sources(folder), started=0.0, raw=raw))
    return b"".join(p.log for p in pieces), b"".join(p.timing for p in pieces)


CHUNKS = [b"SeaBIOS\r\n", HOSTILE, b"\xe2\x82", b"\xac\r\n", b"x" * 70_000, b"\r\nlogin: "]


def test_asciinema_plays_safe_text_and_its_colours(tmp_path: Path) -> None:
    folder = recorded(tmp_path, CHUNKS)
    data = exported(folder, safe_cast)
    played = asciinema_plays(data, tmp_path).decode()
    assert played == outputs(data)
    assert "\x1b[31mred\x1b[0m\r\n" in played
    shown = _SGR.sub("", played).replace("\r\n", "\n")
    assert shown + "\n" == exported(folder, text).decode()


def test_asciinema_plays_every_byte_that_is_text_when_asked_to(tmp_path: Path) -> None:
    folder = recorded(tmp_path, CHUNKS)
    played = asciinema_plays(exported(folder, raw_cast), tmp_path)
    assert played.decode() == b"".join(CHUNKS).decode("utf-8", "replace")


def test_asciinema_takes_a_recording_with_gaps_in_it(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.enter("attached", moment(0))
    recorder.write(b"one\r\n", moment(1))
    recorder.enter("gap", moment(9), cause="held by another client", start=moment(2).wall)
    recorder.enter("attached", moment(9))
    recorder.write(b"two\r\n", moment(10))
    recorder.close()
    for form in (safe_cast, raw_cast):
        data = exported(tmp_path / "vm1", form)
        assert list(events(data)) == [
            (1.0, "o", "one\r\n"),
            (1.0, "m", "gap 7 s: held by another client"),
            (10.0, "o", "two\r\n"),
        ]
        assert asciinema_plays(data, tmp_path) == b"one\r\ntwo\r\n"
        played = asciinema_plays(data, tmp_path, "play", "--speed", "100000")
        assert played == b"one\r\ntwo\r\n"


def test_the_header_says_what_it_is_and_when_it_began(tmp_path: Path) -> None:
    header: dict[str, Any] = json.loads(exported(recorded(tmp_path, []), safe_cast))
    assert header == {
        "version": 2,
        "width": 80,
        "height": 24,
        "timestamp": 1_700_000_000,
        "title": "vm1",
    }


@on_disk
@given(chunks=Chunks)
def test_a_cast_holds_no_active_sequence_but_colours_and_never_goes_back_in_time(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks, every_s=0.01)
    data = exported(folder, safe_cast)
    shown = _SGR.sub("", outputs(data)).replace("\r\n", "\n")
    assert all(line.isprintable() for line in shown.split("\n"))
    whole = exported(folder, text).decode()
    assert shown in (whole, whole[:-1])
    for form in (safe_cast, raw_cast):
        times = [at for at, _, _ in events(exported(folder, form))]
        assert times == sorted(times)


@on_disk
@given(chunks=Chunks)
def test_a_raw_cast_decodes_characters_over_the_bounds_of_reads(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks)
    assert outputs(exported(folder, raw_cast)) == b"".join(chunks).decode("utf-8", "replace")


@pytest.mark.parametrize("raw", [True, False])
def test_scriptreplay_plays_a_typescript_byte_for_byte(tmp_path: Path, raw: bool) -> None:
    folder = recorded(tmp_path, CHUNKS)
    log, timing = both(folder, raw=raw)
    played = scriptreplay_plays(log, timing, tmp_path)
    assert played == log.split(b"\n", 1)[1]
    if raw:
        assert played == b"".join(CHUNKS)
    else:
        assert _SGR.sub("", played.decode()) == outputs(exported(folder, safe_cast)).replace(
            "\x1b[31m", ""
        ).replace("\x1b[0m", "")


@on_disk
@given(chunks=Chunks)
def test_a_typescripts_timing_accounts_for_each_byte_and_each_second(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks)
    log, timing = both(folder, raw=True)
    records = [line.split() for line in timing.splitlines()]
    assert sum(int(size) for _, size in records) == len(b"".join(chunks))
    assert log.split(b"\n", 1)[1] == b"".join(chunks)
    last = max((i for i, chunk in enumerate(chunks) if chunk), default=0)
    assert sum(float(delta) for delta, _ in records) == pytest.approx(last, abs=1e-3)


@settings(on_disk, max_examples=30)
@given(chunks=Chunks)
def test_damaged_timing_loses_no_byte(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    folder = recorded(fresh_folder(tmp_path_factory), chunks, segment_bytes=10**9)
    generation = History(folder).generations[0].folder
    timing = generation / "console.timing"
    timing.write_bytes(timing.read_bytes()[: len(chunks)] + b"garbage\n")
    log, _ = both(folder, raw=True)
    assert log.split(b"\n", 1)[1] == b"".join(chunks)
    assert outputs(exported(folder, raw_cast)) == b"".join(chunks).decode("utf-8", "replace")


def test_generations_are_played_one_behind_the_other(tmp_path: Path) -> None:
    recorded(tmp_path, [b"one\r\n", b"login: "])
    recorder = begin(tmp_path, life="two", at=10)
    recorder.write(b"SeaBIOS\r\n", moment(12))
    recorder.close()
    data = b"".join(safe_cast(sources(tmp_path / "vm1", is_announced=True)))
    assert [(at, words) for at, kind, words in events(data) if kind == "o"] == [
        (0.0, "one\r\n"),
        (1.0, "login: "),
        (10.0, "\r\n"),
        (12.0, "SeaBIOS\r\n"),
    ]
