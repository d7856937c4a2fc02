"""The control socket's file: private, and bound again when it is removed."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import anyio
import pytest

from core.capture.control.listener import bind_control
from core.capture.lock import is_held
from core.capture.places import Places
from core.client import open_client
from core.errors import RuntimeDirError
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, recorded, running_capture

pytestmark = pytest.mark.anyio


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    places = Places(tmp_path / "run", tmp_path / "state")
    before = os.umask(umask)
    try:
        bind_control(places).close()
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert mode(places.control_socket) == 0o600
    assert mode(places.runtime) == 0o700


@pytest.mark.parametrize("kind", ["open to others", "link", "file"])
def test_a_runtime_folder_that_is_not_ours_alone_is_not_bound_in(tmp_path: Path, kind: str) -> None:
    places = Places(tmp_path / "run", tmp_path / "state")
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    match kind:
        case "open to others":
            places.runtime.mkdir()
            places.runtime.chmod(0o777)
        case "link":
            places.runtime.symlink_to(tmp_path / "elsewhere")
        case "file":
            places.runtime.touch()
    with pytest.raises(RuntimeDirError):
        bind_control(places)
    assert not list((tmp_path / "elsewhere").iterdir())


async def test_a_runtime_folder_that_is_removed_is_made_and_locked_again(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"before ")
        await facts_when(client, lambda f: f.traffic.bytes == 7)
        shutil.rmtree(places.runtime)
        await chardev.write(b"meanwhile ")
        with anyio.fail_after(PATIENCE_S):
            while not places.control_socket.exists():
                await anyio.sleep(0.05)
        assert mode(places.runtime) == 0o700
        assert mode(places.control_socket) == 0o600
        assert is_held(places.runtime_lock)
        await chardev.write(b"after")
        async with open_client(places.control_socket, viewer=False) as other:
            facts = await facts_when(other, lambda f: f.traffic.bytes == 22)
        assert await recorded(facts, 22) == b"before meanwhile after"
        # The viewer that was there keeps its connection.
        assert len(await client.sandboxes()) == 1
