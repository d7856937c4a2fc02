"""The guests in the pictures: recordings of real ones, and states that need none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.clock import Instant
from core.demo.recordings import load_recording
from core.proxy.types import ProxyType
from core.recording import Cause, Fact, Gap, Meta, Recorder, enter_late, enter_mark
from core.recording.history import generations_in
from core.sandboxes.model import (
    AlertFacts,
    ConsoleState,
    ProxyState,
    SandboxFacts,
    ScanFacts,
)
from core.settings import Severity
from tests.fakes import NOON, sandbox

Steps = Sequence[tuple[float, bytes]]
"""What a guest said: seconds since what it said before, and the bytes."""


def play(
    home: Path,
    sandbox_id: str,
    lives: Sequence[Steps],
    *,
    ended_s: float = 0.5,
) -> tuple[str, str, int]:
    """Record what a guest said; its folder, its last generation and that one's size.

    Args:
        home: the folder of all recordings.
        sandbox_id: whose.
        lives: what it said in each life of its console.
        ended_s: how many seconds before `NOON` it said its last.
    """
    length_s = sum(delay for steps in lives for delay, _ in steps) + 3.0 * (len(lives) - 1)
    at = Instant(NOON - ended_s - length_s, 50_000.0)
    generation, size = "", 0
    for number, steps in enumerate(lives):
        recorder = Recorder.begin(
            home, sandbox_id, life=f"life {number}", meta=meta(sandbox_id, number, at), at=at
        )
        for delay, data in steps:
            at = Instant(at.wall + delay, at.boot + delay)
            recorder.write(data, at)
        generation, size = recorder.generation, recorder.size
        recorder.close()
        at = Instant(at.wall + 3.0, at.boot + 3.0)
    return str(home / sandbox_id), generation, size


def meta(sandbox_id: str, number: int, at: Instant) -> Meta:
    return Meta(
        id=sandbox_id,
        life=f"life {number}",
        boot_id="boot",
        started_wall=at.wall,
        started_boot=at.boot,
    )


def guest(
    home: Path,
    sandbox_id: str,
    *lives: Steps,
    state: ConsoleState = ConsoleState.CONNECTED,
    silent_s: float = 0.5,
    family: str = "qemu",
    proxy_type: ProxyType = ProxyType.NO_PROXY,
    reason: str = "",
    bytes_per_s: float = 0.0,
) -> SandboxFacts:
    folder, generation, size = play(home, sandbox_id, lives, ended_s=silent_s)
    return sandbox(
        sandbox_id,
        state,
        family=family,
        proxy_type=proxy_type,
        reason=reason,
        silent_s=silent_s,
        bytes_per_s=bytes_per_s,
        recorded=size,
        recordings=folder,
        generation=generation,
        vmm_pid=4711,
    )


def said(name: str, mark: bytes = b"") -> Steps:
    """What a recorded guest said, up to the first `mark`."""
    recording = load_recording(name)
    steps = recording.until(mark) if mark else iter(recording.steps)
    return [(step.delay_s, step.data) for step in steps]


def web(home: Path) -> SandboxFacts:
    login = said("debian12-systemd-boot", b"login: ")
    return guest(home, "web-1", login, bytes_per_s=778.0)


def panicked(home: Path) -> SandboxFacts:
    # Its VMM was killed in the middle of the trace, so that the first line can be seen.
    facts = guest(
        home,
        "fuzz-2",
        said("linux61-initramfs-panic", b"do_syscall_64+0x5d/0x90\r\n"),
        state=ConsoleState.ENDED,
        reason="VMM exited",
        silent_s=33.0,
    )
    (generation,) = generations_in(home / facts.id)
    log = (generation.folder / "console.log").read_bytes()
    alert = AlertFacts(
        kind="panic",
        title="Kernel panic - not syncing: sysrq triggered crash",
        severity=Severity.CRITICAL,
        generation=facts.generation,
        start=log.rindex(b"\n", 0, log.index(b"Kernel panic")) + 1,
        end=len(log),
        wall=NOON - 34.0,
    )
    enter_alert(generation.folder, alert, len(log))
    return msgspec.structs.replace(facts, scan=ScanFacts(alerts=1, last=alert))


def enter_alert(folder: Path, alert: AlertFacts, size: int) -> None:
    """Enter an alert as the scanner does."""
    facts: dict[str, Fact] = {"kind": alert.kind, "title": alert.title}
    facts |= {"severity": str(alert.severity), "start": alert.start, "end": alert.end}
    enter_late(folder, "alert", Instant(alert.wall, 1.0), size, **facts, wall=alert.wall)


def pod(home: Path) -> SandboxFacts:
    return guest(
        home,
        "nginx-7c9",
        said("kata-agent-style-boot"),
        family="kata",
        proxy_type=ProxyType.KATA_BUILT_IN,
        bytes_per_s=1200.0,
    )


def quiet(home: Path) -> SandboxFacts:
    return guest(home, "db-0", said("linux61-initramfs-boot"), silent_s=47.0)


def rebooted(home: Path) -> SandboxFacts:
    panic = said("linux61-initramfs-panic")
    again = said("linux61-initramfs-boot", b"SMBIOS 2.8 present.\r\n")
    return guest(home, "fuzz-2", panic, again, bytes_per_s=81.0)


def eventful(home: Path) -> list[SandboxFacts]:
    """A panic that somebody marked, and the reboot after it, as their ledgers tell."""
    facts = rebooted(home)
    first, second = (each.folder for each in generations_in(home / facts.id))
    log = (first / "console.log").read_bytes()
    oops, sysrq = log.index(b"Kernel panic"), log.index(b"sysrq: Trigger")
    starts = [log.rindex(b"\n", 0, at) + 1 for at in (oops, sysrq)]
    at = Instant(NOON - 7.0, 50_000.0)
    alert = AlertFacts(
        kind="panic",
        title="Kernel panic - not syncing: sysrq triggered crash",
        severity=Severity.CRITICAL,
        start=starts[0],
        end=len(log),
        wall=at.wall,
    )
    enter_alert(first, alert, len(log))
    enter_mark(first, starts[1], "asked for it", at)
    enter_late(first, "ended", at, len(log))
    gap = Gap(Cause.RESTARTED, at.wall, at.wall + 3.0)
    enter_late(second, "gap", at, 0, **gap.facts())
    enter_late(second, "attached", Instant(at.wall + 3.0, at.boot + 3.0), 0, pid=4711)
    return [facts]


def four(home: Path) -> list[SandboxFacts]:
    return [web(home), pod(home), panicked(home), quiet(home)]


def nine(home: Path) -> list[SandboxFacts]:
    more = [
        guest(home, f"build-{number}", said("linux61-initramfs-boot", b"Memory: "))
        for number in range(1, 6)
    ]
    return [*four(home), *more]


def in_each_state(_: Path) -> list[SandboxFacts]:
    """A sandbox in each state a console can be in while there is nothing to see."""
    path = "/run/vm/edge/console.sock"
    return [
        sandbox(
            "absent",
            ConsoleState.ABSENT,
            reason=f"Nothing is at {path} yet",
            hint="It is attached to as soon as the VM makes it.",
        ),
        sandbox("connecting", ConsoleState.CONNECTING, reason=f"connecting to unix:{path}"),
        sandbox(
            "waiting",
            ConsoleState.WAITING,
            reason="pid 4711 (socat) has this console; it serves one at a time, and this one is"
            " next",
            hint="Close the other client. Nothing is written to the guest until then.",
        ),
        held(),
        sandbox("silent", silent_s=47.0),
        sandbox("ended", ConsoleState.ENDED, reason="VMM exited"),
        sandbox(
            "failed",
            ConsoleState.FAILED,
            reason=f"{path}: Permission denied",
            hint="It belongs to libvirt-qemu, mode 0600. Run guestwatch as that user.",
        ),
        sandbox(
            "unwatched",
            ConsoleState.NOT_WATCHED,
            proxy=ProxyState.RUNNING,
            debug=False,
            reason="debug watching is off",
            hint="Turn it on.",
        ),
        sandbox(
            "stopped", ConsoleState.NOT_WATCHED, reason="the proxy is stopped", hint="Start it."
        ),
    ]


def held() -> SandboxFacts:
    """A console that a colleague's socat has."""
    facts = sandbox("held", ConsoleState.HELD, reason="held by pid 4711 (socat)")
    console = msgspec.structs.replace(
        facts.console,
        holder_pid=4711,
        holder_name="socat",
        hint="Close the other client.",
        consequence="Attaching throws nobody off: it waits behind socat (pid 4711), and is next,"
        " before whoever wants to come back.",
        is_takeable=True,
    )
    return msgspec.structs.replace(facts, console=console)


def only_state(name: str, home: Path) -> list[SandboxFacts]:
    return [each for each in in_each_state(home) if each.id == name]


def kata_proxy(home: Path) -> list[SandboxFacts]:
    return [
        sandbox(
            "pod-4f0c",
            ConsoleState.HELD,
            family="kata",
            proxy_type=ProxyType.KATA,
            proxy_pid=4711,
            reason="the kata-proxy reads this console; its output is recorded instead",
            holder=(4711, "kata-proxy"),
        ),
        web(home),
    ]


def looks(home: Path) -> list[SandboxFacts]:
    """What is coloured: states, levels of a guest and an agent, a held pane, an alert."""
    return [web(home), pod(home), panicked(home), held()]


def talking(home: Path) -> list[SandboxFacts]:
    """Four guests whose boots overlap in time, a panic among them, a warning nobody saw."""
    oom = AlertFacts(
        kind="hung-task",
        title="INFO: task kworker/0:1:12 blocked for more than 120 seconds.",
        severity=Severity.WARNING,
    )
    facts = [web(home), pod(home), panicked(home), quiet(home)]
    warned = msgspec.structs.replace(facts[1], scan=ScanFacts(alerts=1, last=oom))
    return [facts[0], warned, *facts[2:]]
