"""T19: a socket's address has room for 107 bytes. Paths of any length are bound and reached."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from core.capture.control.listener import bind_control
from core.capture.places import Places
from core.client import open_client
from core.endpoints.listen import ListenEndpoint
from core.endpoints.unix import UnixEndpoint
from core.errors import CaptureUnreachable, ConsoleAbsent, ConsoleError
from tests.core.endpoints.conftest import folder
from tests.figures import Figure

__all__ = ["folder"]

pytestmark = pytest.mark.anyio

LENGTHS = range(90, 301)
SUN_PATH_MAX = 107


def paths(folder: Path, name: str) -> Iterator[Path]:
    """A path of each length that ends in `name`, with its folder there."""
    for length in LENGTHS:
        missing = length - len(f"{folder}/") - len(f"/{name}")
        # A folder's name may have 255 bytes; two of them have room for all.
        first = max(1, missing - 150)
        deep = folder / ("d" * first) / ("e" * (missing - first - 1))
        deep.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = deep / name
        assert len(str(path)) == length
        yield path


async def test_a_vmm_can_dial_a_socket_at_a_path_of_any_length(
    folder: Path, figure: Figure
) -> None:
    bound = 0
    for path in paths(folder, "s"):
        with closing(ListenEndpoint(str(path))) as endpoint:
            with pytest.raises(ConsoleAbsent):
                endpoint.pin()
            assert stat.S_IMODE(path.lstat().st_mode) == 0o600
            peer = UnixEndpoint(str(path))
            with closing(peer.pin()) as pin:
                (await peer.connect(pin)).close()
            bound += 1
    figure("T19", f"listen: paths of {LENGTHS[0]} to {LENGTHS[-1]} bytes, {bound} bound and dialed")


async def test_a_last_name_of_any_length_is_bound_or_refused_in_words(
    folder: Path, figure: Figure
) -> None:
    bound = refused = 0
    for length in range(1, 256):
        with closing(ListenEndpoint(str(folder / ("n" * length)))) as endpoint:
            with pytest.raises(ConsoleError) as told:
                endpoint.pin()
            if isinstance(told.value, ConsoleAbsent):
                bound += 1
            else:
                assert "last name has to have 1 to" in str(told.value)
                assert told.value.hint
                refused += 1
    assert bound > 80
    assert bound + refused == 255
    figure(
        "T19", f"listen: last names of 1 to 255 bytes, {bound} bound, {refused} refused in words"
    )


async def test_a_control_socket_is_bound_and_reached_at_a_path_of_any_length(
    folder: Path, figure: Figure
) -> None:
    reached = 0
    for path in paths(folder, "control.sock"):
        places = Places(path.parent, folder / "state")
        with closing(bind_control(places)) as listener:
            listener.setblocking(False)
            async with anyio.create_task_group() as tasks:

                async def call(path: Path = path) -> None:
                    with pytest.raises(CaptureUnreachable, match="is no capture"):
                        async with open_client(path, viewer=False):
                            pass

                tasks.start_soon(call)
                await anyio.wait_readable(listener)
                listener.accept()[0].close()
            reached += 1
    span = f"{LENGTHS[0]} to {LENGTHS[-1]}"
    figure("T19", f"control socket: paths of {span} bytes, {reached} bound and reached")


def test_the_same_paths_named_outright_have_no_room(folder: Path, figure: Figure) -> None:
    """The control: an address that is the path itself."""
    bound = 0
    for path in paths(folder, "s"):
        with socket.socket(socket.AF_UNIX) as naive:
            if len(os.fsencode(path)) <= SUN_PATH_MAX:
                naive.bind(str(path))
                bound += 1
                continue
            with pytest.raises(OSError, match="too long"):
                naive.bind(str(path))
    assert bound == SUN_PATH_MAX - LENGTHS[0] + 1
    figure("T19", f"control: named outright, {bound} of {len(LENGTHS)} bound")
