"""Records a real guest's console with the times of its bytes: how the demo's own data was made.

    python -m tests.guests.record linux61-initramfs-panic core/demo/data
    python -m tests.guests.record --merge OLD.log OLD.timing core/demo/data/NEW

Writes `<name>.log` and `<name>.timing` (util-linux `script`'s form). Reads that came
within `MERGE_S` of a record's first are part of that record.
"""

from __future__ import annotations

import argparse
import selectors
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.demo.initramfs import build_initramfs
from core.demo.qemu import GuestSetup, QemuProcess
from core.demo.tools import find_tools
from tests.guests.client import connect_soon

MERGE_S = 0.004

_PROMPT = b"guest:/# "

_LAST_S = 30.0
"""A guest that says nothing for this long has said its last."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a recorded guest does."""

    body: str = "echo guest ready"
    programs: dict[str, str] = field(default_factory=dict)
    typed: tuple[tuple[bytes, bytes], ...] = ()
    """What to wait for, and what to type then."""
    ends_at: bytes = b""
    """The recording ends here; at the guest's end when empty."""
    panic_s: int = -1


_FUZZ = r"""#!/bin/sh
# Reads random settings of this kernel and writes back what was read, for $1 seconds.
files=$(find /proc/sys -type f | grep -v -E 'panic|sysrq|drop_caches|compact')
count=$(echo "$files" | wc -l)
begin=$(date +%s); calls=0; refused=0; told=$begin
while now=$(date +%s); [ $((now - begin)) -lt "$1" ]; do
    name=$(echo "$files" | sed -n "$((RANDOM % count + 1))p")
    calls=$((calls + 2))
    value=$(cat "$name" 2>/dev/null)
    if ! (echo "$value" > "$name") 2>/dev/null; then refused=$((refused + 1)); fi
    if [ "$now" -gt "$told" ]; then
        told=$now
        printf 'fuzz %3d s  %5d calls  \033[33m%d refused\033[0m  %s\n' \
            $((now - begin)) $calls $refused "${name#/proc/sys/}"
    fi
done
printf '\033[1;32mfuzz done\033[0m  %d calls\n' $calls
"""

_AGENT = r"""
stamp() {
    set -- $(adjtimex | sed -n 's/.*time.tv_u\?sec: *//p')
    printf '%s.%06dZ' "$(date -u -d "@$1" +%Y-%m-%dT%H:%M:%S)" "$2"
}
say() {
    printf '{"msg":"%s","level":"%s","ts":"%s","subsystem":"%s",' "$3" "$1" "$(stamp)" "$2"
    printf '"name":"kata-agent","pid":"%s","source":"agent","version":"0.1.0"%s}\n' "$$" "$4"
}
total=$(sed -n 's/MemTotal: *//p' /proc/meminfo)
pod=9578d6b1c4e2
say INFO root announce ",\"kernel\":\"$(uname -r)\",\"agent-type\":\"script\""
say INFO root "Setting up signal handler"
say DEBG mount "mount root file systems" ",\"count\":\"$(wc -l </proc/mounts)\""
for kind in proc sysfs devtmpfs; do
    say DEBG mount "mounted" ",\"fs-type\":\"$kind\""
done
say INFO uevent "starting uevents handler"
say INFO rpc "ttRPC server started" ",\"address\":\"vsock://-1:1024\""
sleep 1
say INFO rpc "get guest details!" ",\"mem-total\":\"$total\",\"cpus\":\"$(nproc)\""
say INFO rpc "rpc call from shim to agent: \\\"create_sandbox\\\""
say INFO sandbox "receive createSandbox" ",\"hostname\":\"nginx-7c9\""
say WARN sandbox "no dns servers given" ",\"sandbox-id\":\"$pod\""
say INFO sandbox "sandbox set up" ",\"sandbox-id\":\"$pod\""
usleep 400000
call() { say INFO rpc "rpc call from shim to agent: \\\"$1\\\"" "$2"; }
for name in pause nginx; do
    this=",\"container-id\":\"$name-$pod\""
    call create_container "$this"
    say INFO rpc "receive createcontainer, spec: nothing of it is kept here" "$this"
    say DEBG cgroups "cgroup manager" ",\"path\":\"/kubepods/burstable/$name-$pod\""
    usleep 300000
    call start_container "$this"
    (sleep 30) &
    say INFO process "container started" "$this,\"container-pid\":\"$!\""
    usleep 500000
done
say ERRO rpc "read_stdout failed" ",\"error\":\"EOF\",\"container-id\":\"pause-$pod\""
call stats_container ",\"load\":\"$(cut -d' ' -f1-3 /proc/loadavg)\""
say INFO root "agent idle"
"""

