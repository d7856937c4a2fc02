"""All commands by name. Enter waits for what was typed to be looked up."""

from __future__ import annotations

from textual import on
from textual.command import CommandPalette
from textual.widgets import Input
from textual.worker import Worker, WorkerState

PALETTE_ID = "--command-palette"
"""By which Textual knows that a palette is open."""


class Palette(CommandPalette):
    """Textual's palette, which looks commands up while one types and takes enter at any time.

    What stands on top then may be what an earlier letter found: a line typed quickly would
    run some other command.
    """

    def __init__(self) -> None:
        super().__init__(id=PALETTE_ID)
        self._is_given = False
        """Whether enter waits for the commands that match."""

    @on(Input.Changed)
    def _type_on(self) -> None:
        self._is_given = False

    @on(Input.Submitted)
    def _give(self, event: Input.Submitted) -> None:
        if self._is_looking_up:
            event.stop()
            event.prevent_default()
            self._is_given = True

    @property
    def _is_looking_up(self) -> bool:
        return any(
            worker.node is self and worker.name == "_gather_commands" and not worker.is_finished
            for worker in self.workers
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Run the first command once all that match are known."""
        if event.state is WorkerState.SUCCESS and self._is_given and not self._is_looking_up:
            self._is_given = False
            self._select_or_command()
