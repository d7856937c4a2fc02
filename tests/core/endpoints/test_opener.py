"""The default opener: a console read into a sink until it ends or nobody wants it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.endpoints import MemoryEndpoint, open_console, open_endpoint
from core.endpoints.opener import TURN_BYTES
from core.errors import ConsoleAbsent, ConsoleBroken, ConsoleError, UnknownConsoleProto
from tests.core.endpoints.sites import UnixSite, listen, open_descriptors


class Sink:
    """Keeps what it is told, and can be waited on."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ends: list[ConsoleError | None] = []
        self.ended = anyio.Event()
        self.descriptors_at_end = 0
        self._heard = anyio.Event()

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    def feed(self, data: bytes) -> None:
        assert data
        assert not self.ends
        self.pieces.append(data)
        self._heard.set()

    def end(self, error: ConsoleError | None) -> None:
        self.ends.append(error)
        self.descriptors_at_end = open_descriptors()
        self.ended.set()

    async def until(self, data: bytes) -> None:
        with anyio.fail_after(10):
            while self.data != data:
                self._heard = anyio.Event()
                await self._heard.wait()


def is_being_read(endpoint: MemoryEndpoint) -> bool:
    return any(task.name == f"console {endpoint.url}" for task in anyio.get_running_tasks())


@pytest.fixture
def site(folder: Path) -> Iterator[UnixSite]:
    site = UnixSite(folder / "console.sock")
    yield site
    site.close()


@pytest.mark.anyio
async def test_sink_hears_every_byte_then_the_end_once(site: UnixSite, folder: Path) -> None:
    sink = Sink()
    before = open_descriptors()
    async with anyio.create_task_group() as tasks:
        watch = await open_console(f"unix:{folder}/console.sock", sink, tasks)
        site.write(b"Linux version 6.1\r\n")
        await sink.until(b"Linux version 6.1\r\n")
        site.write(b"login: ")
        await sink.until(b"Linux version 6.1\r\nlogin: ")
        site.hang_up()
        with anyio.fail_after(10):
            await sink.ended.wait()
        await watch.aclose()
    assert sink.ends == [None]
    assert sink.data == b"Linux version 6.1\r\nlogin: "
    assert open_descriptors() == before


@pytest.mark.anyio
async def test_console_is_closed_before_the_sink_hears_of_its_end() -> None:
    sink = Sink()
    endpoint = MemoryEndpoint()
    before = open_descriptors()
    async with anyio.create_task_group() as tasks:
        await open_endpoint(endpoint, sink, tasks)
        endpoint.guest.hang_up()
    # On asyncio and trio alike the selector has been opened before.
    assert sink.descriptors_at_end == before


@pytest.mark.anyio
async def test_failure_is_told_as_the_end(folder: Path) -> None:
    sink = Sink()
    listener = listen(folder / "console.sock")
    async with anyio.create_task_group() as tasks:
        await open_console(str(folder / "console.sock"), sink, tasks)
        await anyio.lowlevel.checkpoint()
        listener.close()
        with anyio.fail_after(10):
            await sink.ended.wait()
    assert [type(end) for end in sink.ends] == [ConsoleBroken]


@pytest.mark.anyio
async def test_console_that_cannot_be_opened_raises_and_the_sink_hears_nothing(
    folder: Path,
) -> None:
    sink = Sink()
    before = open_descriptors()
    async with anyio.create_task_group() as tasks:
        with pytest.raises(ConsoleAbsent):
            await open_console(str(folder / "console.sock"), sink, tasks)
        with pytest.raises(UnknownConsoleProto):
            await open_console("ftp:/dev/pts/0", sink, tasks)
    assert sink.pieces == []
    assert sink.ends == []
    assert open_descriptors() == before


@pytest.mark.anyio
async def test_socket_bound_for_nobody_is_unbound_again(folder: Path) -> None:
    sink = Sink()
    before = open_descriptors()
    async with anyio.create_task_group() as tasks:
        with pytest.raises(ConsoleAbsent, match="No VMM has dialed"):
            await open_console(f"listen:{folder}/dialed.sock", sink, tasks)
    assert not sink.ends
    assert open_descriptors() == before
    assert not (folder / "dialed.sock").exists()


@pytest.mark.anyio
async def test_closed_watch_says_no_more_and_frees_its_descriptor() -> None:
    sink = Sink()
    endpoint = MemoryEndpoint()
    async with anyio.create_task_group() as tasks:
        before = open_descriptors()
        watch = await open_endpoint(endpoint, sink, tasks)
        endpoint.guest.write(b"heard")
        await sink.until(b"heard")
        assert is_being_read(endpoint)
        endpoint.guest.write(b"not heard")
        await watch.aclose()
        assert not is_being_read(endpoint)
        assert open_descriptors() == before
        endpoint.guest.hang_up()
        await watch.aclose()
    assert sink.data == b"heard"
    assert sink.ends == []
    assert endpoint.guest.clients == 0


