"""What every endpoint has to do. A transport's test class derives from it and gives a `site`.

What a transport has, `TRAITS` says; a test of what it has not is none of its tests.
"""

from __future__ import annotations

import enum
import os
import random
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import ClassVar, TypeVar

import anyio
import anyio.lowlevel
import pytest

from core.endpoints import Console
from core.errors import (
    ConsoleAbsent,
    ConsoleBroken,
    ConsoleBusy,
    ConsoleError,
    ConsoleRefused,
)
from tests.core.endpoints.sites import Site, open_descriptors


class Trait(enum.Enum):
    """What not every transport has."""

    PID = "the process at the other end is known"
    QUEUE = "clients wait in a queue, and the kernel shows whether one is still in it"
    LIVES = "what appears at the same address later is told from what was there"
    ABSENCE = "that nothing is there is told by a look"
    REFUSAL = "there may be something that takes no connection"


PID, QUEUE, LIVES, ABSENCE, REFUSAL = Trait

TRAITS = {
    "unix": {PID, QUEUE, LIVES, ABSENCE, REFUSAL},
    "memory": {PID, QUEUE, LIVES, ABSENCE, REFUSAL},
    # The VMM takes every connection at once; the guest's answer is waited for.
    "hvsock": {PID, LIVES, ABSENCE, REFUSAL},
    # All of it is in the guest.
    "vsock": {REFUSAL},
    # At a loopback address. A port may be forwarded unseen: only connecting tells.
    "tcp": {QUEUE, LIVES, REFUSAL},
    "telnet": {QUEUE, LIVES, REFUSAL},
    # The VMM connects, so that a connection is there or is not.
    "listen": {PID, LIVES, ABSENCE},
    # Opened, not connected to: whoever writes it is not told of.
    "pty": {LIVES, ABSENCE},
    "file": {LIVES, ABSENCE},
}
"""Which transport has what."""

Test = TypeVar("Test", bound=Callable[..., object])

_needs: dict[str, Trait] = {}


def needs(trait: Trait) -> Callable[[Test], Test]:
    """The test is for transports that have `trait`."""

    def mark(test: Test) -> Test:
        _needs[test.__name__] = trait
        return test

    return mark


def ours(site: Site) -> int:
    """How many descriptors this process has besides the far side's."""
    return open_descriptors() - site.held


async def connect(site: Site, *, timeout_s: float = 2.0) -> Console:
    """A connection to what is at the site's address now."""
    with closing(site.endpoint.pin()) as pin:
        if not site.is_asked:
            return await site.endpoint.connect(pin, timeout_s=timeout_s)
        failure: ConsoleError | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep_pumping, site)
            try:
                console = await site.endpoint.connect(pin, timeout_s=timeout_s)
            except ConsoleError as error:
                failure = error
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return console


async def keep_pumping(site: Site) -> None:
    while True:
        site.pump()
        await anyio.sleep(0.001)


async def read_some(site: Site, console: Console) -> bytes:
    """What one read gives, once there is something."""
    with anyio.fail_after(30):
        while True:
            try:
                return console.read_nowait()
            except BlockingIOError:
                site.pump()
                await anyio.wait_readable(console.fileno())


async def read_to_end(site: Site, console: Console) -> bytes:
    """All that comes before the end of file."""
    pieces: list[bytes] = []
    while piece := await read_some(site, console):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.anyio
