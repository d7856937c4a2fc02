"""Capture over the other streams: VMs that dial, restart on a port, or answer late."""

from __future__ import annotations

import socket
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.sandboxes.model import ConsoleState
from core.sandboxes.named import sandbox_spec
from core.settings import Auto
from tests.core.capture.conftest import facts_when, recorded, running_capture
from tests.core.endpoints.sites_stream import PORT, HvsockSite, free_port, listen_tcp

pytestmark = pytest.mark.anyio


async def test_vm_that_dials_and_restarts_is_recorded_from_its_first_byte_each_time(
    places: Places, tmp_path: Path
) -> None:
    path = tmp_path / "dialed.sock"
    async with running_capture(places, sandbox_spec("vm1", f"listen:{path}")) as client:
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.ABSENT)
        assert "No VMM has dialed" in facts.console.reason
        generations = []
        for boot in (b"first boot", b"second boot"):
            with socket.socket(socket.AF_UNIX) as vmm:
                vmm.connect(str(path))
                vmm.send(boot)
                facts = await facts_when(
                    client, lambda f: f.console.state is ConsoleState.CONNECTED
                )
                assert await recorded(facts, len(boot)) == boot
                generations.append(facts.generation)
            await facts_when(client, lambda f: f.console.state is not ConsoleState.CONNECTED)
        assert len(set(generations)) == 2
        assert path.is_socket()
    assert not path.exists()


async def test_vm_that_restarts_on_its_port_is_another_generation(places: Places) -> None:
    port = free_port()
    async with running_capture(places, sandbox_spec("vm1", f"tcp:127.0.0.1:{port}")) as client:
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.FAILED)
        assert f"Nobody listens on 127.0.0.1:{port}" in facts.console.reason
        generations = []
        for boot in (b"first boot", b"second boot"):
            with listen_tcp("127.0.0.1", port) as vmm:
                with anyio.fail_after(20):
                    await anyio.wait_readable(vmm.fileno())
                served, _ = vmm.accept()
                with served:
                    served.send(boot)
                    facts = await facts_when(
                        client, lambda f: f.console.state is ConsoleState.CONNECTED
                    )
                    assert await recorded(facts, len(boot)) == boot
                    generations.append(facts.generation)
            await facts_when(client, lambda f: f.console.state is not ConsoleState.CONNECTED)
        assert len(set(generations)) == 2


async def test_guest_that_does_not_listen_yet_is_asked_again_until_it_does(
    places: Places, tmp_path: Path
) -> None:
    path = tmp_path / "vm.vsock"
    site = HvsockSite(path)
    # Connecting to a guest's port starts something in the guest: never unasked.
    spec = sandbox_spec("vm1", f"hvsock:{path}:{PORT}", auto=Auto.ALL)
    async with running_capture(places, spec) as client, anyio.create_task_group() as tasks:
        site.refuse()
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.FAILED)
        assert str(path) in facts.console.reason
        site.rebind()

        async def pump() -> None:
            while True:
                site.pump()
                await anyio.sleep(0.005)

        tasks.start_soon(pump)
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        site.write(b"bash-5.2# ")
        facts = await facts_when(client, lambda f: f.traffic.bytes == 10)
        assert await recorded(facts, 10) == b"bash-5.2# "
        tasks.cancel_scope.cancel()
    site.close()


async def test_a_vm_that_dials_is_had_without_waiting_for_the_next_look(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.capture.watching.lives.LOOK_S", 3600.0)
    path = tmp_path / "dialed.sock"
    async with running_capture(places, sandbox_spec("vm1", f"listen:{path}")) as client:
        await facts_when(client, lambda f: f.console.state is ConsoleState.ABSENT)
        for boot in (b"first", b"again"):
            with socket.socket(socket.AF_UNIX) as vmm:
                vmm.connect(str(path))
                vmm.send(boot)
                facts = await facts_when(
                    client, lambda f: f.console.state is ConsoleState.CONNECTED
                )
                assert await recorded(facts, 5) == boot
            await facts_when(client, lambda f: f.console.state is not ConsoleState.CONNECTED)
