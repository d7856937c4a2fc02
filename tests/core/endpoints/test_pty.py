"""Terminals: which are opened, what that does to them and to us, and what is read."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import subprocess
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import anyio
import pytest

from core.endpoints import MemoryEndpoint, PtyEndpoint
from core.endpoints.pty import PtyConsole
from core.endpoints.terminal import is_terminal_device, session_on
from core.errors import (
    ConsoleAbsent,
    ConsoleBroken,
    ConsoleBusy,
    ConsoleForbidden,
    ConsoleRefused,
    NotAConsole,
)
from tests.core.endpoints.sites import open_descriptors, without_root
from tests.core.endpoints.sites_local import make_terminal

pytestmark = pytest.mark.anyio


class Terminal:
    """A pseudo terminal: the VMM's side of it, and the path of the other."""

    def __init__(self, *, raw: bool = True) -> None:
        self.ours, self.theirs = make_terminal(raw=raw)
        self.path = os.ttyname(self.theirs)

    def print(self, data: bytes) -> None:
        assert os.write(self.ours, data) == len(data)
        assert select.select([self.theirs], [], [], 10)[0]

    def typed(self) -> bytes:
        """What came to the guest as its input."""
        try:
            return os.read(self.ours, 4096)
        except BlockingIOError:
            return b""

    def hang_up(self) -> None:
        for fd in (self.ours, self.theirs):
            if fd >= 0:
                os.close(fd)
        self.ours = self.theirs = -1


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.hang_up()


async def connect(path: str) -> PtyConsole:
    endpoint = PtyEndpoint(path)
    with closing(endpoint.pin()) as pin:
        return await endpoint.connect(pin)


async def read_some(console: PtyConsole) -> bytes:
    with anyio.fail_after(30):
        while True:
            try:
                return console.read_nowait()
            except BlockingIOError:
                await anyio.wait_readable(console.fileno())


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Path.touch, "a regular file"),
        (Path.mkdir, "a directory"),
        (os.mkfifo, "a FIFO"),
        (lambda path: path.symlink_to("/dev/null"), "a character device"),
    ],
)
async def test_what_is_no_terminal_is_named_and_not_opened(
    folder: Path, make: Callable[[Path], None], kind: str
) -> None:
    path = folder / "console"
    make(path)
    before = open_descriptors()
    with pytest.raises(NotAConsole, match=f"{path} is {kind}, not a terminal"):
        PtyEndpoint(str(path)).pin()
    assert open_descriptors() == before


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/tty", "/dev/ptmx", "/dev/pts/ptmx"])
async def test_devices_that_no_vm_is_behind_are_not_opened(path: str) -> None:
    with pytest.raises(NotAConsole, match="is a character device, not a terminal"):
        PtyEndpoint(path).pin()


async def test_device_numbers_of_terminals_are_known(terminal: Terminal) -> None:
    assert is_terminal_device(Path(terminal.path).stat().st_rdev)
    assert is_terminal_device(os.makedev(136, 70_000))
    for stranger in ((5, 0), (5, 1), (5, 2), (4, 0), (4, 1), (10, 130), (1, 3)):
        assert not is_terminal_device(os.makedev(*stranger))


async def test_terminal_that_is_gone_is_absent(terminal: Terminal) -> None:
    terminal.hang_up()
    with pytest.raises(ConsoleAbsent):
        PtyEndpoint("/dev/pts/999999").pin()


async def test_links_lead_to_the_terminal(folder: Path, terminal: Terminal) -> None:
    (folder / "one").symlink_to(terminal.path)
    (folder / "two").symlink_to("one")
    with closing(await connect(str(folder / "two"))) as console:
        terminal.print(b"abc")
        assert console.read_nowait() == b"abc"


async def test_link_that_leads_elsewhere_now_is_another_life(folder: Path) -> None:
    link = folder / "console"
    with closing_terminal() as one, closing_terminal() as other:
        link.symlink_to(one.path)
        with closing(PtyEndpoint(str(link)).pin()) as pin:
            assert pin.is_current()
            link.unlink()
            link.symlink_to(other.path)
            assert not pin.is_current()


class closing_terminal(Terminal):  # noqa: N801 (used as a context manager)
    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()


async def test_new_terminal_of_the_same_number_is_another_life() -> None:
    old = Terminal()
    path = old.path
    with closing(PtyEndpoint(path).pin()) as pin:
        assert pin.is_current()
        old.hang_up()
        assert not pin.is_current()
        others: list[Terminal] = []
        try:
            # The lowest free number is given away; other programs may take part.
            while not others or (others[-1].path != path and len(others) < 50):
                others.append(Terminal())
            assert others[-1].path == path
            assert not pin.is_current()
            with pytest.raises(ConsoleRefused, match="Nobody is at the other end") as caught:
                await PtyEndpoint(path).connect(pin)
            assert caught.value.errno == errno.EIO
        finally:
            for other in others:
                other.hang_up()


