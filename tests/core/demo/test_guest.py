"""A demo guest's socket behaves as a QEMU chardev's does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketStream

from core.demo.guest import MAX_PATH_BYTES, DemoGuest
from core.demo.step import Reboot, Say, Step
from core.errors import DemoError

pytestmark = pytest.mark.anyio


def says(*words: bytes) -> Callable[[], Iterator[Step]]:
    return lambda: iter([Say(0.0, word) for word in words])


def counts() -> Iterator[Step]:
    """Numbers for ever, a line each."""
    for number in count():
        yield Say(0.001, b"%d\n" % number)


def shouts() -> Iterator[Step]:
    """A megabyte, a kilobyte at a time, numbered."""
    for number in range(1024):
        yield Say(0.0, b"%04d" % number + b"." * 1019 + b"\n")


@asynccontextmanager
async def running(guest: DemoGuest) -> AsyncIterator[DemoGuest]:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            await tasks.start(run, guest)
            yield guest
            tasks.cancel_scope.cancel()


async def run(guest: DemoGuest, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    await guest.run(task_status=task_status)


async def read_to(client: SocketStream, mark: bytes) -> bytes:
    heard = b""
    while mark not in heard:
        heard += await client.receive()
    return heard


async def read_to_end(client: SocketStream) -> bytes:
    heard = b""
    while True:
        try:
            heard += await client.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return heard


async def until(claim: Callable[[], bool]) -> None:
    while not claim():
        await anyio.sleep(0.001)


async def test_client_hears_the_script(short_folder: Path) -> None:
    guest = DemoGuest(short_folder / "g.sock", says(b"one ", b"two ", b"three"), wait=True)
    async with running(guest), await anyio.connect_unix(guest.path) as client:
        assert await read_to(client, b"three") == b"one two three"


async def test_what_is_said_without_a_client_is_gone(short_folder: Path) -> None:
    said = anyio.Event()

    def script() -> Iterator[Step]:
        yield Say(0.0, b"early ")
        said.set()
        while True:
            yield Say(0.001, b"late ")

    guest = DemoGuest(short_folder / "g.sock", script)
    async with running(guest):
        await said.wait()
        async with await anyio.connect_unix(guest.path) as client:
            assert (await client.receive()).startswith(b"late")


async def test_second_client_waits_and_is_served_when_the_first_leaves(
    short_folder: Path,
) -> None:
    guest = DemoGuest(short_folder / "g.sock", counts, wait=True)
    async with running(guest):
        first = await anyio.connect_unix(guest.path)
        async with await anyio.connect_unix(guest.path) as second:
            await read_to(first, b"\n20\n")
            with anyio.move_on_after(0.05) as patience:
                await second.receive()
            assert patience.cancelled_caught
            await first.aclose()
            numbers = [int(word) for word in (await read_to(second, b"\n")).split()]
            assert numbers[0] > 20


async def test_client_that_hangs_up_is_replaced_by_the_next(short_folder: Path) -> None:
    guest = DemoGuest(short_folder / "g.sock", counts)
    async with running(guest):
        for _ in range(3):
            client = await anyio.connect_unix(guest.path)
            await read_to(client, b"\n")
            assert guest.is_attached
            await client.aclose()
            await until(lambda: not guest.is_attached)


async def test_stalled_client_holds_up_its_own_guest_only_and_loses_nothing(
    short_folder: Path,
) -> None:
    stalled = DemoGuest(short_folder / "a.sock", shouts, wait=True)
    other = DemoGuest(short_folder / "b.sock", counts, wait=True)
    async with (
        running(stalled),
        running(other),
        await anyio.connect_unix(stalled.path) as sleeper,
        await anyio.connect_unix(other.path) as client,
    ):
        await read_to(client, b"\n300\n")
        rows = (await read_to(sleeper, b"1023")).split(b"\n")
    assert [int(row[:4]) for row in rows if row] == list(range(1024))


async def test_stalled_client_that_leaves_sets_its_guest_free(short_folder: Path) -> None:
    def script() -> Iterator[Step]:
        yield Say(0.0, b"x" * 4_000_000)
        yield from counts()

    guest = DemoGuest(short_folder / "g.sock", script, wait=True)
    async with running(guest):
        stalled = await anyio.connect_unix(guest.path)
        await stalled.receive(1)
        await stalled.aclose()
        async with await anyio.connect_unix(guest.path) as client:
            await read_to(client, b"7\n")


async def test_typed_input_is_taken_and_dropped(short_folder: Path) -> None:
    guest = DemoGuest(short_folder / "g.sock", counts)
    async with running(guest), await anyio.connect_unix(guest.path) as client:
        await client.send(b"y" * 2_000_000)
        assert b"y" not in await read_to(client, b"\n")


async def test_reboot_ends_the_client_and_binds_a_new_socket(short_folder: Path) -> None:
    guest = DemoGuest(short_folder / "g.sock", counts)
    async with running(guest):
        client = await anyio.connect_unix(guest.path)
        queued = await anyio.connect_unix(guest.path)
        await read_to(client, b"\n")
        # The old socket's inode may be given out again: its birth tells them apart.
        before = guest.path.stat()
        guest.reboot()
        assert guest.path.stat().st_ctime_ns != before.st_ctime_ns
        await read_to_end(client)
        await read_to_end(queued)
        await client.aclose()
        await queued.aclose()
        async with await anyio.connect_unix(guest.path) as again:
            await read_to(again, b"\n")


async def test_reboot_in_a_script_takes_the_socket_away_for_a_while(short_folder: Path) -> None:
    steps: list[Step] = [Say(0.0, b"first"), Reboot(0.0, 0.2), Say(0.0, b"second")]
    guest = DemoGuest(short_folder / "g.sock", lambda: iter(steps), wait=True)
    async with running(guest):
        async with await anyio.connect_unix(guest.path) as client:
            assert await read_to_end(client) == b"first"
            assert not guest.path.exists()
        await until(guest.path.exists)
        async with await anyio.connect_unix(guest.path) as client:
            assert await read_to(client, b"second") == b"second"


async def test_reboot_is_not_held_up_by_a_stalled_client(short_folder: Path) -> None:
    guest = DemoGuest(short_folder / "g.sock", says(b"x" * 4_000_000), wait=True)
    async with running(guest), await anyio.connect_unix(guest.path) as stalled:
        await stalled.receive(1)
        guest.reboot()
        assert len(await read_to_end(stalled)) < 4_000_000


async def test_guest_that_is_cancelled_leaves_no_socket(short_folder: Path) -> None:
    guest = DemoGuest(short_folder / "g.sock", counts)
    async with running(guest):
        client = await anyio.connect_unix(guest.path)
        await read_to(client, b"\n")
    assert not guest.path.exists()
    async with client:
        await read_to_end(client)


async def test_script_that_ends_leaves_a_silent_guest(short_folder: Path) -> None:
    guest = DemoGuest(short_folder / "g.sock", says(b"last words"), wait=True)
    async with running(guest):
        async with await anyio.connect_unix(guest.path) as client:
            await read_to(client, b"last words")
            with anyio.move_on_after(0.05) as patience:
                await client.receive()
            assert patience.cancelled_caught
        await until(lambda: not guest.is_attached)
        async with await anyio.connect_unix(guest.path):
            await until(lambda: guest.is_attached)


async def test_script_is_played_at_its_pace(short_folder: Path) -> None:
    steps = [Say(0.05, b"."), Say(0.05, b"."), Say(0.1, b"!")]
    guest = DemoGuest(short_folder / "g.sock", lambda: iter(steps), wait=True, pace=0.5)
    async with running(guest), await anyio.connect_unix(guest.path) as client:
        begin = anyio.current_time()
        await read_to(client, b"!")
        assert anyio.current_time() - begin >= 0.09


async def test_pace_zero_plays_without_delays(short_folder: Path) -> None:
    steps = [Say(3600.0, b"."), Say(3600.0, b"!")]
    guest = DemoGuest(short_folder / "g.sock", lambda: iter(steps), wait=True, pace=0)
    async with running(guest), await anyio.connect_unix(guest.path) as client:
        assert await read_to(client, b"!") == b".!"


async def test_socket_is_for_its_owner_only(short_folder: Path) -> None:
    async with running(DemoGuest(short_folder / "g.sock", counts)) as guest:
        assert guest.path.stat().st_mode & 0o777 == 0o600


async def test_socket_left_behind_is_replaced(short_folder: Path) -> None:
    path = short_folder / "g.sock"
    async with await anyio.create_unix_listener(path):
        pass
    assert path.is_socket()
    async with running(DemoGuest(path, counts)), await anyio.connect_unix(path) as client:
        await read_to(client, b"\n")


async def test_something_else_at_the_path_is_left_alone(short_folder: Path) -> None:
    path = short_folder / "g.sock"
    path.write_text("precious")
    with pytest.raises(DemoError, match=r"g\.sock"):
        await DemoGuest(path, counts).run()
    assert path.read_text() == "precious"


async def test_path_too_long_for_a_socket_is_explained(short_folder: Path) -> None:
    path = short_folder / ("x" * MAX_PATH_BYTES)
    with pytest.raises(DemoError, match="longer than 107 bytes") as caught:
        await DemoGuest(path, counts).run()
    assert "TMPDIR" in caught.value.hint
