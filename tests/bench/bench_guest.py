"""Whether a real guest is slowed by being watched: `python -m tests.bench.bench_guest`.

A guest under QEMU prints bursts and times each by its own clock. Capture and a plain
`socat` that writes a file are attached to it alternately, in one boot; each pair of
bursts gives a ratio. A serial port slows a guest whose reader is slow; a virtconsole
throws away what its reader does not take, so there the lines are counted. Each line is
`name value budget ok|SHORT`.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from core.client import Client
from core.demo.initramfs import ConsoleDevice, build_initramfs
from core.demo.qemu import GuestSetup, QemuProcess
from core.demo.tools import Tools, find_tools
from core.errors import ToolsMissing
from core.sandboxes.model import ConsoleState
from core.sandboxes.named import sandbox_spec
from tests.bench.report import report
from tests.bench.running import running_capture
from tests.guests.client import connect_soon, until

PAIRS = 11
LINES = 2000
_LINE = b"burst line %d: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX"
QUIET_S = 0.3
"""What is not on disk after so long without a new byte does not come any more."""

_BODY = """\
dmesg -n 1
stty raw -echo </dev/{control}
exec 3<>/dev/{control}
awk 'BEGIN {{ for (i = 0; i < {lines}; i++)
    printf "burst line %d: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX\\n", i }}' \
    >/burst
echo ready >&3
while read -r word <&3; do
    began=$(awk '/^now at/ {{ print $3; exit }}' /proc/timer_list)
    cat /burst
    echo "took $began $(awk '/^now at/ {{ print $3; exit }}' /proc/timer_list)" >&3
done
"""


def main() -> None:
    """Print every figure."""
    socat = shutil.which("socat")
    if socat is None:
        print("# a real guest: left out. sudo apt-get install socat", flush=True)
        return
    try:
        tools = find_tools()
    except ToolsMissing as missing:
        print(f"# a real guest: left out. {missing}. {missing.hint}", flush=True)
        return
    for device in ConsoleDevice:
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="gw-bench-") as folder:
            anyio.run(_compare, Path(folder), device, tools, socat)


async def _compare(folder: Path, device: ConsoleDevice, tools: Tools, socat: str) -> None:
    console = folder / "c.sock"
    with _guest(folder, console, device, tools) as burst:
        async with running_capture(folder / "c") as (client, _pid):
            await client.watch(sandbox_spec("vm1", f"unix:{console}"))
            log = await _recorded(client)
            await client.stop("vm1")
            lost, theirs = _Lost(), _Lost()
            sides = {
                "capture": lambda: _captured(client, log, lost),
                "socat": lambda: _copied(socat, console, folder / "socat.log", theirs),
            }
            ratios = []
            for number in range(PAIRS):
                order = list(sides) if number % 2 else list(sides)[::-1]
                took = {name: await _timed(sides[name], burst) for name in order}
                ratios.append(took["capture"] / took["socat"])
    print(f"# {device}: each burst some {took['socat'] * 1000:.0f} ms;", end=" ")
    print(f"ratios from {min(ratios):.3f} to {max(ratios):.3f}; socat lost {theirs.lines} lines")
    report(f"{device}, burst against socat's", statistics.median(ratios), at_most=1.05)
    report(f"{device}, lines lost", float(lost.lines), at_most=0.0)


class _Lost:
    """How many lines a reader did not write."""

    def __init__(self) -> None:
        self.lines = 0


async def _timed(
    attached: Callable[[], AbstractAsyncContextManager[None]], burst: Callable[[], float]
) -> float:
    """How long a burst took the guest while somebody is attached."""
    async with attached():
        return await anyio.to_thread.run_sync(burst)


async def _recorded(client: Client) -> Path:
    """The log, once the console is recorded."""
    while True:
        (facts,) = await client.sandboxes()
        if facts.console.state is ConsoleState.CONNECTED:
            return Path(facts.recordings, facts.generation, "console.log")
        await anyio.sleep(0.01)


@asynccontextmanager
async def _captured(client: Client, log: Path, lost: _Lost) -> AsyncIterator[None]:
    """Capture is attached; what of the burst is missing then is counted."""
    await client.start("vm1")
    await _recorded(client)
    before = log.stat().st_size
    yield
    await _quiet(log)
    with log.open("rb") as file:
        file.seek(before)
        kept = file.read()
    lost.lines += _missing(kept)
    await client.stop("vm1")


@asynccontextmanager
async def _copied(socat: str, console: Path, copy: Path, lost: _Lost) -> AsyncIterator[None]:
    """A plain copy of the console into a file."""
    copy.unlink(missing_ok=True)
    command = [socat, "-u", f"UNIX-CONNECT:{console}", f"CREATE:{copy}"]
    async with await anyio.open_process(command, stdin=None, stdout=None, stderr=None) as process:
        while not copy.exists():
            await anyio.sleep(0.01)
        yield
        await _quiet(copy)
        process.terminate()
    lost.lines += _missing(copy.read_bytes())


def _missing(kept: bytes) -> int:
    """How many lines of a burst are not in what was kept of it."""
    found = set(kept.replace(b"\r", b"").split(b"\n"))
    return sum(_LINE % number not in found for number in range(LINES))


async def _quiet(file: Path) -> None:
    before = -1
    while (size := file.stat().st_size) != before:
        before = size
        await anyio.sleep(QUIET_S)


@contextmanager
def _guest(
    folder: Path, console: Path, device: ConsoleDevice, tools: Tools
) -> Iterator[Callable[[], float]]:
    """A guest; has it print a burst and returns the seconds that it took by its own clock."""
    is_serial = device is ConsoleDevice.SERIAL
    body = _BODY.format(control="ttyS1" if is_serial else "ttyS0", lines=LINES)
    initramfs = build_initramfs(tools, folder / "guest.cpio", body=body, console=device)
    setup = GuestSetup(tools=tools, initramfs=initramfs, console=console, device=device)
    control = folder / "ctl.sock"
    argv = [*setup.argv(), "-chardev", f"socket,id=ctl,path={control},server=on,wait=off"]
    argv += ["-device", "isa-serial,chardev=ctl"]
    with QemuProcess(argv, log=folder / "qemu.log"), connect_soon(control) as channel:
        answers = _Answers(channel)
        until(lambda: answers.next().endswith("ready"))

        def burst() -> float:
            channel.sendall(b"burst\n")
            while not (words := answers.next().split()) or words[0] != "took":
                pass
            return (int(words[2]) - int(words[1])) / 1e9

        # The first one warms what the emulator has yet to translate.
        yield burst


class _Answers:
    """Lines that the guest says beside its console."""

    def __init__(self, channel: socket.socket) -> None:
        self._file = channel.makefile("r", encoding="ascii", errors="replace")

    def next(self) -> str:
        """The next one."""
        line = self._file.readline()
        if not line:
            raise RuntimeError("the guest of the benchmark ended")
        return line.strip()


if __name__ == "__main__":
    main()