async def test_number_is_not_given_away_while_the_console_is_open(terminal: Terminal) -> None:
    with closing(await connect(terminal.path)) as console:
        terminal.hang_up()
        others = [Terminal() for _ in range(5)]
        paths = [other.path for other in others]
        for other in others:
            other.hang_up()
        assert terminal.path not in paths
        assert console.read_nowait() == b""


async def test_reading_changes_no_key(terminal: Terminal) -> None:
    endpoint = PtyEndpoint(terminal.path)
    with closing(endpoint.pin()) as before, closing(await endpoint.connect(before)) as console:
        terminal.print(b"abc")
        console.read_nowait()
        with closing(endpoint.pin()) as after:
            assert before.key == after.key
            assert (before.found.st_dev, before.found.st_rdev) == (
                Path(terminal.path).stat().st_dev,
                Path(terminal.path).stat().st_rdev,
            )


BYTES = bytes(range(256)) * 8


async def test_terminal_that_nobody_prepared_gives_every_byte_and_echoes_none() -> None:
    with closing_terminal(raw=False) as terminal:
        before = termios.tcgetattr(terminal.theirs)
        with closing(await connect(terminal.path)) as console:
            terminal.print(BYTES)
            received = b""
            while len(received) < len(BYTES):
                received += await read_some(console)
            assert received == BYTES
            assert terminal.typed() == b""
            after = termios.tcgetattr(terminal.theirs)
        # Neither what becomes of output, nor speed and size of characters.
        assert [after[1], after[2], after[4], after[5]] == [
            before[1],
            before[2],
            before[4],
            before[5],
        ]
        assert termios.tcgetattr(terminal.theirs) == after


async def test_terminal_that_was_made_raw_is_left_as_it_is(terminal: Terminal) -> None:
    modes = termios.tcgetattr(terminal.theirs)
    modes[0] |= termios.IGNBRK
    modes[3] |= termios.NOFLSH
    termios.tcsetattr(terminal.theirs, termios.TCSANOW, modes)
    modes = termios.tcgetattr(terminal.theirs)
    with closing(await connect(terminal.path)):
        assert termios.tcgetattr(terminal.theirs) == modes
    assert termios.tcgetattr(terminal.theirs) == modes


@pytest.mark.parametrize(("least", "wait"), [(0, 0), (0, 5), (64, 0)])
async def test_single_byte_wakes_whatever_the_terminal_was_told_to_wait_for(
    terminal: Terminal, least: int, wait: int
) -> None:
    modes = termios.tcgetattr(terminal.theirs)
    modes[6][termios.VMIN], modes[6][termios.VTIME] = least, wait
    termios.tcsetattr(terminal.theirs, termios.TCSANOW, modes)
    with closing(await connect(terminal.path)) as console:
        with pytest.raises(BlockingIOError):
            console.read_nowait()
        terminal.print(b"x")
        assert await read_some(console) == b"x"


async def test_another_opener_cannot_feign_an_end(terminal: Terminal) -> None:
    with closing(await connect(terminal.path)) as console:
        modes = termios.tcgetattr(terminal.theirs)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 0, 0
        termios.tcsetattr(terminal.theirs, termios.TCSANOW, modes)
        with pytest.raises(BlockingIOError):
            console.read_nowait()
        terminal.print(b"x")
        assert console.read_nowait() == b"x"


async def test_a_read_gives_more_than_the_kernels_four_kilobytes(terminal: Terminal) -> None:
    with closing(await connect(terminal.path)) as console:
        sent = 0
        with suppress(BlockingIOError):
            while True:
                sent += os.write(terminal.ours, b"x" * 1000)
        assert sent > 8192
        received, reads = 0, 0
        while received < sent:
            received += len(await read_some(console))
            reads += 1
        assert reads < sent / 4095


async def test_console_ends_when_the_vmm_closes_its_side(terminal: Terminal) -> None:
    with closing(await connect(terminal.path)) as console, select.epoll() as epoll:
        epoll.register(console.fileno(), select.EPOLLIN)
        assert epoll.poll(0) == []
        os.close(terminal.theirs)
        terminal.theirs = -1
        terminal.hang_up()
        (_, events) = epoll.poll(10)[0]
        assert events & select.EPOLLHUP
        assert await read_some(console) == b""
        assert console.read_nowait() == b""
        assert console.is_accepted() is True


READER = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_NOCTTY)
print("ready", flush=True)
for _ in range(20):
    os.write(1, os.read(fd, 64))
"""


@pytest.fixture
def run() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Runs Python code beside the test, in a session of its own; it is ended with the test."""
    running = []

    def run(code: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd=Path(__file__).parents[3],
        )
        running.append(process)
        return process

    yield run
    for process in running:
        with process:
            process.kill()


