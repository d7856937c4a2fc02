"""The line in which a person types: a pattern, a note, a place to go to.

One prompt serves the screen. Whoever asks says what happens as the text changes, when it
is given and when it is not; what is wrong with the text stands above it, in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from core.console import SafeStr, safe_text
from tui.actions.model import OwnKey, Where
from tui.literal import literal

MAX_CHARS = 1000
"""A longer pattern, note or place is none."""

MAX_REMEMBERED = 100

_MIN_TEXT = 16
"""Cells that a text keeps for itself: rather than less of it there is no hint."""


class Memory:
    """What was given before, oldest first; one a kind of question."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, text: str) -> None:
        """Remember a text as the newest one."""
        if text:
            self.texts = [*(each for each in self.texts if each != text), text][-MAX_REMEMBERED:]


_NOTHING = safe_text("")


def _ignore(text: str) -> None:
    """A change of the text means nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what to do with the answer."""

    label: SafeStr
    """One or two words before the text."""
    give: Callable[[str], SafeStr]
    """Takes the text; returns what is wrong with it, empty when it is accepted."""
    text: str = ""
    """What stands there at first."""
    change: Callable[[str], None] = _ignore
    """Called whenever the text changed."""
    drop: Callable[[], None] = lambda: None
    """Called when the question was left without an answer."""
    keys: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Further keys that mean something meanwhile, such as `ctrl+r`."""
    memory: Memory | None = None
    hint: SafeStr = _NOTHING
    """What stands at the right while nothing is wrong: which keys mean something."""


class _Line(Input):
    """Textual's input; the keys that it leaves alone go to the prompt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "older", show=False),
        Binding("down", "newer", show=False),
        Binding("escape", "leave", show=False),
    ]

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(compact=True, max_length=MAX_CHARS, select_on_focus=False)
        self.cursor_blink = False
        self._prompt = prompt

    def validate_value(self, value: str) -> str:
        """What was pasted may come from a guest: only what may be shown stays."""
        return safe_text(value, limit=MAX_CHARS)

    def action_older(self) -> None:
        """The text that was given before, unless the question has a use of its own for the key."""
        if not self._prompt.takes("up"):
            self._prompt.recall(-1)

    def action_newer(self) -> None:
        """The text that was given after, unless the question has a use of its own for the key."""
        if not self._prompt.takes("down"):
            self._prompt.recall(1)

    def action_leave(self) -> None:
        """Leave the question."""
        self._prompt.leave()

    async def _on_key(self, event: events.Key) -> None:
        if self._prompt.takes(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)


class Prompt(Widget):
    """Hidden until something is asked; then it has the focus until it is answered or left."""

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        display: none;
        background: $gw-raised;
        padding: 0 1;

        Horizontal { height: 1; }
        #prompt-label { width: auto; color: $gw-accent; text-style: bold; padding-right: 1; }
        #prompt-hint { width: auto; color: $gw-quiet; padding-left: 1; }
        #prompt-trouble { height: auto; color: $gw-error; display: none; }
        _Line, _Line:focus { width: 1fr; background: $gw-raised; color: $gw-guest; border: none; }
    }
    """

    WHERE: ClassVar[Where] = Where.PROMPT

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._trouble = Static(id="prompt-trouble", markup=False)
        self._label = Static(id="prompt-label", markup=False)
        self._hint = Static(id="prompt-hint", markup=False)
        self._line = _Line(self)
        self._said = _NOTHING
        self._question: Question | None = None
        self._before: Widget | None = None
        self._recalled = 0
        self._begun = ""

    def compose(self) -> ComposeResult:
        """What is wrong, and below it the label, the text and which keys there are."""
        yield self._trouble
        yield Horizontal(self._label, self._line, self._hint)

    @property
    def is_asking(self) -> bool:
        """Whether a question waits for its answer."""
        return self._question is not None

    @property
    def text(self) -> str:
        """What is typed so far."""
        return self._line.value

    @property
    def own_keys(self) -> list[OwnKey]:
        """The keys that mean something while something is asked."""
        keys = [
            OwnKey("enter", "give", "Give what is typed"),
            OwnKey("escape", "leave", "Leave without an answer"),
        ]
        if self._question is not None and self._question.memory is not None:
            keys.append(OwnKey("up", "earlier", "What was given before; down for what came after"))
        return keys

    def ask(self, question: Question) -> None:
        """Ask, in the place of whatever was asked before; takes the focus."""
        if self._question is None:
            self._before = self.screen.focused
        else:
            self._question.drop()
        self._question = question
        self._recalled = 0
        self._label.update(literal(question.label))
        self.say_hint(question.hint)
        self.explain(safe_text(""))
        with self._line.prevent(Input.Changed):
            self._line.value = question.text
        self._line.cursor_position = len(question.text)
        self.display = True
        self._line.focus()

    def explain(self, trouble: SafeStr) -> None:
        """Say what is wrong with the text; nothing when it is empty."""
        self._trouble.update(literal(trouble))
        self._trouble.display = bool(trouble)

    def say_label(self, label: SafeStr) -> None:
        """Ask for something else with the same text, such as what a key switched to."""
        self._label.update(literal(label))

    def say_hint(self, hint: SafeStr) -> None:
        """Say something else at the right, such as what a key switched."""
        self._said = hint
        self._hint.update(literal(hint))
        self._fit()

    def on_resize(self) -> None:
        """Another width may have room for the hint, or none."""
        self._fit()

    def leave(self) -> None:
        """Give no answer. Harmless when nothing is asked."""
        question = self._question
        if question is not None:
            self._close()
            question.drop()

    def takes(self, key: str) -> bool:
        """Whether a key means something to the question; then it was done."""
        found = None if self._question is None else self._question.keys.get(key)
        if found is None:
            return False
        found()
        return True

    def recall(self, step: int) -> None:
        """Put a text that was given before in the line: older with -1, newer with 1."""
        memory = None if self._question is None else self._question.memory
        if memory is None:
            return
        if not self._recalled:
            self._begun = self._line.value
        self._recalled = max(-len(memory.texts), min(0, self._recalled + step))
        text = memory.texts[self._recalled] if self._recalled else self._begun
        self._line.value = text
        self._line.cursor_position = len(text)

    @on(Input.Changed)
    def _change(self, message: Input.Changed) -> None:
        message.stop()
        if self._question is not None:
            self.explain(safe_text(""))
            self._question.change(message.value)

    @on(Input.Submitted)
    def _give(self, message: Input.Submitted) -> None:
        message.stop()
        question = self._question
        if question is None:
            return
        trouble = question.give(message.value)
        if trouble:
            self.explain(trouble)
        elif self._question is question:
            if question.memory is not None:
                question.memory.add(message.value)
            self._close()

    def _fit(self) -> None:
        label = "" if self._question is None else self._question.label
        needed = cell_len(label) + cell_len(self._said) + _MIN_TEXT
        # Before the first layout there is no width to say that it does not fit.
        self._hint.display = not self.size.width or needed <= self.size.width

    def _close(self) -> None:
        self._question = None
        self.display = False
        before, self._before = self._before, None
        if before is not None and before.is_attached and before.can_focus:
            before.focus()
