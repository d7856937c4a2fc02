"""What the in-memory console plays beyond the conformance suite."""

from __future__ import annotations

import os
from contextlib import closing

import pytest

from core.endpoints import MemoryEndpoint
from core.errors import ConsoleRefused


@pytest.mark.anyio
async def test_bytes_printed_to_nobody_are_gone() -> None:
    endpoint = MemoryEndpoint()
    endpoint.guest.write(b"before")
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        endpoint.guest.write(b"after")
        assert console.read_nowait() == b"after"


@pytest.mark.anyio
async def test_bytes_printed_while_all_clients_wait_are_gone() -> None:
    endpoint = MemoryEndpoint()
    endpoint.guest.accepts = False
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        endpoint.guest.write(b"before")
        assert console.is_accepted() is False
        endpoint.guest.accepts = True
        endpoint.guest.write(b"after")
        assert console.is_accepted() is True
        assert console.read_nowait() == b"after"


@pytest.mark.anyio
async def test_kernel_that_cannot_tell_still_serves() -> None:
    endpoint = MemoryEndpoint()
    endpoint.guest.accepts = None
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        endpoint.guest.write(b"served")
        assert console.is_accepted() is None
        assert console.read_nowait() == b"served"


@pytest.mark.anyio
async def test_guest_may_stop_refusing() -> None:
    endpoint = MemoryEndpoint()
    endpoint.guest.is_refusing = True
    with closing(endpoint.pin()) as pin:
        with pytest.raises(ConsoleRefused):
            await endpoint.connect(pin)
        endpoint.guest.is_refusing = False
        (await endpoint.connect(pin)).close()


def test_two_guests_have_no_life_in_common() -> None:
    with closing(MemoryEndpoint().pin()) as one, closing(MemoryEndpoint().pin()) as other:
        assert one.key != other.key


@pytest.mark.anyio
async def test_what_the_client_writes_harms_nobody() -> None:
    endpoint = MemoryEndpoint()
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        os.write(console.fileno(), b"typed")
        endpoint.guest.write(b"answer")
        assert console.read_nowait() == b"answer"
