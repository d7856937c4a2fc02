"""What the kernel says about a connection's peer."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.endpoints import Console, UnixEndpoint, peer_inode
from core.endpoints.sock_diag import _messages, _socket_in, _socket_of, unix_socket, unix_sockets
from core.errors import ConsoleBusy
from tests.core.endpoints.sites import listen, open_descriptors


def inode_of(sock: socket.socket) -> int:
    return os.fstat(sock.fileno()).st_ino


def peer_in(reply: bytes, inode: int) -> int | None:
    """The peer's inode in a reply; None for an error or another's reply."""
    found = _socket_in(reply, inode)
    return None if found is None else found.peer


def test_peer_is_zero_in_the_queue_then_the_accepted_socket_then_zero_again(folder: Path) -> None:
    with closing(listen(folder / "s")) as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / "s"))
        assert peer_inode(inode_of(client)) == 0
        served, _ = listener.accept()
        assert peer_inode(inode_of(client)) == inode_of(served)
        served.close()
        assert peer_inode(inode_of(client)) == 0


def test_kernel_says_nothing_of_unconnected_and_unknown_sockets() -> None:
    with socket.socket(socket.AF_UNIX) as lonely:
        assert peer_inode(inode_of(lonely)) is None
        gone = inode_of(lonely)
    assert peer_inode(gone) is None
    assert peer_inode(0) is None


def test_asking_leaves_no_descriptor() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        before = open_descriptors()
        for _ in range(100):
            assert peer_inode(inode_of(ours)) == inode_of(theirs)
        assert open_descriptors() == before


def test_process_out_of_descriptors_gets_no_answer() -> None:
    ours, theirs = socket.socketpair()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ours, theirs:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            answer = peer_inode(inode_of(ours))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert answer is None


GOOD = bytes.fromhex(
    "3000000014000000010000000000000001010100ac6f0000010000000000000008000200ae6f00000500060000000000"
)
"""A kernel's answer about inode 0x6fac, whose peer is 0x6fae."""


def test_recorded_answer_is_understood() -> None:
    assert peer_in(GOOD, 0x6FAC) == 0x6FAE


def test_answer_to_another_question_is_not_ours() -> None:
    assert peer_in(GOOD, 0x6FAD) is None
    other_sequence = GOOD[:8] + b"\x02" + GOOD[9:]
    assert peer_in(other_sequence, 0x6FAC) is None
    error_message = GOOD[:4] + b"\x02" + GOOD[5:]
    assert peer_in(error_message, 0x6FAC) is None


@pytest.mark.parametrize("size", [0, 1, 3, 9, 200])
def test_attribute_of_impossible_length_ends_the_reading(size: int) -> None:
    assert peer_in(GOOD[:32] + bytes([size]) + GOOD[33:], 0x6FAC) is None


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_answer_cut_short_is_no_answer(length: int) -> None:
    assert peer_in(GOOD[:length], 0x6FAC) is None


@given(st.binary(max_size=80), st.integers(0, len(GOOD)))
def test_any_answer_gives_an_inode_or_nothing(noise: bytes, kept: int) -> None:
    peer = peer_in(GOOD[:kept] + noise, 0x6FAC)
    assert peer is None or 0 <= peer < 2**32
    if kept == len(GOOD):
        assert peer == 0x6FAE


def one_of_each(path: Path) -> tuple[socket.socket, list[socket.socket], socket.socket]:
    """A listener, three clients of it, and the end of the first that was accepted."""
    listener = listen(path, backlog=5)
    clients = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for client in clients:
        client.connect(str(path))
    served, _ = listener.accept()
    return listener, clients, served


def test_all_sockets_are_told_with_their_file_their_peers_and_their_queue(folder: Path) -> None:
    listener, clients, served = one_of_each(folder / "s")
    with listener, served, ExitStack() as held:
        for client in clients:
            held.enter_context(client)
        clients[0].send(b"three")
        told = unix_sockets()
        assert told is not None
        by_inode = {sock.inode: sock for sock in told}
        found = (folder / "s").stat()
        bound, end = by_inode[inode_of(listener)], by_inode[inode_of(served)]
        assert bound.is_listening
        assert not end.is_listening
        assert bound.file == end.file == (found.st_ino & 0xFFFFFFFF, found.st_dev)
        assert bound.name == end.name == os.fsencode(folder / "s")
        assert end.peer == inode_of(clients[0])
        assert set(bound.waiting) == {inode_of(client) for client in clients[1:]}
        assert bound.queue == 2
        assert bound.uid == os.geteuid()
        assert unix_socket(inode_of(listener)) == bound
        clients[1].close()
        gone = unix_socket(inode_of(listener))
        assert gone is not None
        assert set(gone.waiting) == {0, inode_of(clients[2])}


