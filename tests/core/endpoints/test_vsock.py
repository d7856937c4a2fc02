"""vsock: why it does not lead to a guest, in words."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing

import anyio
import pytest

from core.clock import boot_id
from core.endpoints.stream_trouble import over_vsock
from core.endpoints.vsock import VsockEndpoint
from core.errors import ConsoleError, ConsoleForbidden, ConsoleRefused
from tests.core.endpoints.sites import MemorySite, open_descriptors

NO_SUCH_GUEST = 0xFFFFFF00


@pytest.mark.parametrize(
    ("number", "kind", "words", "remedy"),
    [
        (errno.EAFNOSUPPORT, ConsoleError, "This kernel has no vsock", "modprobe vhost_vsock"),
        (errno.ENODEV, ConsoleError, "No vsock leads to context id 3", "modprobe vhost_vsock"),
        (errno.EADDRNOTAVAIL, ConsoleError, "No vsock leads to", "modprobe vsock_loopback"),
        (errno.ENETUNREACH, ConsoleError, "No vsock leads to", "vhost-vsock-pci"),
        (errno.ECONNRESET, ConsoleRefused, "Nobody listens on vsock port 1026", "debug_console"),
        (errno.ECONNREFUSED, ConsoleRefused, "Nobody listens on", "debug_console_enabled"),
        (errno.ETIMEDOUT, ConsoleError, "Nothing answers on vsock port 1026", "guest-cid="),
        (errno.EACCES, ConsoleForbidden, "Cannot connect to vsock port 1026", "SELinux"),
        (errno.EMFILE, ConsoleError, "Too many open files", "ulimit -n"),
        (errno.EIO, ConsoleError, "Input/output error", ""),
    ],
)
def test_kernels_answer_is_told_with_its_remedy(
    number: int, kind: type[ConsoleError], words: str, remedy: str
) -> None:
    told = over_vsock(OSError(number, os.strerror(number)), 3, 1026, 2.0)
    assert type(told) is kind
    assert words in str(told)
    assert remedy in told.hint
    assert told.errno == number


@pytest.mark.anyio
async def test_guest_that_is_not_there_is_told_by_the_real_kernel_in_time() -> None:
    """Whether this machine has no vsock, no way to guests, or no such guest."""
    endpoint = VsockEndpoint(NO_SUCH_GUEST, 1026)
    before = open_descriptors()
    with (
        closing(endpoint.pin()) as pin,
        anyio.fail_after(20),
        pytest.raises(ConsoleError) as caught,
    ):
        await endpoint.connect(pin, timeout_s=0.5)
    assert caught.value.errno in (
        errno.EAFNOSUPPORT,
        errno.ENODEV,
        errno.EADDRNOTAVAIL,
        errno.ENETUNREACH,
        errno.ETIMEDOUT,
        errno.ECONNRESET,
    )
    assert caught.value.hint
    assert open_descriptors() == before


@pytest.mark.anyio
async def test_kernel_without_the_family_is_told_in_words() -> None:
    """A family that no kernel has stands for vsock where the kernel lacks that."""

    def dial(cid: int, port: int) -> tuple[socket.socket, tuple[int, int]]:
        return socket.socket(250, socket.SOCK_STREAM), (cid, port)

    endpoint = VsockEndpoint(3, 1026, dial=dial)
    with closing(endpoint.pin()) as pin, pytest.raises(ConsoleError, match="no vsock") as caught:
        await endpoint.connect(pin)
    assert caught.value.errno == errno.EAFNOSUPPORT


@pytest.mark.anyio
async def test_guest_that_does_not_answer_is_given_up_at_the_deadline() -> None:
    """A TCP listener whose queue is full answers nothing, as such a guest does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        at = listener.getsockname()
        with socket.create_connection(at):
            endpoint = VsockEndpoint(3, 1026, dial=lambda cid, port: (socket.socket(), at))
            before = open_descriptors()
            began = anyio.current_time()
            with closing(endpoint.pin()) as pin, pytest.raises(ConsoleError, match="Nothing ans"):
                await endpoint.connect(pin, timeout_s=0.2)
            assert anyio.current_time() - began >= 0.2
            assert open_descriptors() == before


@pytest.mark.anyio
async def test_pin_of_another_transport_is_a_mistake_of_the_caller() -> None:
    with closing(MemorySite().endpoint.pin()) as pin, pytest.raises(TypeError):
        await VsockEndpoint(3, 1026).connect(pin)


def test_pin_is_the_address_until_it_is_closed() -> None:
    pin = VsockEndpoint(3, 1026).pin()
    assert pin.key == f"{boot_id()}:vsock:3:1026"
    assert pin.is_current()
    pin.close()
    assert not pin.is_current()
