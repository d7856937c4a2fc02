"""The simulated QEMU sockets and the real ones pass the same tests."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from tests.guests.client import connect_soon, read_all, read_until, unread, until
from tests.guests.kit import Dial, Guest, QemuQueue, QemuTelnet
from tests.guests.kit.sides import BOTH, Side, side
from tests.guests.kit.telnet import GREETING


def queue(
    is_real: bool, folder: Path, *, wait: bool = False, telnet: bool = False
) -> contextlib.AbstractContextManager[Side]:
    """QEMU's server socket at `console.sock`."""
    path = folder / "console.sock"
    words = f"socket,path={path},server=on,wait={'on' if wait else 'off'}"
    words += ",telnet=on" * telnet
    return side(is_real, folder, words, lambda: QemuQueue(path, wait=wait, telnet=telnet, piece=1))


def capacity() -> int:
    """How many single bytes a unix socket takes that nobody reads."""
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while one.send(b"."):
                pass
        return unread(other)


@BOTH
def test_what_is_printed_without_a_client_is_gone(is_real: bool, short_folder: Path) -> None:
    with queue(is_real, short_folder) as guest:
        guest.say(b"to nobody\n")
        with connect_soon(short_folder / "console.sock") as client:
            guest.wait_for_typed(greet(client))
            guest.say(b"to somebody\n")
            assert read_until(client, b"somebody\n") == b"to somebody\n"


def greet(client: socket.socket, word: bytes = b"here") -> bytes:
    """Type something: when the guest has it, the client is served."""
    client.sendall(word)
    return word


@BOTH
def test_two_clients_wait_unserved_and_the_next_meets_a_full_queue(
    is_real: bool, short_folder: Path
) -> None:
    path = short_folder / "console.sock"
    with queue(is_real, short_folder) as guest, connect_soon(path) as first:
        guest.wait_for_typed(greet(first))
        with (
            connect_soon(path) as second,
            connect_soon(path) as third,
            socket.socket(socket.AF_UNIX) as fourth,
        ):
            fourth.setblocking(False)
            with pytest.raises(BlockingIOError):
                fourth.connect(str(path))
            guest.say(b"to the first\n")
            assert read_until(first, b"first\n") == b"to the first\n"
            assert unread(second) == unread(third) == 0
            first.close()
            greet(second, b" second")
            guest.wait_for_typed(b"here second")
            guest.say(b"to the second\n")
            assert read_until(second, b"second\n") == b"to the second\n"
            assert unread(third) == 0
            second.close()
            greet(third, b" third")
            guest.wait_for_typed(b"here second third")
            guest.say(b"to the third\n")
            assert read_until(third, b"third\n") == b"to the third\n"


@BOTH
def test_what_a_waiting_client_types_reaches_the_guest_later(
    is_real: bool, short_folder: Path
) -> None:
    path = short_folder / "console.sock"
    with queue(is_real, short_folder) as guest, connect_soon(path) as first:
        guest.wait_for_typed(greet(first))
        with connect_soon(path) as second:
            second.sendall(b" typed-while-waiting")
            guest.say(b"still the first's\n")
            assert guest.typed == b"here"
            first.close()
            guest.wait_for_typed(b"here typed-while-waiting")


@BOTH
def test_clean_exit_takes_the_socket_away_and_its_client_reads_to_the_end(
    is_real: bool, short_folder: Path
) -> None:
    path = short_folder / "console.sock"
    with queue(is_real, short_folder) as guest, connect_soon(path) as client:
        guest.wait_for_typed(greet(client))
        guest.say(b"last words")
        guest.exit()
        assert not path.exists()
        assert read_all(client) == b"last words"


@BOTH
def test_killed_guest_leaves_a_socket_that_refuses(is_real: bool, short_folder: Path) -> None:
    path = short_folder / "console.sock"
    with queue(is_real, short_folder) as guest, connect_soon(path) as client:
        guest.wait_for_typed(greet(client))
        guest.exit(kill=True)
        assert read_all(client) == b""
        assert path.is_socket()
        with socket.socket(socket.AF_UNIX) as late, pytest.raises(ConnectionRefusedError):
            late.connect(str(path))


@BOTH
def test_guest_that_waits_says_nothing_before_its_first_client(
    is_real: bool, short_folder: Path
) -> None:
    path = short_folder / "console.sock"
    with queue(is_real, short_folder, wait=True) as guest:
        guest.say_soon(b"from the beginning")
        with connect_soon(path) as client:
            assert read_until(client, b"beginning") == b"from the beginning"


@BOTH
def test_unread_console_stops_the_printer_and_loses_nothing(
    is_real: bool, short_folder: Path
) -> None:
    text = b"".join(b"%04d." % number for number in range(400))
    with (
        queue(is_real, short_folder) as guest,
        connect_soon(short_folder / "console.sock") as client,
    ):
        guest.wait_for_typed(greet(client))
        guest.say_soon(text)
        room = capacity()
        assert room < len(text)
        until(lambda: unread(client) == room)
        assert read_until(client, b"0399.") == text


@BOTH
def test_telnet_greets_each_client_and_takes_commands_as_qemu_does(
    is_real: bool, short_folder: Path
) -> None:
    with queue(is_real, short_folder, telnet=True) as guest:
        for word in (b"A", b"AB"):
            with connect_soon(short_folder / "console.sock") as client:
                assert read_until(client, GREETING[-3:]) == GREETING
                client.sendall(word[-1:])
                guest.wait_for_typed(word)
                guest.say(b"\xffplain")
                assert read_until(client, b"plain") == b"\xffplain"
                if word == b"AB":
                    # DO ECHO; NOP, which eats a byte; a doubled IAC; then a letter.
                    client.sendall(b"\xff\xfd\x01" + b"\xff\xf1?" + b"\xff\xff" + b"C")
                    guest.wait_for_typed(b"AB\xffC")


@BOTH
def test_telnet_break_is_a_serial_break(is_real: bool, short_folder: Path) -> None:
    with (
        queue(is_real, short_folder, telnet=True) as guest,
        connect_soon(short_folder / "console.sock") as client,
    ):
        client.sendall(b"A\xff\xf3")
        guest.wait_for_typed(b"A\0")


def test_telnet_and_its_port(short_folder: Path) -> None:
    with QemuTelnet("127.0.0.1:0") as guest:
        host, port = guest.address.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as client:
            assert read_until(client, GREETING[-3:]) == GREETING
            guest.say(b"hello")
            assert read_until(client, b"hello") == b"hello"


@BOTH
def test_dialling_guest_dials_again_when_it_was_hung_up_on(
    is_real: bool, short_folder: Path
) -> None:
    path = short_folder / "viewer.sock"

    def simulation() -> Guest:
        return Dial(path, reconnect_s=0.01)

    with (
        side(is_real, short_folder, f"socket,path={path},server=off,reconnect=1", simulation) as it,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        it.say(b"to nobody")
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(30)
        for typed in (b"1", b"12"):
            client, _ = listener.accept()
            with client:
                client.settimeout(30)
                client.sendall(typed[-1:])
                it.wait_for_typed(typed)
                it.say(b"heard " + typed)
                assert read_until(client, typed) == b"heard " + typed
