"""What happens to a VMM's log file; its appending and overwriting against QEMU's `logfile=`."""

from __future__ import annotations

import os
from pathlib import Path

from tests.guests.client import until
from tests.guests.kit import ConsoleLog, Seeded, verify
from tests.guests.kit.sides import BOTH, side


def test_log_grows_by_all_that_is_said(short_folder: Path) -> None:
    path = short_folder / "console.log"
    with ConsoleLog(path, say=Seeded(1, 300_000)) as guest:
        guest.wait_until_said()
        assert verify(path, 1, 300_000).is_whole
        assert guest.said == 300_000


def test_truncated_log_begins_anew(short_folder: Path) -> None:
    path = short_folder / "console.log"
    with ConsoleLog(path) as guest:
        guest.say(b"before")
        guest.wait_until(lambda truth: truth.lives[0].said == 6)
        guest.log("truncate")
        assert path.read_bytes() == b""
        guest.say(b"after")
        until(lambda: path.read_bytes() == b"after")


def test_rotated_log_goes_on_in_a_new_file(short_folder: Path) -> None:
    path = short_folder / "console.log"
    with ConsoleLog(path) as guest:
        guest.say(b"before")
        guest.wait_until(lambda truth: truth.lives[0].said == 6)
        old = path.stat().st_ino
        guest.log("rotate")
        guest.say(b"after")
        until(lambda: path.read_bytes() == b"after")
        beside = Path(f"{path}.1")
        assert beside.read_bytes() == b"before"
        assert beside.stat().st_ino == old != path.stat().st_ino


def test_copytruncated_log_goes_on_in_the_same_file(short_folder: Path) -> None:
    path = short_folder / "console.log"
    with ConsoleLog(path) as guest:
        guest.say(b"before")
        guest.wait_until(lambda truth: truth.lives[0].said == 6)
        old = path.stat().st_ino
        guest.log("copytruncate")
        guest.say(b"after")
        until(lambda: path.read_bytes() == b"after")
        assert Path(f"{path}.1").read_bytes() == b"before"
        assert path.stat().st_ino == old


@BOTH
def test_log_that_is_appended_to_has_no_hole_when_cut(is_real: bool, short_folder: Path) -> None:
    path = short_folder / "console.log"
    words = f"null,logfile={path},logappend=on"
    with side(is_real, short_folder, words, lambda: ConsoleLog(path)) as guest:
        guest.say(b"before")
        os.truncate(path, 0)
        guest.say(b"after")
        assert path.read_bytes() == b"after"


@BOTH
def test_log_that_is_overwritten_has_a_hole_when_cut(is_real: bool, short_folder: Path) -> None:
    path = short_folder / "console.log"
    words = f"null,logfile={path},logappend=off"
    with side(is_real, short_folder, words, lambda: ConsoleLog(path, overwrite=True)) as guest:
        guest.say(b"before")
        os.truncate(path, 0)
        guest.say(b"after")
        assert path.read_bytes() == b"\0" * 6 + b"after"
