"""A client gone wild can neither stop capture nor make it grow, and hurts nobody else.

The wild one is a process of its own; capture is too, so that its memory can be read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from core.capture.control.client import QUEUE_BYTES
from core.capture.control.commands import MAX_VIEWERS
from core.capture.control.server import may_command
from core.capture.lock import read_owner
from core.capture.places import Places
from core.capture.spawn import open_capture
from core.client import open_client
from core.errors import CommandRefused
from core.sandboxes.model import ConsoleState, SandboxSpec
from tests.core.capture.conftest import PATIENCE_S, Chardev, facts_when, recorded, running_capture

pytestmark = pytest.mark.anyio

GROWTH = 48 * 1024 * 1024
"""How much larger capture may be afterwards: far less than what it was sent."""

WILD = """
import json, os, socket, sys, time
path, what = sys.argv[1], sys.argv[2]

def dial():
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(5)
    while True:
        try:
            peer.connect(path)
            return peer
        except BlockingIOError:
            time.sleep(0.01)

def pour(peer, pieces):
    # Until it is cut off, or nobody takes anything any more.
    sent = 0
    try:
        for piece in pieces:
            peer.sendall(piece)
            sent += len(piece)
    except OSError:
        pass
    return sent

def flood():
    some = b"x" * 65536
    return pour(dial(), (some for _ in range(16384)))

def pipelined():
    some = b'{"execute": "list", "id": 1}\\n' * 1000
    return pour(dial(), (some for _ in range(100)))

def thousand(greet):
    peers, hello = [], b'{"execute": "hello", "id": 1}\\n'
    for number in range(1000):
        peers.append(dial())
        if greet == "half":
            pour(peers[-1], [hello[:-9]])
        elif greet == "whole":
            pour(peers[-1], [hello])
    keep.extend(peers)
    return len(peers)

def garbage():
    sent = 0
    for seed in range(300):
        import random
        rows = [random.Random(seed).randbytes(2000) + b"\\n"]
        rows += [b"[" * 60000 + b"\\n", b'{"execute":' * 3000 + b"\\n"]
        rows += [b'{"execute": "list", "id": "' + b"y" * 65000 + b'"}\\n']
        rows += [b'{"execute": "list", "id": ' + b"9" * 60000 + b'}\\n']
        rows += [b'{"execute": "list", "id": "\\xff\\xfe"}\\n', b'{"execute": "\\\\ud800"}\\n']
        sent += pour(dial(), rows)
    return sent

def come_and_go():
    for _ in range(3000):
        dial().close()
    return 3000

def byte_by_byte():
    peer, text = dial(), b'{"execute": "list", "id": 1}\\n' * 20
    return pour(peer, (text[at : at + 1] for at in range(len(text))))

