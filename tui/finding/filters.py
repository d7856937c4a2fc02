"""What a person filters a pane by. Pure values; nothing here searches or paints."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.console import Level, SafeStr, safe_text
from core.console.filtered import MAX_CONTEXT
from core.search import Query
from core.search.sieve import MAX_QUERIES, Sieve

LEVELS: tuple[Level | None, ...] = (None, Level.ERR, Level.WARNING, Level.NOTICE, Level.INFO)
"""In the order in which a key goes through them."""

_LEVEL_WORDS = {
    Level.ERR: "errors and worse",
    Level.WARNING: "warnings and worse",
    Level.NOTICE: "notices and worse",
    Level.INFO: "infos and worse",
}
_LEVEL_CHIPS = {
    Level.ERR: "≥error",
    Level.WARNING: "≥warn",
    Level.NOTICE: "≥notice",
    Level.INFO: "≥info",
}

_CHIP_CHARS = 24

_ESCAPED = "\\"
"""Before a text whose first sign is meant as it stands."""


@dataclass(frozen=True, slots=True)
class Term:
    """One pattern of a filter."""

    query: Query
    is_exclude: bool = False

    @property
    def chip(self) -> SafeStr:
        """The pattern in few cells: `+error`, `−usb`, `+/err(or)?/`."""
        text = safe_text(self.query.text, limit=4 * _CHIP_CHARS)
        if len(text) > _CHIP_CHARS:
            text = safe_text(text[: _CHIP_CHARS - 1] + "…")
        sign = "−" if self.is_exclude else "+"
        return safe_text(f"{sign}/{text}/" if self.query.is_regex else f"{sign}{text}")


@dataclass(frozen=True, slots=True)
class Filters:
    """All that one pane is filtered by, and how."""

    terms: tuple[Term, ...] = ()
    level: Level | None = None
    context: int = 0
    """Rows shown around each match."""
    hides: bool = True
    """Whether other rows are hidden; else matches are only highlighted."""

    @property
    def is_empty(self) -> bool:
        """Whether every row passes."""
        return not self.terms and self.level is None

    @property
    def is_full(self) -> bool:
        """Whether no further pattern is taken."""
        return len(self.terms) >= MAX_QUERIES

    @property
    def sieve(self) -> Sieve:
        """What is searched for."""
        return Sieve(
            tuple(term.query for term in self.terms if not term.is_exclude),
            tuple(term.query for term in self.terms if term.is_exclude),
            self.level,
        )

    @property
    def includes(self) -> tuple[Query, ...]:
        """What is looked for in rows that are shown."""
        return self.sieve.includes

    @property
    def chips(self) -> tuple[SafeStr, ...]:
        """Everything in few cells each."""
        chips = [term.chip for term in self.terms]
        if self.level is not None:
            chips.append(safe_text(_LEVEL_CHIPS[self.level]))
        if self.context and self.hides:
            chips.append(safe_text(f"±{self.context}"))
        if not self.hides:
            chips.append(safe_text("highlight"))
        return tuple(chips)

    @property
    def level_words(self) -> SafeStr:
        """How grave a row has to be, in words."""
        return safe_text("all levels" if self.level is None else _LEVEL_WORDS[self.level])

    @property
    def emptied(self) -> Filters:
        """Without anything to filter by, but in the same way."""
        return replace(self, terms=(), level=None)

    def with_term(self, term: Term | None) -> Filters:
        """With one more pattern, the same one never twice; None adds none."""
        if term is None or not term.query.text:
            return self
        others = tuple(each for each in self.terms if each.query != term.query)
        return replace(self, terms=(*others, term))

    def without(self, index: int) -> Filters:
        """Without the pattern at `index`; the level is behind the last one."""
        if index >= len(self.terms):
            return replace(self, level=None)
        return replace(self, terms=self.terms[:index] + self.terms[index + 1 :])

    def without_last(self) -> Filters:
        """Without the pattern that was added last, or without the level when there is none."""
        return self.without(len(self.terms) - 1) if self.terms else replace(self, level=None)

    def turned(self, index: int) -> Filters:
        """With the pattern at `index` the other way round: excluded, or included again."""
        term = self.terms[index]
        turned = replace(term, is_exclude=not term.is_exclude)
        return replace(self, terms=(*self.terms[:index], turned, *self.terms[index + 1 :]))

    def with_next_level(self) -> Filters:
        """With the next level of the cycle: all, errors, warnings and worse, and so on."""
        place = LEVELS.index(self.level) + 1
        return replace(self, level=LEVELS[place % len(LEVELS)])

    def with_hiding_turned(self) -> Filters:
        """Hiding other rows if they were highlighted, or the other way round."""
        return replace(self, hides=not self.hides)

    def with_context(self, step: int) -> Filters:
        """With so many more rows around each match."""
        return replace(self, context=max(0, min(MAX_CONTEXT, self.context + step)))


def term_of(text: str, *, is_regex: bool, is_exclude: bool) -> Term:
    """What a person typed; a `!` before it turns it round, a `\\!` means the sign itself."""
    if text.startswith("!"):
        text, is_exclude = text[1:], not is_exclude
    elif text.startswith(_ESCAPED + "!") and not is_regex:
        text = text[1:]
    return Term(Query(text, is_regex), is_exclude)


def typed(term: Term) -> str:
    """What a person would type for a term."""
    text = term.query.text
    if text.startswith("!"):
        text = _ESCAPED + text
    return f"!{text}" if term.is_exclude else text