class EndpointConformance:
    covered: ClassVar[set[str]] = set()
    """The transports that pass this."""

    def __init_subclass__(cls, *, transport: str) -> None:
        super().__init_subclass__()
        cls.covered.add(transport)
        for name, trait in _needs.items():
            if trait not in TRAITS[transport]:
                setattr(cls, name, None)

    async def test_connection_knows_its_url(self, site: Site) -> None:
        with closing(await connect(site)) as console:
            assert console.url == site.endpoint.url
            assert console.fileno() >= 0

    @needs(PID)
    async def test_connection_knows_who_is_at_the_other_end(self, site: Site) -> None:
        with closing(await connect(site)) as console:
            assert console.peer_pid == os.getpid()

    async def test_bytes_come_as_written_and_in_order(self, site: Site) -> None:
        with closing(await connect(site)) as console:
            site.pump()
            received = b""
            for number in range(100):
                site.write(b"line %d\r\n\x1b[0m\xff\x00" % number)
                received += await read_some(site, console)
            assert received == b"".join(b"line %d\r\n\x1b[0m\xff\x00" % n for n in range(100))

    async def test_silent_console_says_so_and_does_not_block(self, site: Site) -> None:
        with closing(await connect(site)) as console:
            site.pump()
            with pytest.raises(BlockingIOError):
                console.read_nowait()

    async def test_read_gives_at_most_what_was_asked_for(self, site: Site) -> None:
        with closing(await connect(site)) as console:
            site.pump()
            site.write(b"abcdef")
            assert console.read_nowait(4) == b"abcd"
            assert console.read_nowait(4) == b"ef"

    async def test_end_of_file_comes_after_the_last_byte_and_stays(self, site: Site) -> None:
        with closing(await connect(site)) as console:
            site.pump()
            site.write(b"Kernel panic")
            site.hang_up()
            assert await read_to_end(site, console) == b"Kernel panic"
            assert console.read_nowait() == b""

    async def test_ten_megabytes_arrive_byte_for_byte(self, site: Site) -> None:
        sent = random.Random(20240607).randbytes(10_000_000)
        with closing(await connect(site)) as console:
            site.pump()
            site.write(sent)
            site.hang_up()
            assert await read_to_end(site, console) == sent

    async def test_closing_twice_is_harmless_and_leaves_no_descriptor(self, site: Site) -> None:
        before = ours(site)
        console = await connect(site)
        console.close()
        console.close()
        assert console.fileno() == -1
        assert ours(site) == before

    async def test_reading_a_closed_console_is_an_error_of_ours(self, site: Site) -> None:
        console = await connect(site)
        console.close()
        with pytest.raises(ConsoleBroken):
            console.read_nowait()

    @needs(QUEUE)
    async def test_connection_counts_as_accepted_only_once_it_is(self, site: Site) -> None:
        site.set_accepting(False)
        with closing(await connect(site)) as console:
            assert console.is_accepted() is False
            site.set_accepting(True)
            assert console.is_accepted() is True

    async def test_accepted_connection_stays_so_after_the_far_end_left(self, site: Site) -> None:
        with closing(await connect(site)) as console:
            site.pump()
            assert console.is_accepted() is True
            site.hang_up()
            assert await read_to_end(site, console) == b""
            assert console.is_accepted() is True

    @needs(QUEUE)
    async def test_next_in_the_queue_is_served_from_then_on(self, site: Site) -> None:
        with closing(await connect(site)) as first, closing(await connect(site)) as second:
            site.pump()
            site.write(b"for the first")
            assert await read_some(site, first) == b"for the first"
            assert (first.is_accepted(), second.is_accepted()) == (True, False)
            with pytest.raises(BlockingIOError):
                second.read_nowait()
            first.close()
            site.pump()
            site.write(b"for the second")
            assert await read_some(site, second) == b"for the second"
            assert second.is_accepted() is True

    @needs(QUEUE)
    async def test_full_queue_is_busy_at_the_deadline(self, site: Site) -> None:
        site.set_accepting(False)
        with closing(await connect(site)), closing(await connect(site)):
            began = anyio.current_time()
            with pytest.raises(ConsoleBusy):
                await connect(site, timeout_s=0.2)
            assert anyio.current_time() - began >= 0.2

    @needs(QUEUE)
    async def test_full_queue_is_waited_for_until_there_is_room(self, site: Site) -> None:
        site.set_accepting(False)
        with closing(await connect(site)) as first, closing(await connect(site)):
            async with anyio.create_task_group() as tasks:

                async def leave() -> None:
                    await anyio.lowlevel.checkpoint()
                    first.close()
                    site.set_accepting(True)

                tasks.start_soon(leave)
                with anyio.fail_after(10):
                    console = await connect(site, timeout_s=10)
                console.close()

    async def test_pins_of_one_life_have_one_key(self, site: Site) -> None:
        with closing(site.endpoint.pin()) as one, closing(site.endpoint.pin()) as other:
            assert one.key == other.key
            assert one.is_current()
            assert other.is_current()

    @needs(LIVES)
    async def test_rebinding_is_another_life_each_time(self, site: Site) -> None:
        with ExitStack() as held:
            pins = [held.enter_context(closing(site.endpoint.pin()))]
            for _ in range(6):
                site.rebind()
                pins.append(held.enter_context(closing(site.endpoint.pin())))
            assert len({pin.key for pin in pins}) == len(pins)
            assert [pin.is_current() for pin in pins] == [False] * 6 + [True]

    @needs(LIVES)
    async def test_past_life_refuses_and_the_present_one_connects(self, site: Site) -> None:
        with closing(site.endpoint.pin()) as past:
            site.rebind()
            with pytest.raises(ConsoleRefused):
                await site.endpoint.connect(past)
        with closing(await connect(site)) as console:
            site.pump()
            site.write(b"new life")
            assert await read_some(site, console) == b"new life"

    async def test_pin_is_let_go_of_twice_without_harm(self, site: Site) -> None:
        site.endpoint.pin().close()
        before = ours(site)
        pin = site.endpoint.pin()
        pin.close()
        pin.close()
        assert ours(site) == before

    @needs(ABSENCE)
    async def test_absent_console_is_absent(self, site: Site) -> None:
        with closing(site.endpoint.pin()) as pin:
            site.vanish()
            assert not pin.is_current()
        with pytest.raises(ConsoleAbsent):
            site.endpoint.pin()
        before = ours(site)
        with pytest.raises(ConsoleAbsent):
            site.endpoint.pin()
        assert ours(site) == before

    @needs(REFUSAL)
    async def test_console_that_nobody_listens_on_refuses(self, site: Site) -> None:
        site.refuse()
        before = ours(site)
        with pytest.raises(ConsoleRefused):
            await connect(site)
        assert ours(site) == before

    @needs(QUEUE)
    async def test_cancelled_connect_leaves_no_descriptor(self, site: Site) -> None:
        site.set_accepting(False)
        with closing(await connect(site)), closing(await connect(site)):
            before = ours(site)
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(connect, site)
                for _ in range(10):  # each of them is between two tries by then
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
            assert ours(site) == before

    async def test_connect_in_a_cancelled_scope_does_not_connect(self, site: Site) -> None:
        site.endpoint.pin().close()
        before = ours(site)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await connect(site)
        assert scope.cancelled_caught
        assert ours(site) == before

    async def test_closed_endpoint_may_be_closed_again_and_its_consoles_go_on(
        self, site: Site
    ) -> None:
        with closing(await connect(site)) as console:
            site.pump()
            site.endpoint.close()
            site.endpoint.close()
            site.write(b"still here")
            assert await read_some(site, console) == b"still here"