@pytest.mark.anyio
async def test_watch_closed_before_it_read_anything_is_closed() -> None:
    sink = Sink()
    endpoint = MemoryEndpoint()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            watch = await open_endpoint(endpoint, sink, tasks)
            endpoint.guest.write(b"not heard")
            await watch.aclose()
    assert sink.pieces == []
    assert sink.ends == []
    assert endpoint.guest.clients == 0


@pytest.mark.anyio
async def test_watch_closed_by_many_at_once_is_closed_for_all() -> None:
    sink = Sink()
    endpoint = MemoryEndpoint()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            watch = await open_endpoint(endpoint, sink, tasks)
            async with anyio.create_task_group() as closers:
                for _ in range(5):
                    closers.start_soon(watch.aclose)
    assert endpoint.guest.clients == 0


@pytest.mark.anyio
async def test_watch_is_closed_in_a_cancelled_scope_too() -> None:
    endpoint = MemoryEndpoint()
    async with anyio.create_task_group() as tasks:
        watch = await open_endpoint(endpoint, Sink(), tasks)
        await anyio.lowlevel.checkpoint()
        with anyio.CancelScope() as scope:
            scope.cancel()
            await watch.aclose()
            assert not is_being_read(endpoint)
            assert endpoint.guest.clients == 0
        assert not scope.cancelled_caught


@pytest.mark.anyio
async def test_cancelled_group_closes_the_console_without_a_word() -> None:
    sink = Sink()
    endpoint = MemoryEndpoint()
    before = open_descriptors()
    async with anyio.create_task_group() as tasks:
        watch = await open_endpoint(endpoint, sink, tasks)
        endpoint.guest.write(b"heard")
        await sink.until(b"heard")
        tasks.cancel_scope.cancel()
    assert sink.ends == []
    assert open_descriptors() == before
    with anyio.fail_after(10):
        await watch.aclose()


@pytest.mark.anyio
async def test_watch_whose_group_was_cancelled_at_once_is_closed() -> None:
    endpoint = MemoryEndpoint()
    async with anyio.create_task_group() as tasks:
        watch = await open_endpoint(endpoint, Sink(), tasks)
        tasks.cancel_scope.cancel()
    with anyio.fail_after(10):
        await watch.aclose()
    assert endpoint.guest.clients == 0


@pytest.mark.anyio
async def test_finished_group_opens_nothing() -> None:
    endpoint = MemoryEndpoint()
    async with anyio.create_task_group() as tasks:
        pass
    before = open_descriptors()
    with pytest.raises(RuntimeError):
        await open_endpoint(endpoint, Sink(), tasks)
    assert endpoint.guest.clients == 0
    assert open_descriptors() == before


@pytest.mark.anyio
async def test_flooding_console_gives_way_to_other_tasks() -> None:
    flood = random.Random(3).randbytes(16 * TURN_BYTES)
    sink = Sink()
    endpoint = MemoryEndpoint()
    most = 0
    async with anyio.create_task_group() as tasks:
        await open_endpoint(endpoint, sink, tasks)
        endpoint.guest.write(flood)
        endpoint.guest.hang_up()
        seen = 0
        with anyio.fail_after(30):
            while not sink.ends:
                await anyio.lowlevel.checkpoint()
                now = sum(map(len, sink.pieces))
                most = max(most, now - seen)
                seen = now
    assert sink.data == flood
    # A turn may end in the middle of a read, and one of trio's rounds may hold two turns.
    assert most <= 3 * TURN_BYTES


@pytest.mark.anyio
async def test_descriptor_number_used_again_is_not_read_by_the_old_watch() -> None:
    sinks = [Sink() for _ in range(20)]
    endpoint = MemoryEndpoint()
    async with anyio.create_task_group() as tasks:
        for number, sink in enumerate(sinks):
            watch = await open_endpoint(endpoint, sink, tasks)
            endpoint.guest.write(b"%d" % number)
            await sink.until(b"%d" % number)
            await watch.aclose()
    assert [sink.data for sink in sinks] == [b"%d" % n for n in range(20)]


@pytest.mark.anyio
async def test_console_that_hangs_up_at_once_ends_at_once(folder: Path) -> None:
    sink = Sink()
    with closing(listen(folder / "console.sock")) as listener:
        async with anyio.create_task_group() as tasks:
            await open_console(str(folder / "console.sock"), sink, tasks)
            listener.accept()[0].close()
            with anyio.fail_after(10):
                await sink.ended.wait()
    assert sink.ends == [None]
