"""What demo guests say for ever once they have booted: generated, not recorded.

Pure and endless. Each generator carries its own time, so that what is stamped in the
text agrees with the delays; the same arguments give the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.demo.step import Say

_RED, _GREEN, _YELLOW, _BOLD, _OFF = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


def _line(delay_s: float, text: str) -> Say:
    # A guest's tty turns \n into \r\n (ONLCR).
    return Say(delay_s, text.encode() + b"\r\n")


_PAGES = ("/", "/api/v1/orders", "/api/v1/orders/8812", "/healthz", "/static/app.js", "/login")


def web_requests(*, uptime_s: float) -> Iterator[Say]:
    """A web server's log on the console, a heartbeat every ten seconds, and timers.

    Args:
        uptime_s: what the guest's own clock says when this begins.
    """
    chance = random.Random("web")
    now, beat_at, served = uptime_s, uptime_s + 10, 0
    while True:
        delay = chance.choice((0.05, 0.2, 0.4, 0.9, 1.6)) * chance.uniform(0.5, 1.5)
        now += delay
        stamp = f"[{now:12.6f}]"
        if now >= beat_at:
            beat_at += 10
            load = " ".join(f"{chance.uniform(0.05, 0.6):.2f}" for _ in range(3))
            text = f"{stamp} heartbeat[611]: up {now:.0f} s, load {load}, {served} requests"
            yield _line(delay, text)
            continue
        if chance.random() < 0.02:
            yield from _timer(delay)
            continue
        served += 1
        status = chance.choices((200, 304, 404, 502), (90, 14, 4, 1))[0]
        colour = _RED if status >= 500 else _YELLOW if status >= 400 else _GREEN
        took = chance.expovariate(40)
        yield _line(
            delay,
            f"{stamp} nginx[412]: 10.0.3.{chance.randrange(2, 40)} "
            f'"GET {chance.choice(_PAGES)} HTTP/1.1" {colour}{status}{_OFF} '
            f"{chance.randrange(120, 48_000)} {took:.3f}s",
        )


def _timer(delay_s: float) -> Iterator[Say]:
    yield _line(
        delay_s, "         Starting \x1b[0;1;39mlogrotate.service\x1b[0m - Rotate log files..."
    )
    yield _line(
        0.3,
        "[\x1b[0;32m  OK  \x1b[0m] Finished \x1b[0;1;39mlogrotate.service\x1b[0m"
        " - Rotate log files.",
    )


_UNITS = (
    *("init/main.o", "init/do_mounts.o", "arch/x86/entry/common.o", "arch/x86/kernel/traps.o"),
    *("arch/x86/mm/fault.o", "kernel/fork.o", "kernel/exit.o", "kernel/panic.o"),
    *("kernel/sched/core.o", "kernel/sched/fair.o", "kernel/printk/printk.o", "mm/memory.o"),
    *("mm/slub.o", "mm/page_alloc.o", "fs/namei.o", "fs/ext4/inode.o", "block/blk-mq.o"),
    *("drivers/char/virtio_console.o", "drivers/tty/serial/8250/8250_port.o"),
    *("drivers/virtio/virtio_ring.o", "drivers/virtio/virtio_pci_modern.o"),
    *("net/core/dev.o", "net/ipv4/tcp_input.o", "net/vmw_vsock/af_vsock.o", "lib/vsprintf.o"),
)
_TESTS = ("list-test", "time_test_cases", "kunit_executor_test", "sysctl_test", "qos-kunit-test")


def ci_jobs() -> Iterator[Say]:
    """A kernel build on a CI runner, job after job: progress lines, colours, a bar."""
    chance = random.Random("ci")
    job = 4711
    while True:
        yield _line(
            1.0,
            f"{_BOLD}▶ job {job}{_OFF}  linux · x86_64_defconfig · runner {chance.randrange(1, 9)}",
        )
        yield from _clone(chance)
        yield from _compile(chance)
        yield from _kunit(chance)
        yield _line(0.4, f"{_GREEN}✔ job {job} finished{_OFF}, waiting for the next one")
        yield _line(6.0, "")
        job += 1


def _clone(chance: random.Random) -> Iterator[Say]:
    yield _line(0.5, "Cloning into 'linux'...")
    total = chance.randrange(80_000, 95_000)
    for percent in (*range(0, 100, 4), 100):
        done = total * percent // 100
        size = f"{total * percent / 100 / 370:.2f} MiB | {chance.uniform(9, 14):.2f} MiB/s"
        text = f"Receiving objects: {percent:3}% ({done}/{total}), {size}"
        end = ", done.\r\n" if percent == 100 else "\r"
        yield Say(0.12, (text + end).encode())


def _compile(chance: random.Random) -> Iterator[Say]:
    count = len(_UNITS)
    for number, unit in enumerate(_UNITS, 1):
        delay = chance.uniform(0.1, 0.7)
        yield Say(delay, f"\r\x1b[K  CC      {unit}\r\n".encode())
        if chance.random() < 0.06:
            source = unit.removesuffix(".o") + ".c"
            where = f"{source}:{chance.randrange(40, 900)}:{chance.randrange(2, 40)}"
            yield _line(
                0.0,
                f"{_BOLD}{where}:{_OFF} \x1b[1;35mwarning:{_OFF} "
                f"unused variable ‘{chance.choice('nip')}’ [\x1b[1;35m-Wunused-variable{_OFF}]",
            )
        full = 30 * number // count
        bar = f"{_GREEN}{'█' * full}{_OFF}{'░' * (30 - full)}"
        yield Say(0.0, f"{bar} {100 * number // count:3}%  {number}/{count}".encode())
    yield Say(0.6, b"\r\x1b[K  LD      vmlinux\r\n")
    yield _line(0.9, "  OBJCOPY arch/x86/boot/bzImage")


def _kunit(chance: random.Random) -> Iterator[Say]:
    yield _line(0.4, "KTAP version 1")
    for number, name in enumerate(_TESTS, 1):
        passed = chance.random() > 0.12
        word = f"{_GREEN}ok{_OFF}" if passed else f"{_RED}not ok{_OFF}"
        yield _line(chance.uniform(0.1, 0.6), f"{word} {number} {name}")


_CALLS = (
    *("stats_container", "stats_container", "get_oom_event", "get_metrics", "exec_process"),
    *("wait_process", "get_guest_details", "update_container", "read_stdout", "tty_win_resize"),
)
_CONTAINERS = ("nginx-9578d6b1c4e2", "pause-9578d6b1c4e2")
_DETAILS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("DEBG", "rpc", "read_stdout: nothing to read", {}),
    ("DEBG", "cgroups", "cgroup stats read", {"path": "/kubepods/burstable"}),
    ("INFO", "uevent", "got uevent message", {"devpath": "/devices/virtual/net/eth0"}),
    ("INFO", "sandbox", "online cpus", {"count": "1"}),
    ("WARN", "rpc", "slow answer to shim", {"took-ms": "412"}),
    ("ERRO", "rpc", "exec_process failed", {"error": "ENOENT: No such file or directory"}),
)


def agent_calls(*, started: float, pid: int = 1) -> Iterator[Say]:
    """A Kata agent's JSON lines as its runtime calls it, one object a line.

    Args:
        started: what the guest's clock says when this begins, seconds since the epoch.
        pid: the agent's.
    """
    chance = random.Random("agent")
    now = datetime.fromtimestamp(started, UTC)
    while True:
        delay = chance.choice((0.02, 0.1, 0.6, 1.5, 2.5)) * chance.uniform(0.6, 1.4)
        now += timedelta(seconds=delay)
        if chance.random() < 0.7:
            level, subsystem = "INFO", "rpc"
            message = f'rpc call from shim to agent: "{chance.choice(_CALLS)}"'
            more = {"container-id": chance.choice(_CONTAINERS)}
        else:
            level, subsystem, message, more = chance.choices(_DETAILS, (6, 5, 3, 3, 2, 1))[0]
        entry = {
            "msg": message,
            "level": level,
            "ts": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "subsystem": subsystem,
            "name": "kata-agent",
            "pid": str(pid),
            "source": "agent",
            "version": "0.1.0",
            **more,
        }
        yield _line(delay, json.dumps(entry, separators=(",", ":")))
