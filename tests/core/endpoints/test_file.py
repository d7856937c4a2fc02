"""Logs: what is refused at their path, what ends one, and what is read of it."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from core.endpoints import READ_BYTES, FileEndpoint, MemoryEndpoint
from core.endpoints.file_console import PROOF_BYTES, FileConsole
from core.errors import (
    ConsoleAbsent,
    ConsoleBroken,
    ConsoleError,
    ConsoleForbidden,
    ConsoleRefused,
    NotAConsole,
)
from tests.core.endpoints.logs import Log, followed, has_nothing, opened
from tests.core.endpoints.sites import listen, open_descriptors, without_root


@pytest.fixture
def log(folder: Path) -> Iterator[Log]:
    with closing(Log(folder / "vm.log")) as log:
        yield log


@pytest.fixture
def console(log: Log) -> Iterator[FileConsole]:
    with closing(opened(log.path)) as console:
        yield console


def key(log: Log) -> str:
    with closing(FileEndpoint(str(log.path)).pin()) as pin:
        assert pin.is_current()
        return pin.key


def make_link(path: Path) -> None:
    target = path.with_name("target")
    target.touch()
    path.symlink_to(target)


def make_socket(path: Path) -> None:
    listen(path).close()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Path.mkdir, "a directory"),
        (os.mkfifo, "a FIFO"),
        (make_link, "a symbolic link, which is not followed"),
        (make_socket, "a socket"),
    ],
)
def test_what_is_no_log_is_named_and_not_opened(
    folder: Path, make: Callable[[Path], None], kind: str
) -> None:
    path = folder / "vm.log"
    make(path)
    before = open_descriptors()
    with pytest.raises(NotAConsole, match=f"{path} is {kind}, not a regular file") as caught:
        FileEndpoint(str(path)).pin()
    assert caught.value.hint
    assert open_descriptors() == before


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_devices_are_no_logs(path: str) -> None:
    with pytest.raises(NotAConsole, match=f"{path} is a character device, not a regular file"):
        FileEndpoint(path).pin()


def test_folder_that_is_missing_is_an_absent_console(folder: Path) -> None:
    with pytest.raises(ConsoleAbsent):
        FileEndpoint(str(folder / "absent" / "vm.log")).pin()


@pytest.mark.anyio
async def test_log_that_may_not_be_read_names_its_owner(folder: Path) -> None:
    path = folder / "vm.log"
    path.touch(mode=0o000 if os.geteuid() else 0o600)
    endpoint = FileEndpoint(str(path))
    before = open_descriptors()
    with without_root(), closing(endpoint.pin()) as pin:
        with pytest.raises(ConsoleForbidden, match="it belongs to user") as caught:
            await endpoint.connect(pin)
        assert "sudo" in caught.value.hint
    assert open_descriptors() == before


@pytest.mark.anyio
async def test_another_endpoints_pin_is_a_mistake(log: Log) -> None:
    with closing(MemoryEndpoint().pin()) as pin, pytest.raises(TypeError):
        await FileEndpoint(str(log.path)).connect(pin)


def test_what_stands_in_the_log_already_is_read_from_its_start(log: Log) -> None:
    log.append(b"boot log\n" * 400_000)  # more than a round of reads takes
    with closing(opened(log.path)) as console:
        assert followed(console) == (log.written, False)
        log.append(b"login: ")
        assert followed(console) == (b"login: ", False)


def test_relative_path_is_a_path_too(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.path.parent)
    log.append(b"abc")
    with closing(opened(Path("vm.log"))) as console:
        assert followed(console) == (b"abc", False)


@pytest.mark.parametrize("size", [1, PROOF_BYTES - 1, PROOF_BYTES, PROOF_BYTES + 1, 1000])
@pytest.mark.parametrize("new", [0, 1, 500, 5000])
def test_log_that_was_cut_has_ended_and_what_comes_then_is_another_life(
    log: Log, size: int, new: int
) -> None:
    log.append(b"a" * size)
    with closing(FileEndpoint(str(log.path)).pin()) as pin, closing(opened(log.path)) as console:
        assert followed(console) == (b"a" * size, False)
        assert (pin.is_current(), pin.key) == (True, key(log))
        log.cut()
        log.append(b"b" * new)
        assert followed(console) == (b"", True)
        assert console.read_nowait() == b""
        assert not pin.is_current()
        assert key(log) != pin.key
    with closing(opened(log.path)) as console:
        assert followed(console) == (b"b" * new, False)


def test_every_cut_is_another_life(log: Log) -> None:
    keys = [key(log)]
    for _ in range(5):
        log.append(b"boot")
        with closing(opened(log.path)) as console:
            assert followed(console) == (b"boot", False)
            log.cut()
            assert followed(console) == (b"", True)
        keys.append(key(log))
    assert len(set(keys)) == 6


@pytest.mark.anyio
async def test_pin_from_before_a_cut_refuses(log: Log) -> None:
    endpoint = FileEndpoint(str(log.path))
    log.append(b"a")
    with closing(endpoint.pin()) as pin:
        with closing(await endpoint.connect(pin)) as console:
            assert console.read_nowait() == b"a"
            log.cut()
            assert console.read_nowait() == b""
        with pytest.raises(ConsoleRefused, match="begun anew"):
            await endpoint.connect(pin)


def test_cut_of_what_was_not_read_yet_shows_only_what_is_there(
    log: Log, console: FileConsole
) -> None:
    log.append(b"never seen")
    log.cut()
    log.append(b"seen")
    assert followed(console) == (b"seen", False)


def test_log_that_is_copied_and_cut_as_logrotate_does_has_ended(
    log: Log, console: FileConsole
) -> None:
    log.append(b"first life")
    assert followed(console) == (b"first life", False)
    shutil.copy2(log.path, log.rotated(1))  # `copytruncate`, in its order
    log.cut()
    assert followed(console) == (b"", True)
    log.append(b"second life")
    with closing(opened(log.path)) as again:
        assert followed(again) == (b"second life", False)


def test_log_that_is_removed_ends_after_its_last_byte(log: Log, console: FileConsole) -> None:
    log.append(b"last words")
    log.path.unlink()
    assert followed(console) == (b"last words", True)


@pytest.mark.parametrize("is_renamed", [False, True])
def test_log_that_is_replaced_ends_after_its_last_byte(
    log: Log, console: FileConsole, is_renamed: bool
) -> None:
    log.append(b"last words")
    if is_renamed:
        other = log.path.with_name("other")
        other.write_bytes(b"another VM")
        other.rename(log.path)
    else:
        log.path.unlink()
        log.path.write_bytes(b"another VM")
    before = key(log)
    assert followed(console) == (b"last words", True)
    assert key(log) == before
    with closing(opened(log.path)) as again:
        assert followed(again) == (b"another VM", False)


def test_link_that_is_planted_in_place_of_a_log_is_not_followed(
    log: Log, console: FileConsole
) -> None:
    secret = log.path.with_name("secret")
    secret.write_bytes(b"root:x:0:0")
    log.append(b"ours")
    log.rename()
    log.path.symlink_to(secret)
    assert followed(console) == (b"ours", True)
    with pytest.raises(NotAConsole, match="symbolic link"):
        FileEndpoint(str(log.path)).pin()


@pytest.mark.parametrize("make", [make_link, os.mkfifo, Path.mkdir, make_socket])
def test_what_takes_the_name_of_a_rotated_log_is_not_opened(
    log: Log, console: FileConsole, make: Callable[[Path], None]
) -> None:
    for number in range(2):
        log.append(b"%d" % number)
        log.rotate()
    log.append(b"2")
    log.rotated(0).unlink()
    make(log.rotated(0))
    assert followed(console) == (b"02", False)
    assert console.missed == 1


def test_folder_that_is_replaced_ends_the_log(folder: Path) -> None:
    home = folder / "vm"
    home.mkdir()
    with closing(Log(home / "vm.log")) as log, closing(opened(log.path)) as console:
        log.append(b"old")
        home.rename(folder / "vm.old")
        home.mkdir()
        log.path.write_bytes(b"new")
        # Nothing is told of what happens to a folder's own name; the next look finds it.
        assert console.read_nowait() == b"old"
        assert console.read_nowait() == b""
    with closing(opened(home / "vm.log")) as console:
        assert followed(console) == (b"new", False)


def test_terabyte_of_nothing_is_read_in_bounded_pieces(folder: Path) -> None:
    path = folder / "vm.log"
    path.touch()
    os.truncate(path, 1 << 40)
    with closing(opened(path)) as console:
        assert console.read_nowait() == bytes(READ_BYTES)
        assert console.position == READ_BYTES
        assert console.resume(console.source, (1 << 40) - 3) == 0
        assert followed(console) == (bytes(3), False)


def test_closed_log_is_an_error_of_ours_however_it_is_used(log: Log, console: FileConsole) -> None:
    console.close()
    with pytest.raises(ConsoleBroken, match=f"Cannot read {log.path}"):
        console.read_nowait()


@pytest.mark.anyio
async def test_log_is_waited_for_without_looking(log: Log) -> None:
    endpoint = FileEndpoint(str(log.path))
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        assert followed(console) == (b"", False)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, log.append, b"woken")
            with anyio.fail_after(10):
                await anyio.wait_readable(console.fileno())
        assert console.read_nowait() == b"woken"
        assert has_nothing(console)


@pytest.mark.anyio
async def test_log_that_cannot_be_watched_says_what_to_raise(log: Log) -> None:
    endpoint = FileEndpoint(str(log.path))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with closing(endpoint.pin()) as pin:
        before = open_descriptors()
        # Room for the log and its folder, none for what watches them.
        free = [os.dup(pin.fileno()) for _ in range(3)]
        for fd in free:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free[-1], limits[1]))
        try:
            with pytest.raises(ConsoleError, match="Cannot follow") as caught:
                await endpoint.connect(pin)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert "max_user_instances" in caught.value.hint
        assert open_descriptors() == before
