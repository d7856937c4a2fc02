"""TCP consoles: why an address is not reached, in words, and what a connection is set to."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing

import pytest

from core.clock import boot_id
from core.endpoints.inet_diag import listener_at
from core.endpoints.stream import connect_within
from core.endpoints.stream_trouble import over_tcp, while_resolving
from core.endpoints.tcp import TcpEndpoint
from core.endpoints.trouble import broken
from core.errors import ConsoleError, ConsoleForbidden, ConsoleRefused
from tests.core.endpoints.sites import MemorySite, open_descriptors
from tests.core.endpoints.sites_stream import free_port, listen_tcp


@pytest.mark.parametrize(
    ("number", "kind", "words", "remedy"),
    [
        (errno.ECONNREFUSED, ConsoleRefused, "Nobody listens on h:1", "server=on,wait=off"),
        (errno.ECONNRESET, ConsoleRefused, "h:1 dropped the connection", "ss -tlnp"),
        (errno.ETIMEDOUT, ConsoleError, "h:1 did not answer within 2 s", "firewall"),
        (errno.EHOSTUNREACH, ConsoleError, "No way leads to h:1: No route", "ip route get"),
        (errno.ENETUNREACH, ConsoleError, "No way leads to h:1", "ip route get"),
        (errno.EACCES, ConsoleForbidden, "Cannot connect to h:1", "firewall"),
        (errno.EMFILE, ConsoleError, "Too many open files", "ulimit -n"),
        (errno.EIO, ConsoleError, "Cannot connect to h:1: Input/output error", ""),
    ],
)
def test_kernels_answer_is_told_with_its_remedy(
    number: int, kind: type[ConsoleError], words: str, remedy: str
) -> None:
    told = over_tcp(OSError(number, os.strerror(number)), "h:1", 2.0)
    assert type(told) is kind
    assert words in str(told)
    assert remedy in told.hint
    assert told.errno == number


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (socket.EAI_NONAME, "No host is named vm1"),
        (socket.EAI_AGAIN, "no name server answers"),
        (socket.EAI_FAIL, "Cannot look up the name vm1: it failed"),
    ],
)
def test_name_that_leads_nowhere_is_told_with_a_remedy(number: int, words: str) -> None:
    told = while_resolving(socket.gaierror(number, "it failed"), "vm1")
    assert words in str(told)
    assert told.hint


@pytest.mark.anyio
async def test_name_that_is_none_is_told_by_the_real_resolver() -> None:
    endpoint = TcpEndpoint("no-such-host.invalid", 4555)
    with closing(endpoint.pin()) as pin, pytest.raises(ConsoleError, match="no-such-host"):
        await endpoint.connect(pin, timeout_s=10)


@pytest.mark.anyio
async def test_every_address_of_a_name_is_tried() -> None:
    """Of localhost's two only one is listened on, whichever is tried first."""
    for host in ("127.0.0.1", "::1"):
        with closing(listen_tcp(host)) as listener:
            endpoint = TcpEndpoint("localhost", listener.getsockname()[1])
            with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
                assert console.is_accepted() is False
                listener.accept()[0].close()


@pytest.mark.anyio
async def test_name_is_looked_up() -> None:
    """127.1 is no address to us, but one to every resolver, and needs no name server."""
    with closing(listen_tcp("127.0.0.1")) as listener:
        endpoint = TcpEndpoint("127.1", listener.getsockname()[1])
        with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
            assert console.is_accepted() is False
            listener.accept()[0].close()


@pytest.mark.anyio
async def test_dead_host_is_noticed_by_keepalive() -> None:
    with closing(listen_tcp("127.0.0.1")) as listener:
        endpoint = TcpEndpoint("127.0.0.1", listener.getsockname()[1])
        with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
            again = socket.socket(fileno=os.dup(console.fileno()))
            with again:
                assert again.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                idle = again.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
                every = again.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
                probes = again.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
            assert idle + every * probes <= 30


def test_host_that_keepalive_found_dead_is_told_in_words() -> None:
    told = broken(OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)), "192.0.2.1:4555")
    assert "192.0.2.1:4555 answers no more" in str(told)
    assert told.hint


@pytest.mark.anyio
async def test_silence_where_the_queue_cannot_be_seen_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        at = listener.getsockname()
        with socket.create_connection(at), socket.socket() as client:
            client.setblocking(False)
            with pytest.raises(TimeoutError):
                await connect_within(client, at, 0.2)


@pytest.mark.anyio
async def test_listener_bound_between_look_and_connection_is_another_life() -> None:
    port = free_port()
    endpoint = TcpEndpoint("127.0.0.1", port)
    with closing(endpoint.pin()) as pin:
        assert pin.is_current()
        with closing(listen_tcp("127.0.0.1", port)):
            assert not pin.is_current()
            before = open_descriptors()
            with pytest.raises(ConsoleRefused, match="does so no more"):
                await endpoint.connect(pin)
            assert open_descriptors() == before


def test_key_names_boot_address_and_listener_and_lasts_over_a_restart_of_capture() -> None:
    with closing(listen_tcp("::1")) as listener:
        port = listener.getsockname()[1]
        found = listener_at("::1", port)
        assert found is not None
        key = f"{boot_id()}:[::1]:{port}:{found.cookie:x}"
        assert TcpEndpoint("::1", port).pin().key == key
    assert TcpEndpoint("::1", port).pin().key == f"{boot_id()}:[::1]:{port}"


def test_pin_of_another_machine_is_its_address() -> None:
    pin = TcpEndpoint("192.0.2.1", 4555).pin()
    assert pin.key == f"{boot_id()}:192.0.2.1:4555"
    assert pin.is_current()


@pytest.mark.anyio
async def test_pin_of_another_transport_is_a_mistake_of_the_caller() -> None:
    with closing(MemorySite().endpoint.pin()) as pin, pytest.raises(TypeError):
        await TcpEndpoint("127.0.0.1", 1).connect(pin)
