"""Saving what is shown to files: asked for in the prompt, written between frames."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial

from textual.screen import Screen
from textual.timer import Timer

from core.console import Position, SafeStr, safe_text
from core.errors import GuestwatchError, OutputFailed, RecordingError
from core.saving import Saving, free_path, generation_text, wanted_path
from tui import amounts
from tui.copying.saves import Choice, Choices, as_lines, file_name
from tui.copying.taking import Cut, Stretch, Taken, everything, lines_said, pieces
from tui.opened.viewing import Viewing
from tui.pane.facts import selected_words
from tui.screens.pane_screen import PaneScreen
from tui.states import sentences
from tui.toast import say
from tui.widgets.console_pane import ConsolePane
from tui.widgets.prompt import Question

_SLICES_PER_S = 30
_SLICE_S = 0.01
"""How long one slice of a file is written: a third of the time, and no key waits for it."""


_IS_BUSY = safe_text("Another file is still being written. Try again when it is done.")


class SavingKeys(PaneScreen):
    """Saving what is shown to files."""

    copied: Taken | None = None
    """What was copied last."""

    _saving: Saving | None = None
    _slices: Timer | None = None

    def action_save(self) -> None:
        """Ask where to save what is selected, in sight, copied last or of the generation."""
        pane = self.pane
        try:
            choices = [] if pane is None else self._choices(pane)
        except RecordingError as error:
            say(self, sentences(f"The recording cannot be read: {error}"), severity="error")
            return
        if pane is None or pane.facts is None or not choices:
            say(self, safe_text("There is nothing to save yet."))
        else:
            self._ask_to_save(Choices(choices), pane.facts.id)

    def action_save_picture(self) -> None:
        """Ask where to save the screen as it is now, without the prompt in it."""
        if self._saving is not None:
            say(self, _IS_BUSY)
            return
        picture, text = self.app.export_screenshot(title="guestwatch"), screen_text(self)
        label = safe_text("save the screen to")
        hint = safe_text(".svg is a picture, else text")
        self._ask_path("guestwatch", ".svg", partial(_as_named, picture, text), label, hint)

    def _ask_to_save(self, choices: Choices, what: str) -> None:
        """Ask for a path, and save what is chosen there."""

        def turn(step: int) -> None:
            choices.turn(step)
            self.prompt.say_label(_label(choices))

        keys = {"up": lambda: turn(-1), "down": lambda: turn(1)}
        hint = safe_text("↑↓ something else" if len(choices) > 1 else "")
        self._ask_path(what, ".txt", lambda _: choices.chosen.pieces(), _label(choices), hint, keys)

    def _ask_path(
        self,
        what: str,
        suffix: str,
        pieces_for: Callable[[str], Iterable[bytes]],
        label: SafeStr,
        hint: SafeStr,
        keys: dict[str, Callable[[], None]] | None = None,
    ) -> None:
        """Ask for a path, and save there what `pieces_for` gives for it.

        Args:
            what: whose it is; the name that is offered begins with it.
            suffix: what that name ends in.
            pieces_for: makes what is saved, from what was typed.
            label: what is asked.
            hint: which keys mean something.
            keys: what they do.
        """
        name = free_path(wanted_path(file_name(what, self.clock(), suffix), "")).name
        self.prompt.ask(
            Question(
                label=label,
                give=lambda typed: self._begin_saving(typed, name, pieces_for),
                text=name,
                keys=keys or {},
                hint=hint,
            )
        )

    def on_unmount(self) -> None:
        """What is not finished is no file anybody wants."""
        if self._saving is not None:
            self._saving.cancel()

    def _choices(self, pane: ConsolePane) -> list[Choice]:
        """What can be saved of a pane, what was likely meant first."""
        viewing, selection, rows = pane.viewing, pane.selection, pane.guest_rows
        choices: list[Choice] = []
        if viewing is not None and selection is not None:
            cut = selection.snapshot().cut
            stretch = Stretch(selection.first, selection.last)
            text = _text(viewing, stretch, cut)
            choices.append(_choice(f"the selection, {selected_words(viewing)}", text))
        if viewing is not None and rows:
            stretch = Stretch(rows[0].position, rows[-1].position)
            choices.append(_choice("the lines in sight", _text(viewing, stretch, everything)))
            choices.append(_whole(viewing, rows[-1].position.generation))
        if self.copied is not None:
            text_copied = self.copied.text
            choices.append(
                _choice(
                    f"what was copied, {lines_said(self.copied.lines)}",
                    lambda: [text_copied.rstrip("\n")],
                )
            )
        return choices

    def _begin_saving(
        self, typed: str, name: str, pieces_for: Callable[[str], Iterable[bytes]]
    ) -> SafeStr:
        """Make the file; returns what is wrong with its path."""
        if self._saving is not None:
            return _IS_BUSY
        try:
            path = wanted_path(typed, name)
            saving = Saving(path, pieces_for(path.suffix))
        except OutputFailed as error:
            return sentences(error.message, error.hint)
        self._saving = saving
        self._slices = self.set_interval(1 / _SLICES_PER_S, self._write_on, name="saving")
        self._write_on(is_first=True)
        return safe_text("")

    def _write_on(self, *, is_first: bool = False) -> None:
        saving = self._saving
        if saving is None:
            return
        try:
            is_done = saving.step(_SLICE_S)
        except GuestwatchError as error:
            self._end_saving()
            say(self, sentences(f"Not saved: {error.message}", error.hint), severity="error")
            return
        if is_done:
            self._end_saving()
            size = amounts.size(saving.bytes_written)
            say(self, safe_text(f"Saved {size} to {saving.path}"))
        elif is_first:
            say(self, safe_text("Saving. Quitting before it is done removes the file again."))

    def _end_saving(self) -> None:
        if self._slices is not None:
            self._slices.stop()
        self._saving = self._slices = None


def _whole(viewing: Viewing, sequence: int) -> Choice:
    """All of a generation, with its gaps; of a log, all that is there."""
    generation = viewing.generation(sequence)
    if viewing.library.has_times and generation is not None:
        words = safe_text(f"all of generation {sequence}")
        return Choice(words, partial(generation_text, generation.folder.parent, sequence))
    stretch = Stretch(Position(sequence, 0), Position(sequence, sys.maxsize))
    text = partial(pieces, viewing.transcript, stretch, everything, look=viewing.look)
    return _choice("all of the log", text)


def _as_named(picture: str, text: str, suffix: str) -> list[bytes]:
    """The screen as the name of its file says."""
    return [(picture if suffix == ".svg" else text).encode()]


def screen_text(screen: Screen[None]) -> str:
    """What is on a screen, row by row, without what is blank at the ends."""
    rows = screen._compositor.render_strips()
    return "".join(f"{strip.text.rstrip()}\n" for strip in rows)


def _text(viewing: Viewing, stretch: Stretch, cut: Cut) -> Callable[[], Iterable[str]]:
    """The text of rows as they are shown now, however they are shown later."""
    rows, look = viewing.filtering.rows, viewing.look
    return partial(pieces, viewing.transcript, stretch, cut, look=look, rows=rows)


def _choice(words: str, text: Callable[[], Iterable[str]]) -> Choice:
    return Choice(safe_text(words), lambda: as_lines(text()))


def _label(choices: Choices) -> SafeStr:
    # At the left: what stands at the right is under the toasts for some seconds.
    return safe_text(f"save {choices.chosen.words} to")
