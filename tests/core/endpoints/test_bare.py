"""A path alone: what is there decides how it is reached, each time."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.endpoints import AnyEndpoint, MemoryEndpoint, endpoint_for
from core.endpoints.file import FilePin
from core.endpoints.file_console import FileConsole
from core.endpoints.pty import PtyConsole, PtyPin
from core.endpoints.unix import UnixConsole, UnixPin
from core.errors import ConsoleAbsent, NotAConsole
from tests.core.endpoints.sites import listen, open_descriptors
from tests.core.endpoints.sites_local import PtySite

pytestmark = pytest.mark.anyio


async def test_one_path_is_a_socket_then_a_terminal_then_a_log(folder: Path) -> None:
    path = folder / "console"
    endpoint = endpoint_for(str(path))
    assert isinstance(endpoint, AnyEndpoint)
    with pytest.raises(ConsoleAbsent):
        endpoint.pin()

    with closing(listen(path)), closing(endpoint.pin()) as pin:
        assert isinstance(pin, UnixPin)
        with closing(await endpoint.connect(pin)) as console:
            assert isinstance(console, UnixConsole)
            assert console.url == str(path)
    path.unlink()

    with closing(PtySite(path)), closing(endpoint.pin()) as pin:
        assert isinstance(pin, PtyPin)
        with closing(await endpoint.connect(pin)) as console:
            assert isinstance(console, PtyConsole)
            assert console.url == str(path)
    path.unlink()

    path.write_bytes(b"boot")
    with closing(endpoint.pin()) as pin:
        assert isinstance(pin, FilePin)
        with closing(await endpoint.connect(pin)) as console:
            assert isinstance(console, FileConsole)
            assert (console.url, console.read_nowait()) == (str(path), b"boot")


def link_to_a_log(path: Path) -> None:
    path.with_name("log").touch()
    path.symlink_to("log")


def link_to_a_socket(path: Path) -> None:
    listen(path.with_name("sock")).close()
    path.symlink_to("sock")


def link_to_a_folder(path: Path) -> None:
    path.symlink_to("/tmp")


LINK = "a symbolic link, which is not followed"


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Path.mkdir, "a directory"),
        (os.mkfifo, "a FIFO"),
        (link_to_a_log, LINK),
        (link_to_a_socket, LINK),
        (link_to_a_folder, LINK),
    ],
)
async def test_what_is_no_console_is_named(
    folder: Path, make: Callable[[Path], None], kind: str
) -> None:
    path = folder / "console"
    make(path)
    before = open_descriptors()
    with pytest.raises(NotAConsole, match=f"{path} is {kind}, and no console") as caught:
        endpoint_for(str(path)).pin()
    assert caught.value.hint
    assert open_descriptors() == before


@pytest.mark.parametrize("is_linked", [False, True])
async def test_device_that_is_no_terminal_is_named(folder: Path, is_linked: bool) -> None:
    path = "/dev/zero"
    if is_linked:
        (folder / "console").symlink_to(path)
        path = str(folder / "console")
    with pytest.raises(NotAConsole, match=f"{path} is a character device, not a terminal"):
        endpoint_for(path).pin()


async def test_link_that_leads_nowhere_is_an_absent_console(folder: Path) -> None:
    (folder / "console").symlink_to("absent")
    with pytest.raises(ConsoleAbsent):
        endpoint_for(str(folder / "console")).pin()


async def test_another_endpoints_pin_is_a_mistake(folder: Path) -> None:
    with closing(MemoryEndpoint().pin()) as pin, pytest.raises(TypeError):
        await endpoint_for(str(folder / "console")).connect(pin)
