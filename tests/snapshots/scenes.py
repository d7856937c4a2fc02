"""What the pictures show: the dashboard at one moment, on recordings of real guests.

Snapshot tests and `screenshots/` are made from the same scenes. Everything stands
still: the clock is at `NOON`, and no guest says anything more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import msgspec
from textual.pilot import Pilot

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
from tests.fakes import NOON, ScriptedLink, sandbox
from tui.app import GuestwatchApp
from tui.looks import Looks
from tui.viewing import Viewing

PATIENCE_S = 30.0

Steps = Sequence[tuple[float, bytes]]
"""What a guest said: seconds since what it said before, and the bytes."""


@dataclass(frozen=True)
class Scene:
    """One moment of the dashboard."""

    name: str
    facts: Callable[[Path], list[SandboxFacts]]
    keys: tuple[str, ...] = ()
    """Pressed once everything is painted."""


@contextmanager
def scene_app(scene: Scene, home: Path, *, theme: str = "dark") -> Iterator[GuestwatchApp]:
    """The dashboard on `scene`, with its recordings below `home`."""
    with closing(ScriptedLink(scene.facts(home))) as link:
        yield GuestwatchApp(link, host="kvm07", clock=lambda: NOON, looks=Looks(theme))


async def settle(pilot: Pilot[None], scene: Scene) -> None:
    """Carry the scene's facts to the screen, wait until it is painted, then press its keys."""
    app = pilot.app
    assert isinstance(app, GuestwatchApp)
    app.run_worker(app.bridge.run())
    app.run_worker(app.home.finder.run())
    await _painted(pilot, app)
    for key in scene.keys:
        await pilot.press(key)
        await _painted(pilot, app)


async def _painted(pilot: Pilot[None], app: GuestwatchApp) -> None:
    with anyio.fail_after(PATIENCE_S):
        while not app.dashboard.is_settled:
            await pilot.pause()
    # The panes read at their own rate; here they read now.
    await pilot.pause()
    grid = app.dashboard.stage.grid
    grid.beat()
    with anyio.fail_after(PATIENCE_S):
        while not grid.time_lock.is_settled(grid.panes):
            grid.beat()
            await pilot.pause()
    viewings = [pane.viewing for pane in grid.panes if pane.viewing is not None]
    while any(each.annotations.is_behind for each in viewings):
        grid.beat()
    for each in viewings:
        while each.shape.is_behind:
            each.shape.poll()
    with anyio.fail_after(PATIENCE_S):
        while not all(_is_searched(each) for each in viewings):
            await pilot.pause()
    grid.beat()
    app.dashboard.refresh_facts()
    app.dashboard.refresh_timeline()
    # The timeline's width is known after a layout.
    await pilot.pause()
    app.dashboard.refresh_timeline()
    await pilot.pause()


def _is_searched(viewing: Viewing) -> bool:
    """Whether what it is filtered by was looked for everywhere."""
    facts = viewing.filtering.facts
    return facts is None or "+" not in facts.count


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
            home, sandbox_id, life=f"life {number}", meta=_meta(sandbox_id, number, at), at=at
        )
        for delay, data in steps:
            at = Instant(at.wall + delay, at.boot + delay)
            recorder.write(data, at)
        generation, size = recorder.generation, recorder.size
        recorder.close()
        at = Instant(at.wall + 3.0, at.boot + 3.0)
    return str(home / sandbox_id), generation, size


def _meta(sandbox_id: str, number: int, at: Instant) -> Meta:
    return Meta(
        id=sandbox_id,
        life=f"life {number}",
        boot_id="boot",
        started_wall=at.wall,
        started_boot=at.boot,
    )


