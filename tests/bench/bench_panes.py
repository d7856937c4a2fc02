"""Nine panes while nine guests print 20,000 lines a second in all.

Prints `name value budget ok|SHORT`: how long a key takes to the screen, and what
share of a core the dashboard needs. Nine of Textual's own `Log` and nine of its `RichLog`
show the same bytes in the same run, for the ratios. Run: `python -m tests.bench.bench_panes`.

Another process writes the recordings, as in real life. The frames are written as a
terminal would get them, to a sink.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import anyio
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.driver import Driver
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Log, RichLog

from core.clock import now
from core.recording import GenerationReader, History, Meta, Recorder
from core.sandboxes.model import ConsoleFacts, ConsoleState, SandboxFacts, SandboxSpec, Traffic
from tests.bench.report import report
from tui.themes.palettes import PALETTES
from tui.themes.theme import full_name, theme_of
from tui.widgets.console_pane import ConsolePane
from tui.widgets.pane_grid import PaneGrid

GUESTS = 9
LINES_PER_S = 20_000
SECONDS = 10.0
KEYS_PER_S = 20
SCREEN = (200, 60)

MAX_LATENCY_MS = 100.0
MAX_CPU_PERCENT = 30.0
MIN_TIMES_LOG = 5.0
MIN_TIMES_RICH_LOG = 20.0

FEEDS_PER_S = 15
RICH_LINES_PER_TICK = LINES_PER_S // GUESTS // 2
"""What a `RichLog` is fed at once at most: half a second's share of the load."""

PATIENCE_S = 5.0
"""A key that is not on the screen by then counts as so late, and the next one is pressed."""

LINES = (
    b"[%5d.%06d] virtio_net virtio0 eth0: renamed from ens3, queue %d\n",
    b"[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39msession-%d.%d\x1b[0m of user root %d\n",
    b'{"level":"INFO","ts":"%d.%d","subsystem":"rpc","msg":"container started","cid":"%d"}\n',
    b"audit: type=1400 audit(%d.%d:%d): apparmor=STATUS operation=profile_load\n",
)

COSTLY = b"".join(b"\x1b[38;2;%d;%d;9mx" % (n % 250, n % 99) for n in range(500)) + b"\n"
"""A row that takes milliseconds to make safe, for a guest that wants to harm."""
COSTLY_PER_S = 1_000


class SinkDriver(Driver):
    """A terminal that takes everything and says when."""

    def __init__(self, app: App[None], **options: object) -> None:
        super().__init__(app, size=SCREEN)
        self._sink = os.open("/dev/null", os.O_WRONLY)

    def write(self, data: str) -> None:
        """Take a frame."""
        os.write(self._sink, data.encode("utf-8"))
        app = self._app
        assert isinstance(app, BenchApp)
        app.wrote()

    def start_application_mode(self) -> None:
        """Say how large the screen is."""
        size = Size(*SCREEN)
        self.send_message(events.Resize(size, size))

    def disable_input(self) -> None:
        """There is none."""

    def stop_application_mode(self) -> None:
        """Close the sink."""
        if self._sink >= 0:
            os.close(self._sink)
            self._sink = -1


