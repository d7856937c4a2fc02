"""Unix consoles: what is refused at their path, in which words, and what reaches them."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from core.clock import boot_id
from core.endpoints import UnixEndpoint
from core.endpoints.unix import UnixPin, is_trusted
from core.errors import (
    ConsoleAbsent,
    ConsoleBroken,
    ConsoleBusy,
    ConsoleError,
    ConsoleForbidden,
    NotASocket,
)
from tests.core.endpoints.sites import MemorySite, listen, open_descriptors, without_root

SUN_PATH_MAX = 107


def pinned(path: Path | str) -> UnixPin:
    return UnixEndpoint(str(path)).pin()


def make_file(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (make_file, "a regular file"),
        (Path.mkdir, "a directory"),
        (os.mkfifo, "a FIFO"),
    ],
)
def test_what_is_no_socket_is_named(folder: Path, make: Callable[[Path], None], kind: str) -> None:
    path = folder / "console.sock"
    make(path)
    before = open_descriptors()
    with pytest.raises(NotASocket, match=f"{path} is {kind}, not a socket") as caught:
        pinned(path)
    assert caught.value.path == str(path)
    assert caught.value.hint
    assert open_descriptors() == before


def test_character_device_is_named() -> None:
    with pytest.raises(NotASocket, match="/dev/null is a character device"):
        pinned("/dev/null")


def test_fifo_is_told_apart_without_waiting_for_its_writer(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    began = time.monotonic()
    with pytest.raises(NotASocket):
        pinned(folder / "fifo")
    assert time.monotonic() - began < 5


def test_symbolic_link_is_not_followed_and_says_what_to_name(folder: Path) -> None:
    with closing(listen(folder / "real.sock")):
        (folder / "link.sock").symlink_to(folder / "real.sock")
        with pytest.raises(NotASocket, match="symbolic link") as caught:
            pinned(folder / "link.sock")
    assert "Name the socket itself" in caught.value.hint


def test_dangling_link_is_a_link_and_not_absent(folder: Path) -> None:
    (folder / "link.sock").symlink_to(folder / "nowhere")
    with pytest.raises(NotASocket, match="symbolic link"):
        pinned(folder / "link.sock")


def test_linked_folder_on_the_way_is_followed(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to(folder / "real")
    with (
        closing(listen(folder / "real" / "console.sock")),
        closing(pinned(folder / "link" / "console.sock")) as pin,
    ):
        assert pin.is_current()


def test_missing_folder_is_absent(folder: Path) -> None:
    with pytest.raises(ConsoleAbsent, match="does not exist") as caught:
        pinned(folder / "no" / "such" / "console.sock")
    assert caught.value.errno
    assert caught.value.hint


@pytest.mark.parametrize("rest", ["/below", "/"])
def test_path_through_a_socket_is_no_socket(folder: Path, rest: str) -> None:
    with closing(listen(folder / "console.sock")), pytest.raises(NotASocket, match="directory"):
        pinned(f"{folder}/console.sock{rest}")


def test_path_with_a_slash_at_its_end_names_the_folder(folder: Path) -> None:
    with pytest.raises(NotASocket, match="a directory"):
        pinned(f"{folder}/")


def test_name_of_256_bytes_is_an_error_with_its_number(folder: Path) -> None:
    with pytest.raises(ConsoleError, match="File name too long"):
        pinned(folder / ("x" * 256))


def test_relative_path_is_looked_up_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with closing(listen(folder / "console.sock")), closing(pinned("console.sock")) as pin:
        assert pin.is_current()


def test_folder_that_lets_nobody_in_is_named_with_owner_and_mode(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir()
    (closed / "below").mkdir()
    closed.chmod(0)
    with without_root(), pytest.raises(ConsoleForbidden) as caught:
        pinned(closed / "below" / "console.sock")
    closed.chmod(0o700)
    owner = closed.stat()
    assert f"{closed} belongs to user {owner.st_uid}, group {owner.st_gid}, mode 0000" in str(
        caught.value
    )
    assert "sudo" in caught.value.hint


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("mode", "remedy"), [(0o000, "as user"), (0o020, "join group")], ids=["nobody", "group"]
)
async def test_socket_we_may_not_write_is_forbidden_with_a_remedy(
    folder: Path, mode: int, remedy: str
) -> None:
    path = folder / "console.sock"
    with closing(listen(path)):
        path.chmod(mode)
        with without_root(), closing(pinned(path)) as pin:
            before = open_descriptors()
            with pytest.raises(
                ConsoleForbidden, match=f"mode {stat.S_IMODE(path.stat().st_mode):04o}"
            ) as caught:
                await UnixEndpoint(str(path)).connect(pin)
            assert open_descriptors() == before
    assert remedy in caught.value.hint
    assert isinstance(caught.value.__cause__, PermissionError)


@pytest.mark.anyio
async def test_datagram_socket_is_no_console(folder: Path) -> None:
    path = folder / "console.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        datagram.bind(str(path))
        with closing(pinned(path)) as pin, pytest.raises(NotASocket, match="another type"):
            await UnixEndpoint(str(path)).connect(pin)


@pytest.mark.anyio
async def test_pin_of_another_transport_is_a_mistake_of_the_caller(folder: Path) -> None:
    with closing(MemorySite().endpoint.pin()) as pin, pytest.raises(TypeError):
        await UnixEndpoint(str(folder / "console.sock")).connect(pin)


@pytest.mark.anyio
async def test_closed_pin_connects_to_nothing(folder: Path) -> None:
    path = folder / "console.sock"
    with closing(listen(path)):
        pin = pinned(path)
        pin.close()
        assert not pin.is_current()
        with pytest.raises(ConsoleBroken):
            await UnixEndpoint(str(path)).connect(pin)


@pytest.mark.parametrize(
    ("peer", "trusted"), [(0, True), (1000, True), (1001, True), (1002, False), (2**32 - 1, False)]
)
def test_listener_is_the_owner_root_or_us(peer: int, trusted: bool) -> None:
    assert is_trusted(peer, owner=1000, ours=1001) is trusted


@pytest.mark.anyio
async def test_listener_of_a_stranger_is_not_connected_to(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can listen as a stranger")
    path = folder / "console.sock"
    listener = socket.socket(socket.AF_UNIX)
    with closing(listener):
        listener.bind(str(path))
        os.chown(path, 4001, 4001)
        os.seteuid(4002)
        listener.listen(1)
        os.seteuid(0)
        with closing(pinned(path)) as pin:
            before = open_descriptors()
            with pytest.raises(
                ConsoleForbidden, match=r"served by user 4002.*belongs to user 4001"
            ):
                await UnixEndpoint(str(path)).connect(pin)
            assert open_descriptors() == before
            os.chown(path, 4002, 4002)
            (await UnixEndpoint(str(path)).connect(pin)).close()


def test_key_names_boot_device_inode_and_change_time(folder: Path) -> None:
    path = folder / "console.sock"
    with closing(listen(path)), closing(pinned(path)) as pin:
        found = path.stat()
        assert pin.key == f"{boot_id()}:{found.st_dev:x}:{found.st_ino}:{found.st_ctime_ns}"
    assert len(boot_id()) == 36


def test_chown_and_chmod_are_no_new_life(folder: Path) -> None:
    path = folder / "console.sock"
    with closing(listen(path)), closing(pinned(path)) as pin:
        path.chmod(0o600)
        assert pin.is_current()
        assert stat.S_IMODE(pin.found.st_mode) == 0o600


def test_link_to_the_pinned_socket_is_not_the_socket(folder: Path) -> None:
    path = folder / "console.sock"
    with closing(listen(path)), closing(pinned(path)) as pin:
        path.rename(folder / "moved.sock")
        path.symlink_to("moved.sock")
        assert not pin.is_current()


def test_folder_replaced_under_the_same_name_is_a_new_life(folder: Path) -> None:
    vm = folder / "vm"
    vm.mkdir()
    with closing(listen(vm / "console.sock")), closing(pinned(vm / "console.sock")) as pin:
        vm.rename(folder / "old")
        vm.mkdir()
        assert not pin.is_current()
        with closing(listen(vm / "console.sock")):
            assert not pin.is_current()


def test_pin_and_connection_are_not_inherited_by_child_processes(folder: Path) -> None:
    path = folder / "console.sock"

    async def check() -> None:
        with closing(pinned(path)) as pin:
            assert not os.get_inheritable(pin.fileno())
            with closing(await UnixEndpoint(str(path)).connect(pin)) as console:
                assert not os.get_inheritable(console.fileno())
                assert not os.get_blocking(console.fileno())

    with closing(listen(path)):
        anyio.run(check)


@pytest.mark.anyio
async def test_paths_of_every_length_are_reached(folder: Path) -> None:
    deep = folder / ("d" * 60)
    deep.mkdir()
    path = folder / "short"
    with closing(listen(path, backlog=1)) as listener:
        for length in range(90, 301):
            name = "n" * (length - len(str(deep)) - 1)
            path = path.rename(deep / name)
            assert len(str(path)) == length
            with closing(pinned(path)) as pin:
                console = await UnixEndpoint(str(path)).connect(pin)
            with closing(console), closing(listener.accept()[0]) as served:
                served.send(b"%d" % length)
                assert console.read_nowait() == b"%d" % length
        with socket.socket(socket.AF_UNIX) as direct, pytest.raises(OSError, match="too long"):
            direct.connect(str(path))
    assert len(str(path)) > SUN_PATH_MAX


@pytest.mark.anyio
async def test_path_that_is_not_unicode_is_reached(folder: Path) -> None:
    raw = os.fsencode(folder) + b"/\xff\xfe %41?x#y\x1b[2J"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(raw)
        listener.listen(1)
        endpoint = UnixEndpoint(os.fsdecode(raw))
        with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
            assert console.is_accepted() is False


@pytest.mark.anyio
async def test_listener_that_never_accepts_leaves_the_third_busy_and_the_processor_idle(
    folder: Path,
) -> None:
    path = folder / "console.sock"
    endpoint = UnixEndpoint(str(path))
    with (
        closing(listen(path, backlog=1)),
        closing(endpoint.pin()) as pin,
        closing(await endpoint.connect(pin)),
        closing(await endpoint.connect(pin)),
    ):
        before = open_descriptors()
        wall, cpu = time.monotonic(), time.process_time()
        with pytest.raises(ConsoleBusy) as caught:
            await endpoint.connect(pin, timeout_s=1.0)
        waited = time.monotonic() - wall
        spent = time.process_time() - cpu
        assert waited >= 1.0
        assert spent < 0.2 * waited
        assert open_descriptors() == before
    assert caught.value.path == str(path)


@pytest.mark.anyio
async def test_console_whose_listener_goes_away_while_it_waits_is_broken(folder: Path) -> None:
    path = folder / "console.sock"
    endpoint = UnixEndpoint(str(path))
    listener = listen(path)
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        listener.close()
        with pytest.raises(ConsoleBroken, match="before it took up") as caught:
            console.read_nowait()
        assert caught.value.errno
        assert caught.value.hint
