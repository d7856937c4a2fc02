"""The control protocol: bytes against a running server, and a client against any server."""

from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path

import anyio

from core import __version__, wire
from core.capture.control.listener import bind_control
from core.capture.control.server import ControlServer
from core.capture.places import Places
from core.capture.supervisor import Supervisor
from core.capture.viewers import Viewers
from core.client import open_client
from core.errors import CaptureError
from tests.core.test_client import server
from tests.fuzz.mutation import in_pieces, mutated_one
from tests.fuzz.target import Target

REQUESTS = (
    b'{"execute": "list", "id": 1}',
    b'{"execute": "status", "id": 2}',
    b'{"execute": "hello", "arguments": {"viewer": true}, "id": 3}',
    b'{"execute": "goodbye", "arguments": {"keep": false}, "id": 4}',
    b'{"execute": "watch", "arguments": {"sandbox": {"id": "vm1", "console": "unix:/nowhere/x",'
    b' "start": false}}, "id": "x"}',
    b'{"execute": "set-debug", "arguments": {"id": "vm1", "debug": true}, "id": 8}',
    b'{"execute": "stop", "arguments": {"id": "vm1"}, "id": 9}',
    b'{"execute": "take", "arguments": {"id": "vm1"}, "id": 10}',
    b'{"execute": "configure", "arguments": {"settings": {"quota_console": 5000000}}, "id": 11}',
)

PATIENCE_S = 20.0


def a_session(rng: random.Random) -> list[bytes]:
    """Requests in pieces; sometimes the last has no end."""
    lines = [mutated_one(rng, REQUESTS) for _ in range(rng.randint(1, 8))]
    ends = b"" if rng.randrange(4) == 0 else b"\n"
    return in_pieces(rng, b"\n".join(lines) + ends)


def fuzz_server(rng: random.Random, folder: Path) -> None:
    pieces = a_session(rng)
    anyio.run(serve, folder, pieces, backend=rng.choice(("asyncio", "trio")))


async def serve(folder: Path, pieces: list[bytes]) -> None:
    """One session with a running server, and another one after it that must be served."""
    places = Places(folder / "run", folder / "state")
    for place in (places.runtime, places.state):
        place.mkdir(mode=0o700)
    status = wire.Status(
        version=__version__,
        protocol=wire.PROTOCOL,
        pid=1,
        since=0.0,
        started_by="test",
        stays=True,
        viewers=0,
        clients=1,
    )
    async with anyio.create_task_group() as tasks:
        supervisor = Supervisor(places, tasks, lambda _event: None, previous_alive=0.0)
        viewers = Viewers(stays=True, linger_s=0.0)
        server = ControlServer(supervisor, viewers, lambda: status, lambda: None)
        tasks.start_soon(server.accept, bind_control(places), tasks)
        with anyio.fail_after(PATIENCE_S):
            heard = await said_to(places.control_socket, pieces)
            check_answers(heard, b"".join(pieces))
            last = await said_to(places.control_socket, [b'{"execute": "list", "id": 77}\n'])
            assert json.loads(last.splitlines()[1])["id"] == 77
            while viewers.present:
                await anyio.sleep(0.001)
        server.close()
        await supervisor.release()
        tasks.cancel_scope.cancel()


async def said_to(path: Path, pieces: list[bytes]) -> bytes:
    """What the server answers until it has nothing more to say."""
    heard = b""
    async with await anyio.connect_unix(path) as stream:
        with contextlib.suppress(anyio.BrokenResourceError):
            for piece in filter(None, pieces):
                await stream.send(piece)
            await stream.send_eof()
        with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            while True:
                heard += await stream.receive()
    return heard


def check_answers(heard: bytes, asked: bytes) -> None:
    """A greeting, and one answer to each line, in words."""
    greeting, *answers = (json.loads(line) for line in heard.splitlines())
    assert greeting["guestwatch"]["protocol"] == wire.PROTOCOL
    for answer in answers:
        assert ("return" in answer) != ("error" in answer)
        if "error" in answer:
            assert answer["error"]["class"]
            assert "Traceback" not in answer["error"]["desc"]
    answers_due = asked.count(b"\n")
    assert len(answers) == answers_due or answers[-1]["error"]["class"] == "RequestTooLong"


# A client, and a server that is none of ours.

ANSWERS = (
    b'{"return": {}, "id": 1}',
    b'{"return": {"sandboxes": [{"id": "vm1", "name": "vm1"}]}, "id": 2}',
    b'{"error": {"class": "SandboxClash", "desc": "no", "hint": ""}, "id": 2}',
    b'{"event": "sandbox-changed", "facts": {"id": "vm1"}}',
    b'{"event": "stats", "traffic": {"vm1": {"bytes": 1}}}',
    b'{"event": "events-lost"}',
)
GREETING = b'{"guestwatch": {"version": "0.1.0", "protocol": 1, "pid": 4711}}'


def a_server(rng: random.Random) -> list[bytes]:
    """What it says on a connection, in pieces, and then hangs up."""
    greeting = mutated_one(rng, [GREETING]) if rng.randrange(4) == 0 else GREETING
    lines = [mutated_one(rng, ANSWERS) for _ in range(rng.randrange(8))]
    return in_pieces(rng, b"\n".join([greeting, *lines, b""]))


def fuzz_client(rng: random.Random, folder: Path) -> None:
    pieces = a_server(rng)
    anyio.run(meet, folder / "control.sock", pieces, backend=rng.choice(("asyncio", "trio")))


async def meet(path: Path, pieces: list[bytes]) -> None:
    """A viewer that asks two things of such a server, and takes no for an answer."""
    async with server(path, *filter(None, pieces), patience_s=0.01):
        try:
            async with open_client(path, viewer=True) as client:
                facts = await client.sandboxes()
                assert all(isinstance(one.id, str) for one in facts)
                await client.start("vm1")
        except CaptureError:
            return


TARGETS: tuple[Target, ...] = (
    Target("server", fuzz_server, cost=10),
    Target("client", fuzz_client, cost=10),
)