SCENES = {
    "linux61-initramfs-panic": Scene(
        programs={"fuzz": _FUZZ},
        typed=((_PROMPT, b"fuzz 20\n"), (b"fuzz done", b"echo c > /proc/sysrq-trigger\n")),
        panic_s=5,
    ),
    "kata-agent-style-boot": Scene(body=_AGENT, ends_at=b"agent idle"),
}


def merged(reads: Iterable[tuple[float, bytes]]) -> Iterator[tuple[float, bytes]]:
    """Reads with their arrival times as records that begin `MERGE_S` apart or more."""
    begin, data = 0.0, b""
    for at, piece in reads:
        if data and at - begin >= MERGE_S:
            yield begin, data
            data = b""
        if not data:
            begin = at
        data += piece
    if data:
        yield begin, data


def write(records: Iterable[tuple[float, bytes]], target: Path) -> None:
    """Write `target`.log and `target`.timing; delays are rounded cumulatively."""
    last_us = 0
    log = target.with_name(target.name + ".log")
    timing = target.with_name(target.name + ".timing")
    with log.open("wb") as bytes_file, timing.open("w", encoding="ascii") as times_file:
        for at, data in records:
            at_us = round(at * 1e6)
            delay_us, last_us = at_us - last_us, at_us
            bytes_file.write(data)
            times_file.write(f"O {delay_us // 10**6}.{delay_us % 10**6:06d} {len(data)}\n")


def read_back(log: Path, timing: Path) -> Iterator[tuple[float, bytes]]:
    """A recording's bytes with the times they came at."""
    at, offset, data = 0.0, 0, log.read_bytes()
    for line in timing.read_text("ascii").splitlines():
        _, delay, size = line.split()
        at += float(delay)
        yield at, data[offset : offset + int(size)]
        offset += int(size)


def record(scene: Scene) -> Iterator[tuple[float, bytes]]:
    """Boot the scene's guest and give what it says, with seconds since it was started."""
    tools = find_tools()
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    try:
        initramfs = build_initramfs(
            tools, folder / "i.cpio", body=scene.body, programs=scene.programs
        )
        console = folder / "console.sock"
        setup = GuestSetup(tools=tools, initramfs=initramfs, console=console, panic_s=scene.panic_s)
        begin = time.monotonic()
        with QemuProcess(setup.argv(), log=folder / "qemu.log"), connect_soon(console) as client:
            for data in _listen(client, scene):
                yield time.monotonic() - begin, data
    finally:
        shutil.rmtree(folder)


def _listen(client: socket.socket, scene: Scene) -> Iterator[bytes]:
    heard, typed = b"", list(scene.typed)
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        while selector.select(_LAST_S):
            data = client.recv(64 * 1024)
            if not data:
                return
            yield data
            heard += data
            if typed and typed[0][0] in heard:
                client.sendall(typed.pop(0)[1])
                heard = b""
            if scene.ends_at and scene.ends_at in heard and heard.endswith(b"\n"):
                return


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--merge", nargs=3, type=Path, metavar=("LOG", "TIMING", "TARGET"))
    parser.add_argument("scene", nargs="?", choices=sorted(SCENES))
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    options = parser.parse_args()
    if options.merge:
        log, timing, target = options.merge
        write(merged(read_back(log, timing)), target)
    elif options.scene:
        write(merged(record(SCENES[options.scene])), options.folder / options.scene)
    else:
        parser.error("name a scene, or give --merge")


if __name__ == "__main__":
    main()