async def test_second_reader_takes_bytes_away_and_none_are_doubled(
    terminal: Terminal, run: Callable[..., subprocess.Popen[bytes]]
) -> None:
    output = run(READER, terminal.path).stdout
    assert output is not None
    assert output.readline() == b"ready\n"
    sent = b"".join(b"%05d" % number for number in range(4000))
    ours, theirs = bytearray(), bytearray()
    unsent = memoryview(sent)
    with closing(await connect(terminal.path)) as console, anyio.fail_after(30):
        while len(ours) + len(theirs) < len(sent):
            if unsent:
                with suppress(BlockingIOError):
                    unsent = unsent[os.write(terminal.ours, unsent[:500]) :]
            if theirs:
                with suppress(BlockingIOError):
                    ours += console.read_nowait(500)
            if select.select([output], [], [], 0)[0]:
                theirs += os.read(output.fileno(), 65536)
            await anyio.lowlevel.checkpoint()
    assert ours
    assert theirs
    assert sorted(ours + theirs) == sorted(sent)


LEADER = """
import os, sys
from contextlib import closing
import anyio
from core.endpoints import PtyEndpoint

def terminal():
    return open("/proc/self/stat").read().rpartition(")")[2].split()[4]

async def main():
    endpoint = PtyEndpoint(sys.argv[1])
    before = terminal()
    with closing(endpoint.pin()) as pin, closing(await endpoint.connect(pin)) as console:
        assert os.getsid(0) == os.getpid()
        print(before, terminal(), flush=True)
        while True:
            await anyio.wait_readable(console.fileno())
            data = console.read_nowait()
            if not data:
                break
    print("survived the end", flush=True)

anyio.run(main)
"""


async def test_terminal_does_not_become_the_controlling_one_of_a_session_leader(
    terminal: Terminal, run: Callable[..., subprocess.Popen[bytes]]
) -> None:
    output = run(LEADER, terminal.path).stdout
    assert output is not None
    assert output.readline() == b"0 0\n"
    terminal.hang_up()
    assert output.readline() == b"survived the end\n"


SHELL = """
import fcntl, os, sys, termios, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
os.dup2(fd, 0)
os.write(1, b"at work\\n")
time.sleep(60)
"""


async def test_terminal_that_somebody_works_on_is_refused_and_untouched(
    run: Callable[..., subprocess.Popen[bytes]],
) -> None:
    with closing_terminal(raw=False) as terminal:
        found = Path(terminal.path).stat()
        assert session_on(found) == 0
        shell = run(SHELL, terminal.path)
        assert shell.stdout is not None
        assert shell.stdout.readline() == b"at work\n"
        assert session_on(found) == shell.pid
        # Every mount of devpts has a number of this kind; this terminal is in one of them.
        elsewhere = [*found[:2], found.st_dev + 1, *found[3:10]]
        assert session_on(os.stat_result(elsewhere, {"st_rdev": found.st_rdev})) == 0
        modes = termios.tcgetattr(terminal.theirs)
        with pytest.raises(ConsoleForbidden, match=f"terminal that process {shell.pid} runs on"):
            await connect(terminal.path)
        assert termios.tcgetattr(terminal.theirs) == modes


async def test_terminal_that_may_not_be_opened_names_its_owner(terminal: Terminal) -> None:
    Path(terminal.path).chmod(0 if os.geteuid() else 0o600)
    with without_root(), pytest.raises(ConsoleForbidden, match="it belongs to user"):
        await connect(terminal.path)


async def test_terminal_that_another_program_keeps_for_itself_is_busy(
    terminal: Terminal,
) -> None:
    Path(terminal.path).chmod(0o666)
    fcntl.ioctl(terminal.theirs, termios.TIOCEXCL)
    with without_root(), pytest.raises(ConsoleBusy, match="kept by another program"):
        await connect(terminal.path)


async def test_closed_terminal_is_an_error_of_ours(terminal: Terminal) -> None:
    before = open_descriptors()
    console = await connect(terminal.path)
    assert not os.get_inheritable(console.fileno())
    assert fcntl.fcntl(console.fileno(), fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    console.close()
    assert open_descriptors() == before
    with pytest.raises(ConsoleBroken, match=f"Cannot read {terminal.path}"):
        console.read_nowait()


async def test_another_endpoints_pin_is_a_mistake(terminal: Terminal) -> None:
    with closing(MemoryEndpoint().pin()) as pin, pytest.raises(TypeError):
        await PtyEndpoint(terminal.path).connect(pin)


async def test_raw_is_what_the_tests_terminals_are(terminal: Terminal) -> None:
    modes = termios.tcgetattr(terminal.theirs)
    tty.setraw(terminal.theirs)
    assert termios.tcgetattr(terminal.theirs) == modes
