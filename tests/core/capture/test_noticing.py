"""What happens at a path is told at once, whatever happens to the folders on the way."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from core.capture.watching.noticing import Notice, Noticing

pytestmark = pytest.mark.anyio

PATIENCE_S = 20.0


@pytest.fixture
async def noticing() -> AsyncIterator[Noticing]:
    noticing = Noticing()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(noticing.run)
        yield noticing
        tasks.cancel_scope.cancel()


async def told(notice: Notice) -> None:
    """Returns once the notice was woken: by an event, since it waits without a limit."""
    with anyio.fail_after(PATIENCE_S):
        await notice.wait(PATIENCE_S * 2)


@pytest.mark.parametrize("deed", ["create", "rename over", "unlink", "rename away"])
async def test_what_happens_to_the_name_is_told(
    noticing: Noticing, tmp_path: Path, deed: str
) -> None:
    path, other = tmp_path / "console.sock", tmp_path / "other"
    (other if "over" in deed else path).touch()
    if deed == "create":
        path.unlink()
    with noticing.at(str(path)) as notice:
        noticing.renew(notice)
        match deed:
            case "create":
                path.touch()
            case "rename over":
                other.rename(path)
            case "unlink":
                path.unlink()
            case _:
                path.rename(other)
        await told(notice)


async def test_other_names_in_the_folder_wake_nobody(noticing: Noticing, tmp_path: Path) -> None:
    with noticing.at(f"{tmp_path}/a") as one, noticing.at(f"{tmp_path}/b") as other:
        noticing.renew(one)
        noticing.renew(other)
        (tmp_path / "b").touch()
        await told(other)
        with anyio.move_on_after(0) as instant:
            await one.wait(PATIENCE_S)
        assert instant.cancelled_caught


async def test_a_folder_that_does_not_exist_yet_is_waited_for(
    noticing: Noticing, tmp_path: Path
) -> None:
    path = tmp_path / "vm" / "run" / "console.sock"
    with noticing.at(str(path)) as notice:
        for folder in (path.parent.parent, path.parent):
            noticing.renew(notice)
            folder.mkdir()
            await told(notice)
        noticing.renew(notice)
        path.touch()
        await told(notice)


async def test_a_folder_that_was_removed_and_made_again_is_followed(
    noticing: Noticing, tmp_path: Path
) -> None:
    path = tmp_path / "vm" / "console.sock"
    path.parent.mkdir()
    with noticing.at(str(path)) as notice:
        for _ in range(3):
            noticing.renew(notice)
            shutil.rmtree(path.parent)
            await told(notice)
            noticing.renew(notice)
            path.parent.mkdir()
            await told(notice)
        noticing.renew(notice)
        path.touch()
        await told(notice)


async def test_a_place_that_no_path_names_is_never_told_of(noticing: Noticing) -> None:
    with noticing.at("") as notice:
        noticing.renew(notice)
        assert notice.place is None
        await notice.wait(0.01)


async def test_a_thousand_notices_leave_no_watch_behind(noticing: Noticing, tmp_path: Path) -> None:
    for number in range(1000):
        with noticing.at(f"{tmp_path}/{number % 7}/{number}") as notice:
            noticing.renew(notice)
            assert notice.place is not None
    # Each folder is watched anew: nothing of the watches before is in the way.
    with noticing.at(f"{tmp_path}/last") as notice:
        noticing.renew(notice)
        os.close(os.open(tmp_path / "last", os.O_CREAT | os.O_WRONLY))
        await told(notice)
