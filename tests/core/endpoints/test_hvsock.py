"""Hybrid vsock: what is said to the VMM, what it may answer, and what is the guest's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.endpoints import Console
from core.endpoints.hvsock import MAX_REPLY_BYTES, HvsockEndpoint, OkLine
from core.errors import ConsoleError, ConsoleRefused
from tests.core.endpoints.sites import MemorySite, listen, open_descriptors


class Vmm:
    """A VMM that says what it is told to say."""

    def __init__(self, path: Path) -> None:
        self.listener = listen(path)
        self.endpoint = HvsockEndpoint(str(path), 1026)
        self.client: socket.socket | None = None

    def take(self) -> socket.socket:
        """The client, whose line has been read."""
        if self.client is None:
            self.client, _ = self.listener.accept()
        return self.client

    async def connect(self, *said: bytes, then_close: bool = False) -> Console:
        """Connect, while the VMM says each of `said` when the one before was taken in."""
        async with anyio.create_task_group() as tasks:
            caught: list[ConsoleError] = []
            console: list[Console] = []

            async def dial() -> None:
                try:
                    with closing(self.endpoint.pin()) as pin:
                        console.append(await self.endpoint.connect(pin, timeout_s=10))
                except ConsoleError as error:
                    caught.append(error)

            tasks.start_soon(dial)
            await anyio.wait_readable(self.listener.fileno())
            client = self.take()
            client.setblocking(False)
            await anyio.wait_readable(client.fileno())
            assert client.recv(100) == b"CONNECT 1026\n"
            for piece in said:
                client.send(piece)
                for _ in range(5):
                    await anyio.lowlevel.checkpoint()
            if then_close:
                client.close()
        if caught:
            raise caught[0]
        return console[0]

    def close(self) -> None:
        self.listener.close()
        if self.client is not None:
            self.client.close()


@pytest.fixture
def vmm(folder: Path) -> Iterator[Vmm]:
    with closing(Vmm(folder / "vm.vsock")) as vmm:
        yield vmm


@pytest.mark.anyio
async def test_ok_lets_the_console_begin_and_its_port_may_be_any(vmm: Vmm) -> None:
    with closing(await vmm.connect(b"OK 1073741824\n")) as console:
        assert console.is_accepted() is True
        with pytest.raises(BlockingIOError):
            console.read_nowait()
        vmm.take().send(b"# ")
        assert console.read_nowait() == b"# "


@pytest.mark.anyio
async def test_port_that_comes_back_is_as_good(vmm: Vmm) -> None:
    (await vmm.connect(b"OK 1026\n")).close()


@pytest.mark.anyio
async def test_ok_may_come_byte_by_byte(vmm: Vmm) -> None:
    line = b"OK 1073741825\n"
    pieces = [line[at : at + 1] for at in range(len(line))]
    with closing(await vmm.connect(*pieces)) as console:
        vmm.take().send(b"guest")
        assert console.read_nowait() == b"guest"


@pytest.mark.anyio
async def test_guest_bytes_in_the_segment_of_ok_are_not_swallowed(vmm: Vmm) -> None:
    with closing(await vmm.connect(b"OK 7\nOK 8\nbash-5.2# ")) as console:
        assert console.read_nowait() == b"OK 8\nbash-5.2# "


@pytest.mark.anyio
@pytest.mark.parametrize("said", [(), (b"OK 10",)], ids=["at once", "in the middle"])
async def test_close_before_ok_means_that_nobody_listens_in_the_guest(
    vmm: Vmm, said: tuple[bytes, ...]
) -> None:
    with pytest.raises(ConsoleRefused, match="Nobody listens on port 1026 in the guest") as caught:
        await vmm.connect(*said, then_close=True)
    assert caught.value.path
    assert "debug_console_enabled" in caught.value.hint


@pytest.mark.anyio
async def test_reset_before_ok_means_the_same(vmm: Vmm) -> None:
    async with anyio.create_task_group() as tasks:

        async def dial() -> None:
            with (
                closing(vmm.endpoint.pin()) as pin,
                pytest.raises(ConsoleRefused, match="port 1026 in the guest"),
            ):
                await vmm.endpoint.connect(pin, timeout_s=10)

        tasks.start_soon(dial)
        await anyio.wait_readable(vmm.listener.fileno())
        # Whoever is in the queue of a listener that closes is reset.
        vmm.listener.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "said",
    [b"\n", b"ok 7\n", b"OK\n", b"OK x\n", b"OK 7 \n", b"OK -7\n", b"HTTP/1.1 400\r\n", b"x" * 99],
)
async def test_anything_but_ok_is_no_hybrid_vsock_and_says_what_to_name(
    vmm: Vmm, said: bytes
) -> None:
    before = open_descriptors()
    with pytest.raises(ConsoleError, match="speaks no hybrid vsock") as caught:
        await vmm.connect(said)
    assert "uds_path" in caught.value.hint
    assert open_descriptors() == before + 1  # the VMM's


@pytest.mark.anyio
async def test_bytes_that_trickle_in_do_not_move_the_deadline(vmm: Vmm) -> None:
    """One byte every tenth of the time: each is in time, the line is not."""
    async with anyio.create_task_group() as tasks:

        async def trickle() -> None:
            await anyio.wait_readable(vmm.listener.fileno())
            client = vmm.take()
            for number in range(MAX_REPLY_BYTES - 1):
                client.send(b"O" if number == 0 else b"K")
                await anyio.sleep(0.05)

        tasks.start_soon(trickle)
        with (
            closing(vmm.endpoint.pin()) as pin,
            pytest.raises(ConsoleError, match=r"did not say within 0\.5 s") as caught,
        ):
            await vmm.endpoint.connect(pin, timeout_s=0.5)
        assert vmm.take().recv(100) == b"CONNECT 1026\n"
        tasks.cancel_scope.cancel()
    assert "paused" in caught.value.hint


@pytest.mark.anyio
async def test_cancelled_connect_has_sent_its_line_whole_and_leaves_no_descriptor(vmm: Vmm) -> None:
    before = open_descriptors()
    async with anyio.create_task_group() as tasks:

        async def dial() -> None:
            with closing(vmm.endpoint.pin()) as pin:
                await vmm.endpoint.connect(pin)

        tasks.start_soon(dial)
        await anyio.wait_readable(vmm.listener.fileno())
        tasks.cancel_scope.cancel()
    assert open_descriptors() == before
    assert vmm.take().recv(100) in (b"CONNECT 1026\n", b"")


@pytest.mark.anyio
async def test_pin_of_another_transport_is_a_mistake_of_the_caller(vmm: Vmm) -> None:
    with closing(MemorySite().endpoint.pin()) as pin, pytest.raises(TypeError):
        await vmm.endpoint.connect(pin)


def taken_in(data: bytes) -> tuple[int | None, bytes]:
    """The port, and what stayed behind."""
    line = OkLine()
    for at in range(len(data)):
        if line.take(data[at : at + 1]):
            return line.port, data[at + 1 :]
    return None, b""


@given(st.integers(0, 2**32 - 1), st.binary(max_size=50))
@example(0, b"\n")
def test_every_port_is_read_and_nothing_behind_it(port: int, guest: bytes) -> None:
    assert taken_in(b"OK %d\n" % port + guest) == (port, guest)


@given(st.binary(max_size=80))
@example(b"OK 123456789012345678901234567890\n")
@example(b"OK 12345678901\n")
@example(b"\nOK 7\n")
def test_no_other_line_is_ok_and_none_is_read_for_ever(said: bytes) -> None:
    line = OkLine()
    try:
        for at in range(len(said)):
            if line.take(said[at : at + 1]):
                break
    except ValueError:
        assert line.port is None
    assert len(line.said) <= MAX_REPLY_BYTES
    if line.port is not None:
        assert line.said.startswith(b"OK ")
        assert int(line.said[3:]) == line.port
