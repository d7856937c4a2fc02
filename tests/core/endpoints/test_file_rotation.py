"""A log is one stream, whatever is done to its name."""

from __future__ import annotations

import os
import select
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.capture.watching.session import READS_A_ROUND
from core.endpoints import READ_BYTES, FileEndpoint
from core.endpoints.file_console import FileConsole
from core.endpoints.rotation import MAX_WAITING
from tests.core.endpoints.logs import Log, followed, has_nothing, opened
from tests.core.endpoints.sites import open_descriptors


@pytest.fixture
def log(folder: Path) -> Iterator[Log]:
    with closing(Log(folder / "vm.log")) as log:
        yield log


@pytest.fixture
def console(log: Log) -> Iterator[FileConsole]:
    with closing(opened(log.path)) as console:
        yield console


def act(log: Log, step: bytes | str) -> None:
    if isinstance(step, bytes):
        log.append(step)
    elif step == "rotate":
        log.rotate()


STEPS = st.lists(st.one_of(st.binary(max_size=200), st.sampled_from(["rotate", "read"])))


@given(steps=STEPS)
@settings(deadline=None, max_examples=60)
def test_any_order_of_writing_rotating_and_reading_gives_what_was_written(
    steps: list[bytes | str],
) -> None:
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as folder:
        log = Log(Path(folder, "vm.log"))
        with closing(log), closing(opened(log.path)) as console:
            received = b""
            for step in steps:
                act(log, step)
                if step == "read":
                    received += followed(console)[0]
                    assert received == log.written
            more, is_over = followed(console)
            assert (received + more, is_over, console.missed) == (log.written, False, 0)


