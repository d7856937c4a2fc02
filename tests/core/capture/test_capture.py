"""A whole capture: consoles watched, recorded and told about, over real sockets."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

import anyio
import pytest

from core.capture.places import Places
from core.errors import CommandRefused
from core.proxy.types import ProxyType
from core.sandboxes.model import ConsoleState, ProxyState, SandboxSpec
from core.sandboxes.named import sandbox_spec
from tests.core.capture.conftest import Chardev, facts_when, recorded, running_capture

pytestmark = pytest.mark.anyio


async def test_every_byte_is_recorded(places: Places, chardev: Chardev) -> None:
    data = random.Random(1).randbytes(3_000_000)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(data)
        facts = await facts_when(client, lambda f: f.traffic.bytes == len(data))
        assert facts.console.state is ConsoleState.CONNECTED
        assert await recorded(facts, len(data)) == data


async def test_a_socket_that_does_not_exist_yet_is_waited_for(
    places: Places, tmp_path: Path
) -> None:
    spec = sandbox_spec("vm1", f"unix:{tmp_path}/later.sock")
    async with running_capture(places, spec) as client:
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.ABSENT)
        assert "later.sock" in facts.console.reason
        guest = Chardev(tmp_path / "later.sock")
        await guest.accept()
        await guest.write(b"hello")
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        assert await recorded(facts, 5) == b"hello"
        guest.exit()


async def test_a_console_that_another_client_has_is_waited_for(
    places: Places, chardev: Chardev
) -> None:
    other = socket.socket(socket.AF_UNIX)
    other.connect(str(chardev.path))
    await chardev.accept()
    async with running_capture(places, chardev.spec) as client:
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.WAITING)
        assert "another client" in facts.console.reason
        assert not facts.generation
        other.close()
        chardev.hang_up()
        await chardev.accept()
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)


async def test_nothing_is_written_to_a_guest(places: Places, chardev: Chardev) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"login: ")
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        assert chardev.peer is not None
        with pytest.raises(BlockingIOError):
            chardev.peer.recv(1)


async def test_the_end_of_a_guest_is_told_and_drained(places: Places, chardev: Chardev) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"x" * 300_000 + b"last words")
        chardev.exit()
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.ENDED)
        assert (await recorded(facts, 300_010)).endswith(b"last words")


async def test_a_socket_bound_again_is_a_new_generation(places: Places, chardev: Chardev) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"first life")
        first = await facts_when(client, lambda f: f.traffic.bytes == 10)
        chardev.exit()
        again = Chardev(chardev.path)
        await again.accept()
        await again.write(b"second")
        second = await facts_when(
            client, lambda f: f.generation != first.generation and f.traffic.bytes == 6
        )
        assert await recorded(first, 10) == b"first life"
        assert await recorded(second, 6) == b"second"
        again.exit()


async def test_stop_and_start_append_to_the_same_generation(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"one ")
        first = await facts_when(client, lambda f: f.traffic.bytes == 4)
        await client.stop("vm1")
        facts = await facts_when(client, lambda f: f.proxy.state is ProxyState.STOPPED)
        assert facts.console.state is ConsoleState.NOT_WATCHED
        assert "stopped" in facts.console.reason
        await client.start("vm1")
        await chardev.accept()
        await chardev.write(b"two")
        second = await facts_when(client, lambda f: f.traffic.bytes == 7)
        assert second.generation == first.generation
        assert await recorded(second, 7) == b"one two"
        ledger = Path(second.recordings, second.generation, "events.jsonl").read_text()
        kinds = [json.loads(line)["kind"] for line in ledger.splitlines()]
        assert kinds.count("attached") == 2
        assert "detached" in kinds


async def test_a_capture_started_again_continues_the_generation(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"before ")
        first = await facts_when(client, lambda f: f.traffic.bytes == 7)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"after")
        second = await facts_when(client, lambda f: f.traffic.bytes == 12)
        assert second.generation == first.generation
        assert await recorded(second, 12) == b"before after"


async def test_debug_off_lets_the_console_go(places: Places, chardev: Chardev) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"x")
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)
        await client.set_debug("vm1", False)
        facts = await facts_when(client, lambda f: not f.spec.debug)
        assert facts.proxy.state is ProxyState.RUNNING
        assert facts.console.state is ConsoleState.NOT_WATCHED
        assert "debug" in facts.console.reason
        await client.set_debug("vm1", True)
        chardev.hang_up()
        await chardev.accept()
        await chardev.write(b"y")
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)


async def test_a_guest_that_hangs_up_at_once_is_told(places: Places, chardev: Chardev) -> None:
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        chardev.hang_up()
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.ENDED)
        assert "without a byte" in facts.console.reason
        # And it is tried again: this time it has something to say.
        await chardev.accept()
        await chardev.write(b"x")
        await facts_when(client, lambda f: f.console.state is ConsoleState.CONNECTED)


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
async def test_what_is_no_socket_is_told(places: Places, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"
    match kind:
        case "file":
            path.write_text("")
        case "directory":
            path.mkdir()
        case "link":
            path.symlink_to(tmp_path / "elsewhere")
    async with running_capture(places, sandbox_spec("vm1", f"unix:{path}")) as client:
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.FAILED)
        assert str(path) in facts.console.reason


async def test_a_socket_that_nobody_serves_is_told(places: Places, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    spec = sandbox_spec("vm1", f"unix:{tmp_path}/dead.sock")
    async with running_capture(places, spec) as client:
        facts = await facts_when(client, lambda f: f.console.state is ConsoleState.FAILED)
        assert "dead.sock" in facts.console.reason


async def test_a_bad_console_harms_no_other(
    places: Places, tmp_path: Path, chardev: Chardev
) -> None:
    bad = sandbox_spec("bad", f"unix:{tmp_path}")
    async with running_capture(places, bad, chardev.spec) as client:
        await chardev.accept()
        await chardev.write(b"fine")
        await facts_when(client, lambda f: f.traffic.bytes == 4)


async def test_wrong_parameters_are_refused_when_it_is_started(places: Places) -> None:
    spec = SandboxSpec(id="vm1", console="", start=False)
    async with running_capture(places, spec) as client:
        await client.start("vm1")
        facts = await facts_when(client, lambda f: f.proxy.state is ProxyState.RUNNING)
        assert "no console URL" in facts.console.reason
        await client.watch(SandboxSpec(id="pod", start=False, proxy_type=ProxyType.KATA_BUILT_IN))
        with pytest.raises(CommandRefused, match=r"^Invalid proxy parameters"):
            await client.start("pod")
        facts = await facts_when(client, lambda f: f.proxy.state is ProxyState.FAILED, "pod")
        assert "agent_url" in facts.proxy.reason


async def test_naming_one_again_changes_nothing_and_another_url_is_refused(
    places: Places, chardev: Chardev
) -> None:
    async with running_capture(places, chardev.spec) as client:
        await client.watch(chardev.spec)
        assert len(await client.sandboxes()) == 1
        with pytest.raises(CommandRefused, match="vm1 is watched already") as caught:
            await client.watch(sandbox_spec("vm1", "unix:/elsewhere"))
        assert caught.value.kind == "SandboxClash"


async def test_an_id_that_is_none_is_refused_over_the_wire(places: Places) -> None:
    async with running_capture(places) as client:
        for bad in ("..", "a/b", "a\x1b[31m", "", "x" * 300):
            with pytest.raises(CommandRefused) as caught:
                await client.watch(SandboxSpec(id=bad, console="/x"))
            assert caught.value.kind == "InvalidSandboxId"
        with pytest.raises(CommandRefused, match="No sandbox is called nobody"):
            await client.start("nobody")


async def test_a_hundred_megabytes_without_a_newline_are_recorded(
    places: Places, chardev: Chardev
) -> None:
    size = 100_000_000
    piece = bytes(1_000_000)
    async with running_capture(places, chardev.spec) as client:
        await chardev.accept()
        for _ in range(size // len(piece)):
            await chardev.write(piece)
        facts = await facts_when(client, lambda f: f.traffic.bytes == size)
        folder = Path(facts.recordings, facts.generation)
        assert sum(p.stat().st_size for p in folder.glob("console*.log")) == size
        assert len(list(folder.glob("console*.log"))) > 1


async def test_viewers_hear_what_changes(places: Places, chardev: Chardev) -> None:
    async with running_capture(places) as client:
        await client.watch(chardev.spec)
        with anyio.fail_after(20):
            async for event in client.events():
                if getattr(event, "facts", None) and event.facts.spec.id == "vm1":  # type: ignore[union-attr]
                    break
