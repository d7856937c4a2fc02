"""What the kernel says about TCP sockets of this machine."""

from __future__ import annotations

import os
import socket
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.endpoints.inet_diag import (
    InetSocket,
    State,
    far_end,
    is_accepted,
    listener_at,
    socket_in,
)
from tests.core.endpoints.sites import open_descriptors
from tests.core.endpoints.sites_stream import free_port, listen_tcp


@pytest.mark.parametrize(
    ("bound", "reached"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("::", "::1"),
    ],
)
def test_connection_is_queued_then_accepted_then_nobody_says(bound: str, reached: str) -> None:
    with closing(listen_tcp(bound)) as listener:
        port = listener.getsockname()[1]
        found = listener_at(reached, port)
        assert found is not None
        assert found.inode == os.fstat(listener.fileno()).st_ino
        with socket.create_connection((reached, port)) as client:
            assert is_accepted(client) is False
            served, _ = listener.accept()
            theirs = far_end(client)
            assert theirs is not None
            assert theirs.inode == os.fstat(served.fileno()).st_ino
            assert theirs.state == State.ESTABLISHED
            assert is_accepted(client) is True
            served.close()
            assert is_accepted(client) is None


def test_full_queue_shows_at_its_listener() -> None:
    with closing(listen_tcp("127.0.0.1")) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            one = listener_at("127.0.0.1", port)
            with socket.create_connection(("127.0.0.1", port)):
                two = listener_at("127.0.0.1", port)
    assert one is not None
    assert two is not None
    assert (one.queued, two.queued, one.room) == (1, 2, 1)


def test_cookie_tells_a_listener_from_the_one_before_it() -> None:
    port = free_port()
    cookies = set()
    for _ in range(5):
        with closing(listen_tcp("127.0.0.1", port)):
            found = listener_at("127.0.0.1", port)
            assert found is not None
            assert listener_at("127.0.0.1", port) == found
            cookies.add(found.cookie)
    assert len(cookies) == 5


def test_nobody_and_nonsense_are_no_listener() -> None:
    assert listener_at("127.0.0.1", free_port()) is None
    assert listener_at("no address", 1) is None
    with socket.socket() as lonely:
        assert far_end(lonely) is None
        assert is_accepted(lonely) is None


def test_asking_leaves_no_descriptor() -> None:
    with closing(listen_tcp("127.0.0.1")) as listener:
        port = listener.getsockname()[1]
        before = open_descriptors()
        for _ in range(50):
            assert listener_at("127.0.0.1", port) is not None
        assert open_descriptors() == before


GOOD = bytes.fromhex(
    "7c00000014000000010000001769000002010000b1efc32c7f000001000000000000000000000000"
    "7f000001000000000000000000000000000000000e31000000000000000000000000000000000000"
    "0000000007020400050008000000000008000f00000000000c001500010000000000000006001600"
    "52000000"
)
"""A kernel's answer: 127.0.0.1:45551, established, cookie 0x310e, inode 0x40207."""

ANSWER = InetSocket(state=State.ESTABLISHED, inode=0x40207, cookie=0x310E, queued=0, room=0)


def test_recorded_answer_is_understood() -> None:
    assert socket_in(GOOD, 45551) == ANSWER


def test_answer_to_another_question_is_not_ours() -> None:
    assert socket_in(GOOD, 45552) is None
    other_sequence = GOOD[:8] + b"\x02" + GOOD[9:]
    assert socket_in(other_sequence, 45551) is None
    error_message = GOOD[:4] + b"\x02" + GOOD[5:]
    assert socket_in(error_message, 45551) is None


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_answer_cut_short_is_no_answer(length: int) -> None:
    assert socket_in(GOOD[:length], 45551) is None


@given(st.binary(max_size=160), st.integers(0, len(GOOD)))
def test_any_answer_gives_a_socket_or_nothing(noise: bytes, kept: int) -> None:
    found = socket_in(GOOD[:kept] + noise, 45551)
    assert found is None or 0 <= found.inode < 2**32
    if kept == len(GOOD):
        assert found == ANSWER
