"""Typing a pattern to filter by: the pane shows what it would be like at every key."""

from __future__ import annotations

from collections.abc import Callable

from core.console import SafeStr, safe_text
from core.errors import BadQuery
from tui.finding.filtering import Filtering
from tui.finding.filters import Filters, Term, term_of, typed
from tui.states import sentences
from tui.widgets.prompt import Memory, Prompt, Question


class FilterPrompt:
    """One question for a pattern, new or to be changed.

    Args:
        prompt: where it is typed.
        filtering: what it is for.
        changed: called whenever other rows may be shown.
        memory: what was typed before.
        index: the pattern to change; None for a new one.
    """

    def __init__(
        self,
        prompt: Prompt,
        filtering: Filtering,
        changed: Callable[[], None],
        memory: Memory,
        index: int | None = None,
    ) -> None:
        self._prompt = prompt
        self._filtering = filtering
        self._changed = changed
        self._memory = memory
        self._before = filtering.filters
        self._others = self._before if index is None else self._before.without(index)
        self._edited = None if index is None else self._before.terms[index]
        self._is_regex = self._edited is not None and self._edited.query.is_regex
        self._is_exclude = False

    def ask(self) -> None:
        """Ask for it."""
        text = "" if self._edited is None else typed(self._edited)
        self._prompt.ask(
            Question(
                label=self._label(text),
                give=self._give,
                text=text,
                change=self._try_out,
                drop=self._drop,
                keys={"ctrl+r": self._turn_regex, "ctrl+e": self._turn_exclude},
                memory=self._memory,
                hint=self._hint,
            )
        )

    def _label(self, text: str) -> SafeStr:
        verb = "matching" if self._is_regex else "with"
        is_exclude = self._parsed(text).is_exclude
        return safe_text(f"{'No' if is_exclude else 'Only'} lines {verb}")

    @property
    def _hint(self) -> SafeStr:
        form = "literal" if self._is_regex else "regex"
        return safe_text(f"ctrl+e {'show' if self._is_exclude else 'hide'} · ctrl+r {form}")

    def _parsed(self, text: str) -> Term:
        return term_of(text, is_regex=self._is_regex, is_exclude=self._is_exclude)

    def _term(self, text: str) -> Term:
        """What is typed.

        Raises:
            BadQuery: it cannot be searched for.
        """
        term = self._parsed(text)
        term.query.check()
        return term

    def _try_out(self, text: str) -> None:
        self._prompt.say_label(self._label(text))
        try:
            self._show(self._others, self._term(text))
        except BadQuery as error:
            # The rows stay as the last sound pattern left them: it is being typed.
            self._prompt.explain(_said(error))

    def _give(self, text: str) -> SafeStr:
        try:
            term = self._term(text)
        except BadQuery as error:
            return _said(error)
        if not term.query.text:
            # Nothing typed brings back what was left last, as less's repeated search does.
            is_new = self._edited is None and self._others.is_empty
            self._show(self._filtering.last if is_new else self._others)
            return safe_text("")
        if self._others.is_full:
            return sentences("A filter has no room for more patterns", "Take one off first")
        self._show(self._others.with_term(term))
        return safe_text("")

    def _drop(self) -> None:
        self._show(self._before)

    def _turn_regex(self) -> None:
        self._is_regex = not self._is_regex
        self._turned()

    def _turn_exclude(self) -> None:
        self._is_exclude = not self._is_exclude
        self._turned()

    def _turned(self) -> None:
        self._prompt.say_hint(self._hint)
        self._prompt.explain(safe_text(""))
        self._try_out(self._prompt.text)

    def _show(self, filters: Filters, draft: Term | None = None) -> None:
        self._filtering.try_out(filters, draft)
        self._changed()


def _said(error: BadQuery) -> SafeStr:
    return sentences(error.message, error.hint)