keep = []
acts = {
    "one endless line": flood, "requests without reading": pipelined, "garbage": garbage,
    "coming and going": come_and_go, "byte by byte": byte_by_byte,
    "silent": lambda: thousand("never"), "half a request": lambda: thousand("half"),
    "a whole request each": lambda: thousand("whole"),
}
print(acts[what](), flush=True)
sys.stdin.read()
"""


def rss(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@asynccontextmanager
async def wild_client(places: Places, what: str) -> AsyncIterator[anyio.abc.Process]:
    command = [sys.executable, "-c", WILD, str(places.control_socket), what]
    async with await anyio.open_process(command, stdin=subprocess.PIPE, stderr=None) as process:
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()


async def done(process: anyio.abc.Process) -> int:
    assert process.stdout is not None
    with anyio.fail_after(45):
        return int(await process.stdout.receive())


@pytest.mark.parametrize(
    "what",
    [
        "one endless line",
        "requests without reading",
        "garbage",
        "coming and going",
        "byte by byte",
        "silent",
        "half a request",
        "a whole request each",
    ],
)
async def test_a_wild_client_stops_nothing(places: Places, chardev: Chardev, what: str) -> None:
    async with open_capture(places) as viewer:
        pid = read_owner(places.state_lock)[0]
        await viewer.watch(chardev.spec)
        await chardev.accept()
        await facts_when(viewer, lambda f: f.console.state is ConsoleState.CONNECTED)
        before = rss(pid)
        said = b""
        async with wild_client(places, what) as process, anyio.create_task_group() as tasks:

            async def talk() -> None:
                nonlocal said
                while True:
                    line = b"%08d still here\n" % len(said)
                    await chardev.write(line)
                    said += line
                    with anyio.fail_after(PATIENCE_S):
                        await viewer.sandboxes()

            tasks.start_soon(talk)
            amount = await done(process)
            # One endless line is cut off; everybody else may connect and ask all the same.
            if what == "one endless line":
                assert amount < 16 * 1024 * 1024
            assert descriptors(pid) < 130
            async with open_client(places.control_socket, viewer=False) as other:
                assert len(await other.sandboxes()) == 1
            assert rss(pid) < before + GROWTH
            tasks.cancel_scope.cancel()
        facts = await facts_when(viewer, lambda f: f.traffic.bytes == len(said))
        assert await recorded(facts, len(said)) == said
        assert read_owner(places.state_lock)[0] == pid
        await viewer.shut_down()


async def test_a_viewer_that_never_reads_is_owed_a_bounded_queue(places: Places) -> None:
    async with (
        running_capture(places, linger_s=2.0) as client,
        await anyio.connect_unix(places.control_socket) as deaf,
    ):
        # Facts that are as large as a request allows, changed again and again.
        await client.watch(SandboxSpec(id="vm1", console="/" + "x" * 60_000, start=False))
        await deaf.send(b'{"execute": "hello", "arguments": {"viewer": true}}\n')
        with anyio.fail_after(PATIENCE_S):
            while (await client.status()).viewers < 2:
                await anyio.sleep(0.01)
            sent = 3 * QUEUE_BYTES // 60_000
            for number in range(sent):
                await client.set_debug("vm1", bool(number % 2))
        received, lost = 0, b'{"event":"events-lost"}\n'
        with anyio.fail_after(PATIENCE_S):
            last = b""
            while not last.endswith(lost):
                data = await deaf.receive()
                last = (last + data)[-100:]
                received += len(data)
        # What the sockets hold comes on top of what is queued.
        assert QUEUE_BYTES / 2 < received < QUEUE_BYTES + 2_000_000 < sent * 60_000


async def test_more_viewers_than_may_be_are_refused_in_words(places: Places) -> None:
    async with running_capture(places, linger_s=2.0) as client:
        streams = []
        for _ in range(MAX_VIEWERS - 1):
            stream = await anyio.connect_unix(places.control_socket)
            await stream.send(b'{"execute": "hello", "arguments": {"viewer": true}}\n')
            streams.append(stream)
        with anyio.fail_after(PATIENCE_S):
            while (await client.status()).viewers < MAX_VIEWERS:
                await anyio.sleep(0.01)
        with pytest.raises(CommandRefused, match="look on already") as caught:
            async with open_client(places.control_socket, viewer=True):
                pass
        assert caught.value.kind == "TooManyViewers"
        for stream in streams:
            await stream.aclose()
        with anyio.fail_after(PATIENCE_S):
            while (await client.status()).viewers > 1:
                await anyio.sleep(0.01)
        async with open_client(places.control_socket, viewer=True) as other:
            await other.say_goodbye(keep=False)


async def test_who_floods_loses_its_own_connections_and_nobody_elses(places: Places) -> None:
    async with (
        running_capture(places),
        # This process has asked once and is idle; another one floods.
        open_client(places.control_socket, viewer=False) as idle,
        wild_client(places, "a whole request each") as process,
    ):
        assert await done(process) == 1000
        assert await idle.sandboxes() == []


@pytest.mark.parametrize("uid", [1, 65534, -1, 2**31])
def test_another_user_may_not_command(uid: int) -> None:
    assert not may_command(uid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_another_user_who_gets_at_the_socket_is_shown_out(
    places: Places, tmp_path: Path
) -> None:
    code = (
        "import os, socket, sys; os.chdir(sys.argv[1]); os.setgid(65534); os.setuid(65534);"
        "peer = socket.socket(socket.AF_UNIX); peer.settimeout(20); peer.connect('control.sock');"
        "print(peer.recv(4096))"
    )
    async with running_capture(places) as client:
        # As if the folders were open to all.
        for path in (places.runtime, places.control_socket):
            path.chmod(0o777)
        command = [sys.executable, "-c", code, str(places.runtime)]
        with anyio.fail_after(PATIENCE_S):
            stranger = await anyio.run_process(command, check=False)
        assert stranger.stdout == b"b''\n"
        assert await client.sandboxes() == []


async def test_a_hostile_request_id_comes_back_as_it_was(places: Places) -> None:
    async with running_capture(places), await anyio.connect_unix(places.control_socket) as stream:
        for request_id in ("\x00\x1b[2J\n\u2028\u202e", "y" * 60_000, 2**63 - 1, -(2**63)):
            request = {"execute": "hello", "id": request_id}
            await stream.send(json.dumps(request).encode() + b"\n")
            answer = await _answer_with_id(stream)
            assert json.loads(answer)["id"] == request_id
            assert answer.count(b"\n") == 1
            assert b"\x1b" not in answer


async def _answer_with_id(stream: anyio.abc.ByteStream) -> bytes:
    line = b""
    with anyio.fail_after(PATIENCE_S):
        while not (line.endswith(b"\n") and b'"id"' in line):
            if line.endswith(b"\n"):
                line = b""
            line += await stream.receive(1)
    return line
