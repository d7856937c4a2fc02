"""Who is on a console's TCP port of this machine."""

from __future__ import annotations

import socket
import sys

import pytest

from core.endpoints.holders import Kind, Standing, is_still_held, judge
from core.settings import Auto
from tests.core.endpoints.holders.conftest import Run, StartQemu, look_at
from tests.guests.client import until

CLIENT = """
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
time.sleep(60)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.qemu
@pytest.mark.parametrize("scheme", ["tcp", "telnet"])
def test_qemu_on_a_port_is_free_until_somebody_is_on_it(
    qemu: StartQemu, run: Run, scheme: str
) -> None:
    port = free_port()
    vmm = qemu("-serial", f"{scheme}:127.0.0.1:{port},server=on,wait=off")
    url = f"{scheme}:127.0.0.1:{port}"
    until(lambda: look_at(url).is_listened is True)
    free = look_at(url)
    assert (free.kind, free.family, free.holders) == (Kind.NETWORK, "qemu", ())
    assert free.server is not None
    assert free.server.pid == vmm.pid
    assert free.chardev is not None
    assert not free.chardev.waits
    assert judge(free, Auto.SAFE).may_attach

    client = run(sys.executable, "-c", CLIENT, str(port))
    until(lambda: [holder.pid for holder in look_at(url).holders] == [client.pid])
    held = look_at(url)
    assert judge(held, Auto.SAFE).state is Standing.HELD
    assert is_still_held(held) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::"])
def test_client_of_a_port_waits_until_it_is_accepted(run: Run, host: str) -> None:
    """Also where the server listens on both IP versions, and each end is in another table."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = family is socket.AF_INET6
    with socket.create_server((host, 0), family=family, dualstack_ipv6=both) as listener:
        port = listener.getsockname()[1]
        url = f"tcp:127.0.0.1:{port}"
        client = run(sys.executable, "-c", CLIENT, str(port))
        until(lambda: look_at(url).waiting == 1)
        found = look_at(url)
        assert found.holders == ()
        assert found.ahead is not None
        assert found.ahead.pid == client.pid
        served, _ = listener.accept()
        with served:
            held = look_at(url)
    assert [holder.pid for holder in held.holders] == [client.pid]
    assert held.waiting == 0


def test_our_own_connection_to_a_port_holds_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            served, _ = listener.accept()
            with served:
                found = look_at(f"tcp:127.0.0.1:{port}")
    assert found.holders == ()


def test_port_of_another_machine_is_not_looked_up_and_not_attached_to() -> None:
    found = look_at("telnet:192.0.2.7:4555")
    assert (found.is_known, found.holders) == (False, ())
    verdict = judge(found, Auto.SAFE)
    assert not verdict.may_attach
    assert "in plain text" in verdict.consequence
    assert judge(found, Auto.ALL).may_attach
