"""The control socket: what it answers to friends, strangers and nonsense."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from anyio.abc import UNIXSocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from core import __version__, wire
from core.capture.control.listener import bind_control
from core.capture.places import Places
from core.capture.spawn import ensure_capture
from core.client import open_client
from core.errors import CaptureSkew, CaptureUnreachable
from tests.core.capture.conftest import PATIENCE_S, running_capture

pytestmark = pytest.mark.anyio


class Raw:
    """A client that sends what it likes."""

    def __init__(self, stream: UNIXSocketStream) -> None:
        self.stream = stream
        self.lines = BufferedByteReceiveStream(stream)

    async def send(self, data: bytes) -> None:
        await self.stream.send(data)

    async def line(self) -> dict[str, object]:
        with anyio.fail_after(PATIENCE_S):
            answer = json.loads(await self.lines.receive_until(b"\n", 1_000_000))
        assert isinstance(answer, dict)
        return answer

    async def answer_to(self, number: int) -> dict[str, object]:
        while True:
            answer = await self.line()
            if answer.get("id") == number:
                return answer


async def raw_client(places: Places) -> Raw:
    return Raw(await anyio.connect_unix(places.control_socket))


async def test_it_greets_with_its_version(places: Places) -> None:
    async with running_capture(places):
        raw = await raw_client(places)
        async with raw.stream:
            greeting = (await raw.line())["guestwatch"]
            assert isinstance(greeting, dict)
            assert greeting["protocol"] == wire.PROTOCOL


async def test_an_answer_carries_the_requests_id(places: Places) -> None:
    async with running_capture(places):
        raw = await raw_client(places)
        async with raw.stream:
            await raw.send(b'{"execute": "list", "id": 7}\n{"execute": "list", "id": 8}\n')
            assert (await raw.answer_to(7))["return"] == {"sandboxes": []}
            assert (await raw.answer_to(8))["return"] == {"sandboxes": []}


@pytest.mark.parametrize(
    ("request_line", "kind"),
    [
        (b"nonsense", "InvalidRequest"),
        (b"\xff\xfe", "InvalidRequest"),
        (b"[" * 60_000, "InvalidRequest"),
        (b"{}", "InvalidRequest"),
        (b'{"execute": 3}', "InvalidRequest"),
        (b'{"execute": "dance"}', "UnknownCommand"),
        (b'{"execute": "start"}', "InvalidRequest"),
        (b'{"execute": "start", "arguments": {"id": 3}}', "InvalidRequest"),
        (b'{"execute": "start", "arguments": {"id": "x", "more": 1}}', "InvalidRequest"),
        (b'{"execute": "start", "arguments": {"id": "../x"}}', "UnknownSandbox"),
        (b'{"execute": "start", "arguments": {"id": "\\udc80"}}', "InvalidRequest"),
        (b'{"execute": "list", "id": %s}' % (b"9" * 5000), "InvalidRequest"),
        (b'{"execute": "list", "id": [[[]]]}', "InvalidRequest"),
    ],
)
async def test_nonsense_is_answered_and_the_line_stays_open(
    places: Places, request_line: bytes, kind: str
) -> None:
    async with running_capture(places):
        raw = await raw_client(places)
        async with raw.stream:
            await raw.line()
            await raw.send(request_line + b"\n")
            error = (await raw.line())["error"]
            assert isinstance(error, dict)
            assert error["class"] == kind
            await raw.send(b'{"execute": "list", "id": 1}\n')
            assert "return" in await raw.answer_to(1)


async def test_each_of_many_broken_requests_gets_one_answer(places: Places) -> None:
    rng = random.Random(7)
    whole = (
        b'{"execute": "watch", "arguments": {"sandbox": {"id": "vm1", "start": false}}, "id": 7}',
        b'{"execute": "start", "arguments": {"id": "vm1"}, "id": "x"}',
        b'{"execute": "set-debug", "arguments": {"id": "vm1", "debug": true}, "id": 8}',
        b'{"execute": "status", "id": 9}',
    )
    async with running_capture(places) as client:
        raw = await raw_client(places)
        async with raw.stream:
            await raw.line()
            for number in range(1500):
                line = bytearray(rng.choice(whole))
                for _ in range(rng.randint(1, 6)):
                    at = rng.randrange(len(line))
                    line[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
                await raw.send(bytes(line).replace(b"\n", b" ") + b"\n")
                await raw.send(b'{"execute": "hello", "id": "mark %d"}\n' % number)
                answers: list[dict[str, object]] = []
                while not answers or answers[-1].get("id") != f"mark {number}":
                    answers.append(await raw.line())
                answers = [answer for answer in answers if "event" not in answer]
                assert len(answers) == 2, line
                assert ("return" in answers[0]) != ("error" in answers[0])
        assert (await client.status()).viewers == 1


async def test_a_line_that_is_too_long_is_answered_as_well(places: Places) -> None:
    async with running_capture(places):
        raw = await raw_client(places)
        async with raw.stream:
            await raw.line()
            await raw.send(b"x" * 66_000 + b"\n")
            error = (await raw.line())["error"]
            assert isinstance(error, dict)
            assert error["class"] == "RequestTooLong"


async def test_a_request_without_end_is_cut_off(places: Places) -> None:
    async with running_capture(places) as client:
        raw = await raw_client(places)
        async with raw.stream:
            await raw.line()
            await raw.send(b"x" * 70_000)
            error = (await raw.line())["error"]
            assert isinstance(error, dict)
            assert error["class"] == "RequestTooLong"
        assert await client.sandboxes() == []


async def test_a_client_that_never_reads_holds_up_nobody(places: Places) -> None:
    async with running_capture(places) as client:
        raw = await raw_client(places)
        async with raw.stream:
            with anyio.move_on_after(2):
                while True:
                    await raw.send(b'{"execute": "list"}\n' * 1000)
            with anyio.fail_after(PATIENCE_S):
                assert await client.sandboxes() == []


async def test_the_socket_is_private(places: Places) -> None:
    async with running_capture(places):
        assert places.control_socket.stat().st_mode & 0o777 == 0o600


async def test_a_socket_that_is_removed_is_bound_again(places: Places) -> None:
    async with running_capture(places):
        places.control_socket.unlink()
        places.runtime_lock.unlink()
        places.runtime.rmdir()
        with anyio.fail_after(PATIENCE_S):
            while not places.control_socket.exists():
                await anyio.sleep(0.05)
        async with open_client(places.control_socket, viewer=False) as client:
            assert await client.sandboxes() == []


async def test_a_socket_left_by_a_crash_is_replaced(places: Places) -> None:
    bind_control(places).close()
    assert places.control_socket.exists()
    async with running_capture(places) as client:
        assert await client.sandboxes() == []


async def test_a_long_runtime_path_is_reached(tmp_path: Path) -> None:
    runtime = tmp_path / ("long" * 30)
    runtime.mkdir(mode=0o700)
    places = Places(runtime, tmp_path / "state")
    assert len(str(places.control_socket)) > 107
    async with running_capture(places) as client:
        assert await client.sandboxes() == []


async def test_nobody_there_is_told(places: Places) -> None:
    with pytest.raises(CaptureUnreachable):
        async with open_client(places.control_socket, viewer=True):
            pass


async def test_capture_as_a_whole_is_told(places: Places) -> None:
    async with running_capture(places) as client:
        status = await client.status()
        assert (status.pid, status.version) == (os.getpid(), __version__)
        assert (status.viewers, status.clients, status.stays) == (1, 1, False)
        assert status.started_by == "dashboard"
        assert 0 < status.descriptors < status.descriptor_limit
        assert 0 < status.since <= time.time()
        assert status.warnings == ()


async def test_a_capture_of_another_protocol_is_told_with_what_to_do(places: Places) -> None:
    greeting = b'{"guestwatch": {"version": "9.1", "protocol": 99, "pid": 4711}}\n'
    with bind_control(places) as listener:
        listener.settimeout(PATIENCE_S)

        def play() -> None:
            # A dashboard that starts asks whether one runs; it must not start another.
            for _ in range(2):
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(greeting)
                    peer.recv(1)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, play)
            with pytest.raises(CaptureSkew, match=r"version 9\.1.*protocol 99") as caught:
                async with open_client(places.control_socket, viewer=False):
                    pass
            assert "kill 4711" in caught.value.hint
            with pytest.raises(CaptureSkew):
                await ensure_capture(places)
    assert not places.state.exists()


async def test_somebody_who_is_no_capture_is_told(places: Places) -> None:
    listener = bind_control(places)
    with listener:
        listener.settimeout(PATIENCE_S)

        def play() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"220 mail.example ESMTP\r\n")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, play)
            with pytest.raises(CaptureUnreachable, match="is no capture"):
                async with open_client(places.control_socket, viewer=True):
                    pass