def _guest(
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


def _said(name: str, mark: bytes = b"") -> Steps:
    """What a recorded guest said, up to the first `mark`."""
    recording = load_recording(name)
    steps = recording.until(mark) if mark else iter(recording.steps)
    return [(step.delay_s, step.data) for step in steps]


def _web(home: Path) -> SandboxFacts:
    login = _said("debian12-systemd-boot", b"login: ")
    return _guest(home, "web-1", login, bytes_per_s=778.0)


def _panicked(home: Path) -> SandboxFacts:
    # Its VMM was killed in the middle of the trace, so that the first line can be seen.
    facts = _guest(
        home,
        "fuzz-2",
        _said("linux61-initramfs-panic", b"do_syscall_64+0x5d/0x90\r\n"),
        state=ConsoleState.ENDED,
        reason="VMM exited",
        silent_s=33.0,
    )
    alert = AlertFacts(
        kind="panic",
        title="Kernel panic - not syncing: sysrq triggered crash",
        severity=Severity.CRITICAL,
        generation=facts.generation,
        wall=NOON - 34.0,
    )
    return msgspec.structs.replace(facts, scan=ScanFacts(alerts=1, last=alert))


def _pod(home: Path) -> SandboxFacts:
    return _guest(
        home,
        "nginx-7c9",
        _said("kata-agent-style-boot"),
        family="kata",
        proxy_type=ProxyType.KATA_BUILT_IN,
        bytes_per_s=1200.0,
    )


def _quiet(home: Path) -> SandboxFacts:
    return _guest(home, "db-0", _said("linux61-initramfs-boot"), silent_s=47.0)


def _rebooted(home: Path) -> SandboxFacts:
    panic = _said("linux61-initramfs-panic")
    again = _said("linux61-initramfs-boot", b"SMBIOS 2.8 present.\r\n")
    return _guest(home, "fuzz-2", panic, again, bytes_per_s=81.0)


def _eventful(home: Path) -> list[SandboxFacts]:
    """A panic that somebody marked, and the reboot after it, as their ledgers tell."""
    facts = _rebooted(home)
    first, second = (each.folder for each in generations_in(home / facts.id))
    log = (first / "console.log").read_bytes()
    oops, sysrq = log.index(b"Kernel panic"), log.index(b"sysrq: Trigger")
    starts = [log.rindex(b"\n", 0, at) + 1 for at in (oops, sysrq)]
    at = Instant(NOON - 7.0, 50_000.0)
    title = "Kernel panic - not syncing: sysrq triggered crash"
    alert: dict[str, Fact] = {"kind": "panic", "title": title, "severity": "critical"}
    enter_late(first, "alert", at, len(log), **alert, start=starts[0], wall=at.wall)
    enter_mark(first, starts[1], "asked for it", at)
    enter_late(first, "ended", at, len(log))
    gap = Gap(Cause.RESTARTED, at.wall, at.wall + 3.0)
    enter_late(second, "gap", at, 0, **gap.facts())
    enter_late(second, "attached", Instant(at.wall + 3.0, at.boot + 3.0), 0, pid=4711)
    return [facts]


def _four(home: Path) -> list[SandboxFacts]:
    return [_web(home), _pod(home), _panicked(home), _quiet(home)]


def _nine(home: Path) -> list[SandboxFacts]:
    more = [
        _guest(home, f"build-{number}", _said("linux61-initramfs-boot", b"Memory: "))
        for number in range(1, 6)
    ]
    return [*_four(home), *more]


def _states(_: Path) -> list[SandboxFacts]:
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
        _held(),
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


def _held() -> SandboxFacts:
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


def _only_state(name: str, home: Path) -> list[SandboxFacts]:
    return [each for each in _states(home) if each.id == name]


def _kata_proxy(home: Path) -> list[SandboxFacts]:
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
        _web(home),
    ]


def _looks(home: Path) -> list[SandboxFacts]:
    """What is coloured: states, levels of a guest and an agent, a held pane, an alert."""
    return [_web(home), _pod(home), _panicked(home), _held()]


def _talking(home: Path) -> list[SandboxFacts]:
    """Four guests whose boots overlap in time, a panic among them, a warning nobody saw."""
    oom = AlertFacts(
        kind="hung-task",
        title="INFO: task kworker/0:1:12 blocked for more than 120 seconds.",
        severity=Severity.WARNING,
    )
    facts = [_web(home), _pod(home), _panicked(home), _quiet(home)]
    warned = msgspec.structs.replace(facts[1], scan=ScanFacts(alerts=1, last=oom))
    return [facts[0], warned, *facts[2:]]


SCENES = {
    scene.name: scene
    for scene in (
        Scene("empty", lambda _: []),
        Scene("one", lambda home: [_web(home)]),
        Scene("four", _four),
        Scene("nine", _nine),
        Scene("zoom", _four, keys=("down", "z")),
        Scene("paused", _four, keys=("1", "pageup", "pageup")),
        Scene("agent", lambda home: [_pod(home)]),
        Scene("rebooted", lambda home: [_rebooted(home)], keys=("1",)),
        Scene("help", _four, keys=("question_mark",)),
        Scene("confirm", _kata_proxy, keys=("s",)),
        Scene("take", lambda home: [_held(), _web(home)], keys=("T",)),
        Scene("states", _states),
        Scene("wrapped", lambda home: [_pod(home)], keys=("1", "w", "x", "pageup")),
        *(
            Scene(f"state-{name}", partial(_only_state, name))
            for name in (
                "absent",
                "connecting",
                "waiting",
                "held",
                "silent",
                "ended",
                "failed",
                "unwatched",
                "stopped",
            )
        ),
        Scene("looks", _looks, keys=("1", "pageup")),
        Scene("events", _eventful, keys=("1", "z", "[", "[", "[", "[")),
        Scene("locked", _four, keys=("1", "pageup", "pageup", "equals_sign")),
        Scene("interleaved", _four, keys=("1", "i", "pageup")),
        Scene("badges", _talking, keys=("4", "P")),
        Scene(
            "filtered",
            lambda home: [_web(home)],
            keys=(
                "1",
                "ampersand",
                *"start",
                "enter",
                "+",
                "ampersand",
                "exclamation_mark",
                *"fin",
            ),
        ),
        Scene(
            "filtered-out", lambda home: [_web(home)], keys=("1", "ampersand", *"nothing", "enter")
        ),
    )
}
