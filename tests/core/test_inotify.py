"""What the kernel tells about files, read through `core.inotify`."""

from __future__ import annotations

import errno
import os
import resource
import select
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from core.errors import InotifyError
from core.inotify import Inotify, Mask
from tests.core.endpoints.sites import open_descriptors, without_root


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may look into."""
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def heard() -> Iterator[Inotify]:
    with closing(Inotify()) as inotify:
        yield inotify


def is_ready(inotify: Inotify) -> bool:
    return bool(select.select([inotify], [], [], 0)[0])


def told(inotify: Inotify) -> list[tuple[Mask, str]]:
    return [(event.mask, event.name) for event in inotify.read_nowait()]


def test_nothing_happened_gives_nothing_and_does_not_block(heard: Inotify, tmp_path: Path) -> None:
    heard.add(str(tmp_path), Mask.NAMES)
    assert not is_ready(heard)
    assert heard.read_nowait() == []


def test_names_that_come_and_go_are_told_in_order(heard: Inotify, tmp_path: Path) -> None:
    watch = heard.add(str(tmp_path), Mask.NAMES)
    (tmp_path / "a").touch()
    (tmp_path / "d").mkdir()
    (tmp_path / "a").unlink()
    assert is_ready(heard)
    events = heard.read_nowait()
    assert [(event.watch, event.mask, event.name) for event in events] == [
        (watch, Mask.CREATE, "a"),
        (watch, Mask.CREATE | Mask.IS_DIR, "d"),
        (watch, Mask.DELETE, "a"),
    ]
    assert not is_ready(heard)


def test_both_sides_of_a_rename_share_a_cookie(heard: Inotify, tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    (tmp_path / "other").touch()
    heard.add(str(tmp_path), Mask.NAMES)
    (tmp_path / "log").rename(tmp_path / "log.0")
    (tmp_path / "other").rename(tmp_path / "log")
    one, two, three, four = heard.read_nowait()
    assert (one.mask, one.name) == (Mask.MOVED_FROM, "log")
    assert (two.mask, two.name) == (Mask.MOVED_TO, "log.0")
    assert one.cookie == two.cookie != 0
    assert three.cookie == four.cookie != one.cookie


def test_file_that_is_written_cut_and_removed_says_so(heard: Inotify, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"abc")
    watch = heard.add(str(path), Mask.MODIFY | Mask.DELETE_SELF)
    with path.open("ab") as file:
        file.write(b"def")
    assert [(event.watch, event.name) for event in heard.read_nowait()] == [(watch, "")]
    os.truncate(path, 1)
    assert told(heard) == [(Mask.MODIFY, "")]
    path.unlink()
    assert told(heard) == [(Mask.DELETE_SELF, ""), (Mask.IGNORED, "")]


def test_descriptor_is_watched_whatever_its_path_leads_to_now(
    heard: Inotify, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.touch()
    fd = os.open(path, os.O_PATH)
    try:
        path.rename(tmp_path / "log.0")
        path.touch()
        heard.add(fd, Mask.MODIFY)
    finally:
        os.close(fd)
    path.write_bytes(b"not this one")
    assert told(heard) == []
    (tmp_path / "log.0").write_bytes(b"this one")
    assert told(heard) == [(Mask.MODIFY, "")]


def test_adding_again_changes_the_mask_and_keeps_the_watch(heard: Inotify, tmp_path: Path) -> None:
    watch = heard.add(str(tmp_path), Mask.CREATE)
    assert heard.add(str(tmp_path), Mask.DELETE) == watch
    (tmp_path / "a").touch()
    assert told(heard) == []
    (tmp_path / "a").unlink()
    assert told(heard) == [(Mask.DELETE, "a")]


def test_removed_watch_says_that_it_is_over_and_no_more(heard: Inotify, tmp_path: Path) -> None:
    watch = heard.add(str(tmp_path), Mask.NAMES)
    heard.remove(watch)
    heard.remove(watch)
    (tmp_path / "a").touch()
    assert [(event.watch, event.mask) for event in heard.read_nowait()] == [(watch, Mask.IGNORED)]


def test_it_rings_when_asked_to_and_other_watches_stay(heard: Inotify, tmp_path: Path) -> None:
    heard.add(str(tmp_path), Mask.NAMES)
    heard.ring()
    assert is_ready(heard)
    assert told(heard) == [(Mask.IGNORED, "")]
    (tmp_path / "a").touch()
    assert told(heard) == [(Mask.CREATE, "a")]


def test_any_name_that_a_file_can_have_comes_back(heard: Inotify, tmp_path: Path) -> None:
    heard.add(str(tmp_path), Mask.CREATE)
    names = ["x" * 255, os.fsdecode(b"\xff\xfe\n"), "é", "a b"]
    for name in names:
        (tmp_path / name).touch()
    assert [name for _, name in told(heard)] == names


def test_dropped_events_are_owned_up_to(heard: Inotify, tmp_path: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    heard.add(str(tmp_path), Mask.CREATE | Mask.DELETE)
    path = tmp_path / "a"
    for _ in range(limit // 2 + 1):  # two events each
        path.touch()
        path.unlink()
    events = heard.read_nowait()
    assert len(events) == limit + 1
    assert (events[-1].watch, events[-1].mask) == (-1, Mask.OVERFLOW)


def test_what_is_not_there_cannot_be_watched(heard: Inotify, tmp_path: Path) -> None:
    path = str(tmp_path / "absent")
    with pytest.raises(InotifyError, match=f"Cannot watch {path}: No such file") as caught:
        heard.add(path, Mask.NAMES)
    assert (caught.value.errno, caught.value.path) == (errno.ENOENT, path)


def test_what_may_not_be_read_cannot_be_watched(heard: Inotify, folder: Path) -> None:
    path = folder / "secret"
    path.mkdir(mode=0)
    with without_root(), pytest.raises(InotifyError) as caught:
        heard.add(str(path), Mask.NAMES)
    assert caught.value.errno == errno.EACCES
    assert "sudo" in caught.value.hint


def test_link_is_not_followed_when_asked_not_to(heard: Inotify, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(InotifyError) as caught:
        heard.add(str(tmp_path / "link"), Mask.NAMES | Mask.ONLYDIR | Mask.DONT_FOLLOW)
    assert caught.value.errno == errno.ENOTDIR


def test_too_many_of_them_are_refused_with_the_remedy() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(InotifyError) as caught:
            Inotify()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert caught.value.errno == errno.EMFILE
    assert "max_user_instances" in caught.value.hint


def test_closing_twice_is_harmless_and_leaves_no_descriptor(tmp_path: Path) -> None:
    before = open_descriptors()
    inotify = Inotify()
    inotify.add(str(tmp_path), Mask.NAMES)
    inotify.close()
    inotify.close()
    assert (inotify.fileno(), open_descriptors()) == (-1, before)
    for use in (inotify.read_nowait, inotify.ring, lambda: inotify.remove(1)):
        with pytest.raises(InotifyError) as caught:
            use()
        assert caught.value.errno == errno.EBADF


def test_it_neither_blocks_nor_is_inherited(heard: Inotify) -> None:
    assert not os.get_inheritable(heard.fileno())
    assert not os.get_blocking(heard.fileno())


@pytest.mark.anyio
async def test_it_can_be_waited_for(heard: Inotify, tmp_path: Path) -> None:
    heard.add(str(tmp_path), Mask.CREATE)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.Path(tmp_path / "a").touch)
        with anyio.fail_after(10):
            await anyio.wait_readable(heard.fileno())
    assert told(heard) == [(Mask.CREATE, "a")]
