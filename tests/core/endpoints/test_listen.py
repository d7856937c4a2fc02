"""Consoles that a VMM dials: one at a time, each a life, and nothing lost in between."""

from __future__ import annotations

import os
import re
import resource
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from core.endpoints import Console
from core.endpoints.listen import ListenEndpoint, may_dial
from core.errors import ConsoleAbsent, ConsoleBusy, ConsoleError, ConsoleForbidden, ConsoleRefused
from tests.core.endpoints.sites import MemorySite, open_descriptors
from tests.guests.needed import needed


@pytest.fixture
def endpoint(folder: Path) -> Iterator[ListenEndpoint]:
    """Bound already: nobody has dialed."""
    with closing(ListenEndpoint(str(folder / "dialed.sock"))) as endpoint:
        with pytest.raises(ConsoleAbsent):
            endpoint.pin()
        yield endpoint


def dial(folder: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(str(folder / "dialed.sock"))
    return client


async def opened(endpoint: ListenEndpoint) -> Console:
    with closing(endpoint.pin()) as pin:
        return await endpoint.connect(pin)


def test_waiting_for_a_vmm_says_how_to_start_one(endpoint: ListenEndpoint, folder: Path) -> None:
    with pytest.raises(ConsoleAbsent, match="No VMM has dialed") as caught:
        endpoint.pin()
    assert f"path={folder}/dialed.sock,server=off,reconnect=1" in caught.value.hint


@pytest.mark.anyio
async def test_what_was_printed_before_anybody_looked_is_read(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    with dial(folder) as vmm:
        vmm.send(b"SeaBIOS")
        with closing(await opened(endpoint)) as console:
            assert console.is_accepted() is True
            assert console.read_nowait() == b"SeaBIOS"


@pytest.mark.anyio
async def test_last_words_of_one_life_are_read_before_the_first_of_the_next(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    """The VM restarts while its reader is busy elsewhere."""
    with dial(folder) as first:
        console = await opened(endpoint)
        first.send(b"reboot: Restarting system")
    with closing(console), dial(folder) as second:
        second.send(b"SeaBIOS")
        assert console.read_nowait(10) == b"reboot: Re"
        assert console.read_nowait() == b"starting system"
        assert console.read_nowait() == b""
        with closing(await opened(endpoint)) as next_console:
            assert next_console.read_nowait() == b"SeaBIOS"


@pytest.mark.anyio
async def test_vmm_that_prints_and_dies_before_it_is_opened_is_read_all_the_same(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    dialed = dial(folder)
    pin = endpoint.pin()
    dialed.send(b"no bootable device")
    dialed.close()
    with dial(folder) as second, closing(pin):
        assert pin.is_current()
        second.send(b"next")
        with closing(await endpoint.connect(pin)) as console:
            assert console.read_nowait() == b"no bootable device"
            assert console.read_nowait() == b""
            assert not pin.is_current()
        with closing(await opened(endpoint)) as console:
            assert console.read_nowait() == b"next"


@pytest.mark.anyio
async def test_second_vmm_is_hung_up_on_at_once_and_the_first_goes_on(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    with dial(folder) as first, closing(await opened(endpoint)) as console:
        with dial(folder) as second:
            # The reader is woken for it, though the first is silent.
            await anyio.wait_readable(console.fileno())
            with pytest.raises(BlockingIOError):
                console.read_nowait()
            assert second.recv(1) == b""
        first.send(b"undisturbed")
        await anyio.wait_readable(console.fileno())
        assert console.read_nowait() == b"undisturbed"
        # And it sleeps when nobody dials and nothing is printed.
        with anyio.move_on_after(0.05) as scope:
            await anyio.wait_readable(console.fileno())
        assert scope.cancelled_caught


@pytest.mark.anyio
async def test_life_is_opened_once(endpoint: ListenEndpoint, folder: Path) -> None:
    with (
        dial(folder),
        closing(endpoint.pin()) as pin,
        closing(await endpoint.connect(pin)),
        pytest.raises(ConsoleBusy, match="being read already"),
    ):
        await endpoint.connect(pin)


@pytest.mark.anyio
async def test_console_let_go_of_by_us_is_over_and_the_vmm_sees_it(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    with dial(folder) as vmm, closing(endpoint.pin()) as pin:
        (await endpoint.connect(pin)).close()
        assert not pin.is_current()
        assert vmm.recv(1) == b""
        with pytest.raises(ConsoleRefused, match="has hung up"):
            await endpoint.connect(pin)
        with pytest.raises(ConsoleAbsent):
            endpoint.pin()


@pytest.mark.anyio
async def test_socket_that_somebody_removed_is_bound_again(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    (folder / "dialed.sock").unlink()
    with pytest.raises(ConsoleAbsent):
        endpoint.pin()
    with dial(folder), closing(await opened(endpoint)) as console:
        assert console.peer_pid == os.getpid()


def test_closing_unbinds_hangs_up_and_leaves_no_descriptor(folder: Path) -> None:
    before = open_descriptors()
    endpoint = ListenEndpoint(str(folder / "dialed.sock"))
    with pytest.raises(ConsoleAbsent):
        endpoint.pin()
    with dial(folder) as vmm:
        endpoint.pin()
        endpoint.close()
        endpoint.close()
        assert vmm.recv(1) == b""
    assert not (folder / "dialed.sock").exists()
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("peer", "trusted"), [(0, True), (1000, True), (1001, False), (2**32 - 1, False)]
)
def test_only_we_and_root_may_dial(peer: int, trusted: bool) -> None:
    assert may_dial(peer, ours=1000) is trusted


def test_stranger_who_got_hold_of_the_socket_is_turned_away(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    if os.geteuid():
        pytest.skip("only root can dial as a stranger")
    (folder / "dialed.sock").chmod(0o666)
    before = open_descriptors()
    with socket.socket(socket.AF_UNIX) as stranger:
        os.seteuid(4001)
        try:
            stranger.connect(str(folder / "dialed.sock"))
        finally:
            os.seteuid(0)
        with pytest.raises(ConsoleForbidden, match="User 4001 dialed"):
            endpoint.pin()
        assert stranger.recv(1) == b""
    assert open_descriptors() == before
    with dial(folder):
        assert endpoint.pin().is_current()


@pytest.mark.anyio
async def test_pin_of_another_transport_is_a_mistake_of_the_caller(
    endpoint: ListenEndpoint,
) -> None:
    with closing(MemorySite().endpoint.pin()) as pin, pytest.raises(TypeError):
        await endpoint.connect(pin)


@pytest.mark.anyio
async def test_boot_of_a_vmm_that_restarts_ten_times_is_read_from_its_first_byte(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    """Real dialers: each prints at once and exits, whether or not anybody looks."""
    socat = needed("socat", "socat")
    keys = set()
    for number in range(10):
        said = b"boot %d\n" % number
        target = f"UNIX-CONNECT:{folder}/dialed.sock"
        with anyio.fail_after(30):
            await anyio.run_process([socat, "-u", "-", target], input=said)
        with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
            keys.add(pin.key)
            assert console.peer_pid not in (0, os.getpid())
            assert console.read_nowait() == said
            assert console.read_nowait() == b""
    assert len(keys) == 10


# What is at the path already.


def refusal(path: Path) -> ConsoleError:
    before = open_descriptors()
    endpoint = ListenEndpoint(str(path))
    with pytest.raises(ConsoleError) as caught:
        endpoint.pin()
    endpoint.close()
    assert open_descriptors() == before
    return caught.value


def leave_behind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))


@pytest.mark.anyio
async def test_vmm_that_dials_while_no_descriptor_is_left_is_taken_up_later(
    endpoint: ListenEndpoint, folder: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with dial(folder) as vmm:
        vmm.sendall(b"early")
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            with pytest.raises(ConsoleError, match="Cannot take up") as caught:
                endpoint.pin()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert "ulimit -n" in caught.value.hint
        pin = endpoint.pin()
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            with pytest.raises(ConsoleError, match="Cannot take up"):
                await endpoint.connect(pin)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with closing(await endpoint.connect(pin)) as console:
            assert console.read_nowait() == b"early"


def test_socket_that_a_crash_left_is_replaced(folder: Path) -> None:
    path = folder / "dialed.sock"
    leave_behind(path)
    with closing(ListenEndpoint(str(path))) as endpoint:
        with pytest.raises(ConsoleAbsent):
            endpoint.pin()
        with dial(folder):
            assert endpoint.pin().is_current()
    assert not path.exists()


def test_live_listener_stays_and_notices_nothing(folder: Path) -> None:
    path = folder / "dialed.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.setblocking(False)
        told = refusal(path)
        assert isinstance(told, ConsoleBusy)
        assert "Another program listens" in str(told)
        assert f"unix:{path}" in told.hint
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert path.is_socket()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_socket_is_not_replaced(folder: Path, kind: str) -> None:
    path = folder / "dialed.sock"
    if kind == "file":
        path.write_bytes(b"precious")
    elif kind == "folder":
        path.mkdir()
    else:
        leave_behind(folder / "elsewhere")
        path.symlink_to(folder / "elsewhere")
    told = refusal(path)
    assert "is not replaced" in str(told)
    assert told.hint
    assert path.is_symlink() or path.exists()


def test_socket_of_another_user_is_not_replaced(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can leave another's socket")
    path = folder / "dialed.sock"
    leave_behind(path)
    os.chown(path, 4001, 4001)
    assert "is a socket of user 4001" in str(refusal(path))
    assert path.is_socket()


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_socket_is_private_whatever_the_umask(folder: Path, umask: int) -> None:
    path = folder / "dialed.sock"
    before = os.umask(umask)
    try:
        with closing(ListenEndpoint(str(path))) as endpoint:
            with pytest.raises(ConsoleAbsent):
                endpoint.pin()
            assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_folders_may_be_as_long_as_they_like_and_the_name_may_not(folder: Path) -> None:
    deep = folder / ("d" * 200)
    deep.mkdir()
    endpoint = ListenEndpoint(str(deep / "s"))
    with closing(endpoint), pytest.raises(ConsoleAbsent):
        endpoint.pin()
    told = refusal(folder / ("n" * 120))
    found = re.search(r"its last name has to have 1 to (\d+) bytes", str(told))
    assert found is not None
    longest = folder / ("n" * int(found[1]))
    with closing(ListenEndpoint(str(longest))) as endpoint, pytest.raises(ConsoleAbsent):
        endpoint.pin()
    assert "last name" in str(refusal(folder / ("n" * (int(found[1]) + 1))))


def test_path_that_names_only_a_folder_is_refused(folder: Path) -> None:
    with pytest.raises(ConsoleError, match="last name"):
        ListenEndpoint(f"{folder}/").pin()


def test_folder_that_is_not_there_is_named_with_what_makes_it(folder: Path) -> None:
    told = refusal(folder / "vm1" / "dialed.sock")
    assert f"{folder}/vm1 is no folder" in str(told)
    assert f"mkdir -p -m 700 {folder}/vm1" in told.hint


def test_path_bound_by_another_meanwhile_is_not_unbound_by_us(folder: Path) -> None:
    path = folder / "dialed.sock"
    endpoint = ListenEndpoint(str(path))
    with pytest.raises(ConsoleAbsent):
        endpoint.pin()
    path.unlink()
    leave_behind(path)
    endpoint.close()
    assert path.is_socket()
