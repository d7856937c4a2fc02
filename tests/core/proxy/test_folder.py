"""A kata-proxy's folder and record."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from core.errors import RuntimeDirError
from core.proxy.folder import ProxyFolder, ProxyRecord
from core.proxy.identity import ProcessIdentity

RECORD = ProxyRecord(
    ProcessIdentity(pid=7, boot_id="b", start_time=3, pidfd_inode=2**40),
    ("/usr/bin/kata-proxy", "-sandbox", "vm1", "half\udc80", "Ünï\n"),
    "unix:///run/proxy.sock",
    True,
)


@pytest.fixture
def folder(tmp_path: Path) -> ProxyFolder:
    return ProxyFolder.of(tmp_path / "runtime", "vm1")


def test_folder_is_below_the_runtime_folder(tmp_path: Path) -> None:
    folder = ProxyFolder.of(tmp_path, "vm1")
    assert folder.path == tmp_path / "proxies" / "vm1"
    assert folder.socket == tmp_path / "proxies" / "vm1" / "proxy.sock"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_folder_and_record_are_ours_alone_whatever_the_umask(
    umask: int, folder: ProxyFolder
) -> None:
    folder.path.parent.parent.mkdir()
    before = os.umask(umask)
    try:
        assert folder.make()
        folder.write(RECORD)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / "process.json").stat().st_mode) == 0o600


def test_folder_is_made_once(folder: ProxyFolder) -> None:
    assert folder.make()
    assert not folder.make()


def test_folder_that_is_a_link_or_open_to_others_is_refused(
    folder: ProxyFolder, tmp_path: Path
) -> None:
    folder.path.parent.mkdir(parents=True, mode=0o700)
    folder.path.symlink_to(tmp_path)
    with pytest.raises(RuntimeDirError):
        folder.make()
    folder.path.unlink()
    folder.path.mkdir()
    folder.path.chmod(0o777)
    with pytest.raises(RuntimeDirError):
        folder.make()


def test_record_is_read_as_it_was_written(folder: ProxyFolder) -> None:
    folder.make()
    assert folder.read() is None
    folder.write(RECORD)
    assert folder.read() == RECORD
    assert (folder.path / "process.json").read_bytes().isascii()
    assert [path.name for path in folder.path.iterdir()] == ["process.json"]


DAMAGED = {
    "empty": b"",
    "cut short": b"{",
    "a list": b"[]",
    "without a field": b"{}",
    "of another type": b'{"process": 1}',
    "no UTF-8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "null": b"null",
    "long": b" " * 2**21,
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_record_is_none(damaged: bytes, folder: ProxyFolder) -> None:
    folder.make()
    (folder.path / "process.json").write_bytes(damaged)
    assert folder.read() is None
    folder.write(RECORD)
    assert folder.read() == RECORD


def test_record_is_read_through_no_link_and_from_no_pipe(
    folder: ProxyFolder, tmp_path: Path
) -> None:
    folder.make()
    folder.write(RECORD)
    (folder.path / "process.json").rename(tmp_path / "elsewhere")
    (folder.path / "process.json").symlink_to(tmp_path / "elsewhere")
    assert folder.read() is None
    (folder.path / "process.json").unlink()
    os.mkfifo(folder.path / "process.json")
    assert folder.read() is None


def test_remove_takes_what_was_made_and_nothing_else(
    folder: ProxyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.make()
    folder.write(RECORD)
    # From within, because the whole path may be too long for an address.
    monkeypatch.chdir(folder.path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(folder.socket.name)
    folder.remove(with_folder=False)
    assert [path.name for path in folder.path.iterdir()] == ["proxy.sock"]
    folder.write(RECORD)
    (folder.path / "somebody's").touch()
    folder.remove(with_folder=True)
    assert [path.name for path in folder.path.iterdir()] == ["somebody's"]
    (folder.path / "somebody's").unlink()
    folder.socket.touch()
    folder.remove(with_folder=True)
    assert [path.name for path in folder.path.iterdir()] == ["proxy.sock"], "it is no socket"
    folder.socket.unlink()
    folder.remove(with_folder=True)
    assert not folder.path.exists()
    folder.remove(with_folder=True)


def test_every_folder_is_found(tmp_path: Path) -> None:
    assert list(ProxyFolder.all_in(tmp_path)) == []
    for name in ("vm1", "vm2"):
        ProxyFolder.of(tmp_path, name).make()
    assert {folder.path.name for folder in ProxyFolder.all_in(tmp_path)} == {"vm1", "vm2"}