class BenchApp(App[None]):
    """Presses keys in a widget while it floods, and takes the time to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_by(2)", priority=True),
        Binding("k", "scroll_by(-2)", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__(driver_class=SinkDriver)
        for each in PALETTES:
            self.register_theme(theme_of(each))
        self.theme = full_name("dark")
        self.latencies_ms: list[float] = []
        self.cpu_percent = 0.0
        self._pressed_at = 0.0
        self._stage = ""

    def target(self) -> Widget:
        """The widget that the keys move."""
        raise NotImplementedError

    def move(self, rows: int) -> None:
        """Scroll the target."""
        raise NotImplementedError

    def action_scroll_by(self, rows: int) -> None:
        """The key has arrived."""
        self.move(rows)
        if self._stage == "pressed":
            self._stage = "moved"

    def painted(self) -> None:
        """The target's rows were asked for."""
        if self._stage == "moved":
            self._stage = "painted"

    def wrote(self) -> None:
        """A frame left for the terminal."""
        if self._stage == "painted":
            self._stage = ""
            self.latencies_ms.append((time.perf_counter() - self._pressed_at) * 1000)

    async def measure(self, seconds: float) -> None:
        """Press keys for a while, and quit."""
        await anyio.sleep(1.0)
        self.move(-30)
        cpu, began = time.process_time(), time.perf_counter()
        keys = itertools.cycle("kkjj")
        while time.perf_counter() - began < seconds:
            if self._may_press():
                self._stage, self._pressed_at = "pressed", time.perf_counter()
                key = next(keys)
                self.post_message(events.Key(key, key))
            await anyio.sleep(1 / KEYS_PER_S)
        if self._stage:
            self.latencies_ms.append((time.perf_counter() - self._pressed_at) * 1000)
        elapsed = time.perf_counter() - began
        self.cpu_percent = 100 * (time.process_time() - cpu) / elapsed
        self.exit()

    def _may_press(self) -> bool:
        """Whether the key before is on the screen, or was waited for long enough."""
        if not self._stage:
            return True
        waited_s = time.perf_counter() - self._pressed_at
        if waited_s < PATIENCE_S:
            return False
        self.latencies_ms.append(waited_s * 1000)
        return True


class TimedPane(ConsolePane):
    """Tells the app when it is painted."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Tell, and paint."""
        if self.has_focus and isinstance(self.app, BenchApp):
            self.app.painted()
        return super().render_lines(crop)


class TimedLog(Log):
    """Tells the app when it is painted."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Tell, and paint."""
        if self.has_focus and isinstance(self.app, BenchApp):
            self.app.painted()
        return super().render_lines(crop)


class TimedRichLog(RichLog):
    """Tells the app when it is painted."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Tell, and paint."""
        if self.has_focus and isinstance(self.app, BenchApp):
            self.app.painted()
        return super().render_lines(crop)


class PanesApp(BenchApp):
    """Nine of our panes."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self.grid = PaneGrid(time.time, make_pane=TimedPane)

    def compose(self) -> ComposeResult:
        """The grid."""
        yield self.grid

    def on_mount(self) -> None:
        """Show the guests."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._show()
        self.set_interval(1.0, self._show)
        self.grid.focus_pane(1)
        self.run_worker(self.measure(SECONDS))

    def _show(self) -> None:
        self.grid.show([_facts(self._home, f"vm{n}") for n in range(GUESTS)], time.time())

    def target(self) -> Widget:
        """The first pane."""
        return self.grid.panes[0]

    def move(self, rows: int) -> None:
        """Scroll the first pane."""
        self.grid.panes[0].scroll_rows(rows)


class WidgetsApp(BenchApp):
    """Nine of Textual's widgets, fed from the same recordings at our rate."""

    CSS = "Grid { grid-size: 3 3; } Grid > * { border: round gray; }"

    def __init__(self, home: Path, widgets: Sequence[Log | RichLog]) -> None:
        super().__init__()
        self._widgets = widgets
        self._readers = [
            GenerationReader(History(home / f"vm{n}").generations[-1].folder) for n in range(GUESTS)
        ]
        self._offsets = [reader.end for reader in self._readers]

    def compose(self) -> ComposeResult:
        """The widgets."""
        yield Grid(*self._widgets)

    def on_mount(self) -> None:
        """Begin to feed."""
        self._widgets[0].focus()
        self.set_interval(1 / FEEDS_PER_S, self._feed)
        self.run_worker(self.measure(SECONDS))

    def on_unmount(self) -> None:
        """Close the recordings."""
        for reader in self._readers:
            reader.close()

    def _feed(self) -> None:
        for n, (widget, reader) in enumerate(zip(self._widgets, self._readers, strict=True)):
            reader.refresh()
            data = reader.read(self._offsets[n], reader.end - self._offsets[n])
            self._offsets[n] += len(data)
            self._write(widget, data.decode("utf-8", "replace").splitlines())

    @staticmethod
    def _write(widget: Log | RichLog, lines: list[str]) -> None:
        if isinstance(widget, RichLog):
            # It takes some 3,000 lines a second. What it is behind by more is left out, in its
            # favour: it would be behind by more, and take more memory, with every tick.
            for line in lines[-RICH_LINES_PER_TICK:]:
                widget.write(line)
        elif lines:
            widget.write_lines(lines)

    def target(self) -> Widget:
        """The first one."""
        return self._widgets[0]

    def move(self, rows: int) -> None:
        """Scroll the first one."""
        self._widgets[0].scroll_relative(y=rows, animate=False)


