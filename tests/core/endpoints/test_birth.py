"""What tells two files apart that got one inode number."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from core.endpoints.birth import birth_ns, file_identity
from tests.guests.needed import needed


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_PATH])
def test_birth_is_what_the_system_tells(folder: Path, flags: int) -> None:
    path = folder / "log"
    path.touch()
    stat = needed("stat", "coreutils")
    told = subprocess.run([stat, "-c", "%W", path], capture_output=True, check=True).stdout
    fd = os.open(path, flags)
    try:
        assert birth_ns(fd) // 1_000_000_000 == int(told)
    finally:
        os.close(fd)


def test_no_file_ever_has_the_name_of_another(folder: Path) -> None:
    path = folder / "log"
    names = set()
    for _ in range(5):
        path.touch()
        fd = os.open(path, os.O_RDONLY)
        names.add(file_identity(fd))
        born = birth_ns(fd)
        os.close(fd)
        path.unlink()
        # Births are some milliseconds coarse.
        while birth_of_a_new(folder) == born:
            pass
    assert len(names) == 5


def birth_of_a_new(folder: Path) -> int:
    path = folder / "clock"
    path.touch()
    fd = os.open(path, os.O_RDONLY)
    path.unlink()
    try:
        return birth_ns(fd)
    finally:
        os.close(fd)


def test_writing_and_renaming_change_no_name(folder: Path) -> None:
    path = folder / "log"
    path.touch()
    fd = os.open(path, os.O_RDONLY)
    try:
        name = file_identity(fd)
        path.write_bytes(b"abc")
        path.rename(folder / "log.1")
        (folder / "log.1").chmod(0o600)
        assert file_identity(fd) == name
    finally:
        os.close(fd)


def test_file_system_that_keeps_no_birth_gives_none() -> None:
    fd = os.open("/proc/self/stat", os.O_RDONLY)
    try:
        assert birth_ns(fd) == 0
    finally:
        os.close(fd)
