"""An app with panes in it, and recordings for them to show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widget import Widget

from core.clock import Instant
from core.recording import Gap, Meta, Recorder
from core.recording.dropping import drop
from core.recording.layout import SEGMENT_BYTES
from core.recording.quota import Limits, plan
from core.recording.stock import Stock
from core.sandboxes.model import (
    ConsoleFacts,
    ConsoleState,
    ProxyFacts,
    ProxyState,
    SandboxFacts,
    SandboxSpec,
    Traffic,
)
from tui.themes.palettes import PALETTES
from tui.themes.theme import full_name, theme_of
from tui.widgets.console_pane import ConsolePane

NOON = 1_763_899_200.0
"""2025-11-23 12:00:00 UTC."""


class PaneApp(App[None]):
    """Shows the widgets it is given, on one of our themes."""

    CSS = "Screen { layout: vertical; }"

    def __init__(self, *widgets: Widget, theme: str = "dark") -> None:
        super().__init__()
        self._widgets = widgets
        for each in PALETTES:
            self.register_theme(theme_of(each))
        self.theme = full_name(theme)

    def compose(self) -> ComposeResult:
        yield from self._widgets


@dataclass
class Guest:
    """A sandbox whose console a test writes."""

    home: Path
    """The folder of all recordings."""
    id: str = "vm1"
    family: str = "qemu"
    lives: int = 0
    clock: float = 0.0
    """Seconds after noon."""
    recorder: Recorder | None = field(default=None, repr=False)
    segment_bytes: int = SEGMENT_BYTES

    def boot(self, data: bytes = b"") -> None:
        """Begin a generation."""
        self.close()
        self.lives += 1
        self.recorder = Recorder.begin(
            self.home,
            self.id,
            life=f"life {self.lives}",
            meta=self._meta(),
            at=self.now,
            segment_bytes=self.segment_bytes,
        )
        if data:
            self.write(data)

    @property
    def now(self) -> Instant:
        return Instant(NOON + self.clock, 1000.0 + self.clock)

    def write(self, data: bytes, after: float = 0.0) -> None:
        """Print, `after` seconds later."""
        if self.recorder is None:
            self.boot()
        assert self.recorder is not None
        self.clock += after
        self.recorder.write(data, self.now)
        self.recorder.flush()

    def lines(self, numbers: Iterable[int], after: float = 0.0) -> None:
        """Print a line for each number."""
        self.write(b"".join(b"line %06d\n" % n for n in numbers), after)

    def keep(self, size: int) -> None:
        """Drop old segments until no more than `size` bytes are left, as capture does."""
        recorder = self.recorder
        assert recorder is not None

        def tell(gap: Gap, offset: int) -> None:
            recorder.enter_gap(gap, self.now)

        stock = Stock(self.home)
        stock.look({recorder.folder})
        for piece in plan(stock.pieces, Limits(size, 0)):
            assert drop(self.home, piece, "quota", self.now, tell)

    def close(self) -> None:
        if self.recorder is not None:
            self.recorder.close()
            self.recorder = None

    def facts(
        self,
        state: ConsoleState = ConsoleState.CONNECTED,
        *,
        name: str = "",
        reason: str = "",
        trouble: str = "",
    ) -> SandboxFacts:
        """What capture would tell of it now."""
        folder = self.home / self.id
        return SandboxFacts(
            spec=SandboxSpec(id=self.id, console="unix:/tmp/console.sock", name=name),
            family=self.family,
            proxy=ProxyFacts(state=ProxyState.RUNNING),
            console=ConsoleFacts(state=state, reason=reason, since=NOON + self.clock),
            traffic=Traffic(last_byte_at=NOON + self.clock),
            recordings=str(folder) if folder.exists() else "",
            generation=self.recorder.generation if self.recorder is not None else "",
            recording_trouble=trouble,
        )

    def _meta(self) -> Meta:
        return Meta(
            id=self.id,
            name=self.id,
            family=self.family,
            hypervisor="qemu",
            pid=4711,
            console="unix:/tmp/console.sock",
            proxy_type="noProxy",
            life=f"life {self.lives}",
            boot_id="boot",
            started_wall=self.now.wall,
            started_boot=self.now.boot,
        )


def rows(pane: ConsolePane) -> list[str]:
    """What the pane shows, row by row, borders included."""
    return [pane.render_line(y).text for y in range(pane.size.height)]


def inner(pane: ConsolePane) -> list[str]:
    """What stands between the borders, without blanks at the end."""
    return [row[1:-1].rstrip() for row in rows(pane)[1:-1]]