def logs_app(home: Path) -> BenchApp:
    """Nine `Log`."""
    return WidgetsApp(home, [TimedLog(max_lines=10_000) for _ in range(GUESTS)])


def rich_logs_app(home: Path) -> BenchApp:
    """Nine `RichLog`."""
    return WidgetsApp(home, [TimedRichLog(max_lines=10_000) for _ in range(GUESTS)])


def _facts(home: Path, name: str) -> SandboxFacts:
    return SandboxFacts(
        spec=SandboxSpec(id=name, console="unix:/tmp/console.sock"),
        family="qemu",
        console=ConsoleFacts(state=ConsoleState.CONNECTED, since=time.time()),
        traffic=Traffic(last_byte_at=time.time()),
        recordings=str(home / name),
    )


def write_guests(home: Path, *, is_hostile: bool) -> None:
    """Print into nine recordings until the standard input ends."""
    recorders = [
        Recorder.begin(home, f"vm{n}", life="1", meta=Meta(id=f"vm{n}", life="1"), at=now())
        for n in range(GUESTS)
    ]
    print("ready", flush=True)
    os.set_blocking(0, False)
    began, written = time.perf_counter(), 0
    rate = COSTLY_PER_S if is_hostile else LINES_PER_S
    while not _is_over():
        due = int((time.perf_counter() - began) * rate) - written
        for recorder in recorders:
            share = max(0 if is_hostile else 1, due // GUESTS)
            if is_hostile:
                lines = [COSTLY] * share
            else:
                kinds = itertools.islice(itertools.cycle(LINES), share)
                lines = [line % (n, written, n) for n, line in enumerate(kinds)]
            if lines:
                recorder.write(b"".join(lines), now())
            written += share
        time.sleep(0.01)
    for recorder in recorders:
        recorder.flush()
        recorder.close()


def _is_over() -> bool:
    try:
        return os.read(0, 1) == b""
    except BlockingIOError:
        return False


@contextmanager
def flood(home: Path, *, is_hostile: bool) -> Iterator[None]:
    """Nine guests that print meanwhile."""
    command = [sys.executable, "-m", "tests.bench.bench_panes", "--write", str(home)]
    if is_hostile:
        command.append("--hostile")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdout.readline()
        yield
        writer.stdin.close()
        writer.wait(10)


def run(make: Callable[[Path], BenchApp], *, is_hostile: bool = False) -> BenchApp:
    """The app after it measured."""
    with tempfile.TemporaryDirectory() as folder, flood(Path(folder), is_hostile=is_hostile):
        app = make(Path(folder))
        app.run()
    return app


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--hostile", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_guests(Path(arguments.write), is_hostile=arguments.hostile)
        return
    panes, logs, rich_logs = run(PanesApp), run(logs_app), run(rich_logs_app)
    hostile = run(PanesApp, is_hostile=True)
    latency, cpu = p99(panes.latencies_ms), panes.cpu_percent
    report("panes_key_to_paint_p99_ms", latency, at_most=MAX_LATENCY_MS)
    report("panes_cpu_percent", cpu, at_most=MAX_CPU_PERCENT)
    report("panes_to_logs_cpu", cpu / logs.cpu_percent, at_most=1.0)
    for name, other, at_least in (
        ("log", logs, MIN_TIMES_LOG),
        ("rich_log", rich_logs, MIN_TIMES_RICH_LOG),
    ):
        times = p99(other.latencies_ms) / latency
        report(f"panes_key_to_paint_times_faster_than_{name}", times, at_least=at_least)
    late = p99(hostile.latencies_ms)
    report("panes_hostile_key_to_paint_p99_ms", late, at_most=MAX_LATENCY_MS)


if __name__ == "__main__":
    main()