def test_name_is_told_as_it_was_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with listen(Path("relative")) as listener, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(b"\0gw-abstract\0x")
        abstract.listen()
        relative = unix_socket(inode_of(listener))
        nowhere = unix_socket(inode_of(abstract))
    assert relative is not None
    assert relative.name == b"relative"
    assert nowhere is not None
    assert (nowhere.name, nowhere.file) == (b"\0gw-abstract\0x", None)


def test_more_sockets_than_one_message_takes_are_all_told() -> None:
    with ExitStack() as held:
        pairs = [socket.socketpair() for _ in range(400)]
        for one, other in pairs:
            held.enter_context(one)
            held.enter_context(other)
        told = unix_sockets()
        assert told is not None
        peers = {sock.inode: sock.peer for sock in told}
        for one, other in pairs:
            assert peers[inode_of(one)] == inode_of(other)


def test_process_out_of_descriptors_is_told_of_no_sockets() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        answer = unix_sockets()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert answer is None


@given(st.binary(max_size=300))
def test_any_bytes_are_messages_or_nothing(noise: bytes) -> None:
    for _, body in _messages(noise):
        found = _socket_of(body)
        assert found is None or 0 <= found.inode < 2**32


ATTRIBUTES = st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=20)), max_size=8)


@given(ATTRIBUTES, st.sampled_from([1, 10]), st.integers(0, 2**32 - 1))
def test_any_attributes_are_borne(
    attributes: list[tuple[int, bytes]], state: int, inode: int
) -> None:
    body = bytes([1, 1, state, 0]) + inode.to_bytes(4, sys.byteorder) + bytes(8)
    for kind, value in attributes:
        head = (4 + len(value)).to_bytes(2, sys.byteorder) + kind.to_bytes(2, sys.byteorder)
        body += head + value + bytes(-len(value) % 4)
    found = _socket_of(body)
    assert found is not None
    assert found.inode == inode
    assert found.is_listening == (state == 10)
    assert _socket_of(body[:15]) is None


def is_listened_on(path: Path) -> bool:
    """QEMU binds first and listens later; in between a connection is refused."""
    flags = [
        int(line.split()[3], 16)
        for line in Path("/proc/net/unix").read_text().splitlines()
        if line.endswith(f" {path}")
    ]
    accepts_connections = 0x10000  # __SO_ACCEPTCON, linux/net.h
    return any(flag & accepts_connections for flag in flags)


@pytest.fixture
def qemu_console(qemu_binary: str, folder: Path) -> Iterator[UnixEndpoint]:
    """The serial console of a real QEMU whose guest is stopped before its first instruction."""
    path = folder / "console.sock"
    chardev = f"socket,id=c,path={path},server=on,wait=off"
    with subprocess.Popen(
        [
            *(qemu_binary, "-accel", "tcg", "-nodefaults", "-nographic", "-S", "-m", "32"),
            *("-chardev", chardev, "-device", "isa-serial,chardev=c"),
        ],
        stdin=subprocess.DEVNULL,
    ) as qemu:
        try:
            deadline = time.monotonic() + 30
            while not is_listened_on(path):
                assert qemu.poll() is None, "QEMU exited"
                assert time.monotonic() < deadline, "QEMU did not bind its console"
                time.sleep(0.02)
            yield UnixEndpoint(str(path))
        finally:
            qemu.kill()


async def until_accepted(console: Console, expected: bool) -> None:
    with anyio.fail_after(10):
        while console.is_accepted() is not expected:
            await anyio.sleep(0.01)


@pytest.mark.qemu
@pytest.mark.anyio
async def test_real_qemu_serves_one_queues_two_and_refuses_the_next(
    qemu_console: UnixEndpoint,
) -> None:
    with ExitStack() as held:
        pin = held.enter_context(closing(qemu_console.pin()))

        async def connect(timeout_s: float = 2.0) -> Console:
            console = await qemu_console.connect(pin, timeout_s=timeout_s)
            return held.enter_context(closing(console))

        first = await connect()
        await until_accepted(first, True)
        second = await connect()
        third = await connect()
        with pytest.raises(ConsoleBusy):
            await connect(timeout_s=0.3)
        assert [c.is_accepted() for c in (first, second, third)] == [True, False, False]
        assert first.peer_pid == second.peer_pid != os.getpid()

        first.close()
        await until_accepted(second, True)
        assert third.is_accepted() is False
        with pytest.raises(BlockingIOError):
            second.read_nowait()