@given(before=STEPS, away=STEPS)
@settings(deadline=None, max_examples=60)
def test_a_reader_that_was_away_goes_on_where_it_was(
    before: list[bytes | str], away: list[bytes | str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as folder:
        log = Log(Path(folder, "vm.log"))
        with closing(log):
            with closing(opened(log.path)) as console:
                for step in before:
                    act(log, step)
                received = followed(console)[0]
                source, position = console.source, console.position
            for step in away:
                act(log, step)
            with closing(opened(log.path)) as console:
                assert console.resume(source, position) == 0
                assert (console.source, console.position) == (source, position)
                assert received + followed(console)[0] == log.written


def test_a_log_is_resumed_after_every_prefix(log: Log) -> None:
    log.append(bytes(range(200)))
    for position in range(201):
        with closing(opened(log.path)) as console:
            assert console.resume(console.source, position) == 0
            assert console.position == position
            assert followed(console) == (log.written[position:], False)


def test_a_log_that_has_become_shorter_is_resumed_from_its_start(log: Log) -> None:
    log.append(b"before")
    with closing(opened(log.path)) as console:
        followed(console)
        source, position = console.source, console.position
    log.cut()
    log.append(b"new")
    with closing(opened(log.path)) as console:
        assert console.resume(source, position) == 0
        assert (console.source, console.position) == (source, 0)
        assert followed(console) == (b"new", False)


def test_a_log_that_is_found_no_more_is_resumed_from_the_present_ones_start(log: Log) -> None:
    log.append(b"before")
    with closing(opened(log.path)) as console:
        followed(console)
        source = console.source
    log.rotate()
    log.append(b"after")
    log.rotated(0).unlink()
    with closing(opened(log.path)) as console:
        assert console.resume(source, 6) == 0
        assert (console.source != source, console.position) == (True, 0)
        assert followed(console) == (b"after", False)


def test_source_and_position_change_with_the_file_that_is_read(
    log: Log, console: FileConsole
) -> None:
    log.append(b"one")
    followed(console)
    first = console.source
    assert console.position == 3
    log.rotate()
    followed(console)
    assert (console.source, console.position) == (first, 3)
    log.append(b"four")
    followed(console)
    assert console.source != first
    assert console.position == 4
    log.rotate()
    log.rotate()
    log.append(b"x")
    assert followed(console) == (b"x", False)


def test_a_writer_that_goes_on_in_the_renamed_file_is_followed_there(
    log: Log, console: FileConsole
) -> None:
    # logrotate's `create`; QEMU never opens its logfile again.
    for number in range(3):
        log.rename()
        log.path.touch()
        log.append(b"line %d\n" % number)
        assert followed(console) == (b"line %d\n" % number, False)


def test_a_writer_that_opens_the_new_file_late_is_followed_to_both(
    log: Log, console: FileConsole
) -> None:
    log.rename()
    log.path.touch()
    followed(console)
    log.append(b"old ")
    log.create()
    log.append(b"new")
    assert followed(console) == (b"old new", False)


def test_a_log_between_two_names_has_not_ended(log: Log, console: FileConsole) -> None:
    log.append(b"a")
    log.rename()
    assert followed(console) == (b"a", False)
    log.append(b"b")
    assert followed(console) == (b"b", False)
    log.create()
    log.append(b"c")
    assert followed(console) == (b"c", False)


def test_a_rotated_file_that_was_removed_unread_is_counted(log: Log, console: FileConsole) -> None:
    log.append(b"a")
    log.rotate()
    log.append(b"lost")
    log.rotate()
    log.append(b"c")
    log.rotated(0).unlink()
    assert followed(console) == (b"ac", False)
    assert console.missed == 1


def test_the_file_that_is_read_may_be_removed_once_it_was_rotated(
    log: Log, console: FileConsole
) -> None:
    log.append(b"a")
    log.rotate()
    log.append(b"b")
    log.rotated(0).unlink()
    assert followed(console) == (b"ab", False)


def test_logs_with_dates_for_names_are_found_after_a_pause(log: Log) -> None:
    log.append(b"a")
    with closing(opened(log.path)) as console:
        followed(console)
        source, position = console.source, console.position
    for number, name in enumerate(["vm.log-20240607", "vm.log-20240608", "vm.log-20240609"]):
        log.append(b"%d" % number)
        log.path.rename(log.path.with_name(name))
        os.utime(log.path.with_name(name), (number + 1, number + 1))
        log.create()
    log.append(b"now")
    for stranger in ("vm.log.gz", "vm.log-20240609.gz", "vm.log.1x", "vm.log2", "other.log.1"):
        log.path.with_name(stranger).write_bytes(b"not ours")
    with closing(opened(log.path)) as console:
        console.resume(source, position)
        assert followed(console) == (b"012now", False)


def test_what_is_heard_nothing_of_is_found_by_looking(log: Log, console: FileConsole) -> None:
    followed(console)
    for watch in range(1, 10):  # as on a network file system: nothing tells of a change
        console._inotify.remove(watch)
    followed(console)
    log.append(b"a")
    log.rotate()
    log.append(b"b")
    log.rotate()
    assert not select.select([console], [], [], 0)[0]
    assert console.read_nowait() == b"a"
    assert console.read_nowait() == b"b"
    assert has_nothing(console)
    log.append(b"c")
    assert console.read_nowait() == b"c"


def test_events_that_were_dropped_cost_no_byte(log: Log, console: FileConsole) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    log.append(b"a")
    log.rotate()
    noise = log.path.with_name("noise")
    for _ in range(limit // 2 + 1):
        noise.touch()
        noise.unlink()
    for number in range(4):
        log.append(b"%d" % number)
        log.rotate()
    assert followed(console) == (b"a0123", False)


def test_rotations_between_pin_and_connection_cost_no_byte(log: Log) -> None:
    endpoint = FileEndpoint(str(log.path))
    with closing(endpoint.pin()) as pin:
        log.append(b"a")
        log.rotate()
        log.append(b"b")
        with closing(anyio.run(endpoint.connect, pin)) as console:
            log.rotate()
            log.append(b"c")
            assert followed(console) == (b"abc", False)


def test_rotated_file_that_another_one_replaced_is_not_read_twice(
    log: Log, console: FileConsole
) -> None:
    for word in (b"a", b"lost", b"c"):
        log.append(word)
        log.path.rename(log.rotated(0))
        log.create()
    log.append(b"d")
    assert followed(console) == (b"acd", False)
    assert console.missed == 1


def test_resumed_file_may_be_removed_before_it_was_read(log: Log) -> None:
    log.append(b"ab")
    with closing(opened(log.path)) as console:
        assert console.read_nowait(1) == b"a"
        source, position = console.source, console.position
    log.rotate()
    log.append(b"c")
    with closing(opened(log.path)) as console:
        console.resume(source, position)
        log.rotated(0).unlink()
        assert followed(console) == (b"bc", False)


def test_resumed_log_that_is_cut_later_has_ended(log: Log) -> None:
    log.append(b"a" * 100)
    with closing(opened(log.path)) as console:
        console.resume(console.source, 100)
        log.cut()
        log.append(b"b" * 200)
        assert followed(console) == (b"", True)


class Racing(FileConsole):
    """Something happens to the log in the middle of a read, once."""

    when = ""
    happen: Callable[[], object] = staticmethod(lambda: None)

    def _at(self, point: str) -> None:
        if point == self.when:
            self.when = ""
            self.happen()

    def _next_bytes(self, max_bytes: int) -> bytes | None:
        data = super()._next_bytes(max_bytes)
        if not data:
            self._at("nothing more was found")
        return data

    def _at_path(self) -> os.stat_result | None:
        self._at("the path is looked at")
        return super()._at_path()

    def _opened(self, name: str) -> int | None:
        self._at("the next file is opened")
        return super()._opened(name)


@pytest.fixture
def racing(log: Log) -> Iterator[Racing]:
    folder = os.open(log.path.parent, os.O_PATH)
    fd = os.open(log.path, os.O_RDONLY)
    path = str(log.path)
    console = Racing(url=path, path=path, folder=folder, name=log.path.name, fd=fd)
    with closing(console):
        assert followed(console) == (b"", False)
        yield console


def test_flood_that_comes_while_events_are_read_is_read_as_a_whole(
    log: Log, racing: Racing
) -> None:
    flood = bytes(READ_BYTES) * (READS_A_ROUND + 4)

    def pour() -> None:
        log.append(flood)

    racing.when, racing.happen = "nothing more was found", pour
    log.path.with_name("noise").touch()
    assert followed(racing) == (flood, False)


def test_last_words_that_come_before_the_removal_is_seen_are_read(log: Log, racing: Racing) -> None:
    def die() -> None:
        log.append(b"last words")
        log.path.unlink()

    racing.when, racing.happen = "the path is looked at", die
    log.path.with_name("noise").touch()
    assert followed(racing) == (b"last words", True)


def test_bytes_that_come_before_the_rotation_is_seen_are_read(log: Log, racing: Racing) -> None:
    def rotate() -> None:
        log.append(b"old ")
        log.rotate()
        log.append(b"new")

    racing.when, racing.happen = "the path is looked at", rotate
    log.path.with_name("noise").touch()
    assert followed(racing) == (b"old new", False)


def test_bytes_that_come_to_the_renamed_file_before_the_next_is_read_come_first(
    log: Log, racing: Racing
) -> None:
    def write() -> None:
        log.append(b"old ")
        log.create()
        log.append(b"new")

    log.rename()
    log.path.touch()
    racing.when, racing.happen = "the next file is opened", write
    assert followed(racing) == (b"old new", False)


def test_only_so_many_rotated_files_wait_and_the_rest_is_counted(
    log: Log, console: FileConsole
) -> None:
    for number in range(MAX_WAITING + 10):
        log.append(b"%d." % number)
        log.path.rename(log.path.with_name(f"vm.log-{number}"))
        log.create()
    received, _ = followed(console)
    assert received.startswith(b"0.11.12.13.")
    assert received.endswith(b".%d." % (MAX_WAITING + 9))
    assert console.missed == 10


def test_rotations_leave_no_descriptor_behind(log: Log, console: FileConsole) -> None:
    before = open_descriptors()
    for _ in range(20):
        log.append(b"x")
        log.rotate()
        followed(console)
    assert open_descriptors() == before
