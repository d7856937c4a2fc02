"""One row of a guest's bytes as the line that is shown.

Bytes become text (UTF-8, what is not becomes U+FFFD); escape sequences go, except that
SGR becomes style and erase-in-line, carriage return, backspace and tab do what they do
on a terminal; every character left that is not printable becomes a picture. Agent and
kernel lines get roles on top. Style does not carry over from one row to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.console.agent import agent_parts
from core.console.ansi import TOKEN, restyled
from core.console.cells import Cells
from core.console.kernel import kernel_runs
from core.console.model import PLAIN, ConsoleLine, Role, Run, SafeStr, Style
from core.console.safe import has_marks, printable, with_few_marks

MAX_RUNS = 256
"""Looks in one line; a guest that changes colours more often goes on without."""

MAX_STEPS = 1024
"""Times that one line may move, erase or begin an escape sequence. Progress displays need
some hundreds; more than this would make a screen full of such lines slow to paint."""

_STEP = re.compile(r"\x1b|\r+|\x08+|\t+")


def render_line(
    data: bytes, *, raw: bool = False, fields: bool = False, plain: bool = False
) -> ConsoleLine:
    """The line that `data` shows, whatever it is. Never raises; linear in its length.

    Args:
        data: a row without its newline.
        raw: leave agent and kernel lines as they are: no roles, no JSON made readable.
            What a terminal would act on is taken out all the same.
        fields: show an agent line's further fields, too.
        plain: show none of the guest's own colours and attributes.
    """
    # A return at the end moves nothing that is shown: most lines end in CR LF.
    data = data.rstrip(b"\r")
    text = data.decode("utf-8", "replace")
    if not raw and text[:1] == "{":
        parts = agent_parts(text, fields=fields)
        if parts is not None:
            runs = [Run(len(part), PLAIN, role) for part, role in parts]
            return ConsoleLine(SafeStr("".join(part for part, _ in parts)), _capped(runs))
    if text.isascii() and text.isprintable():
        return ConsoleLine(SafeStr(text), _plain_runs(text, raw=raw))
    pieces = _pieces(text)
    if len(pieces) == 1 and pieces[0][1] == PLAIN:
        shown = pieces[0][0]
        return ConsoleLine(SafeStr(shown), _plain_runs(shown, raw=raw))
    shown = "".join(piece for piece, _ in pieces)
    if plain:
        return ConsoleLine(SafeStr(shown), _plain_runs(shown, raw=raw))
    return ConsoleLine(SafeStr(shown), _capped(_crossed(pieces, _plain_runs(shown, raw=raw))))


def _plain_runs(text: str, *, raw: bool) -> tuple[Run, ...]:
    if not raw:
        return kernel_runs(text)
    return (Run(len(text)),) if text else ()


def _pieces(text: str) -> list[tuple[str, Style]]:
    """What a terminal shows of `text` in the end, in safe pieces of one style each."""
    text, rest = _bounded(text)
    # In most lines every character comes behind the one before, and no cells are needed.
    pieces = _appended(text)
    if pieces is None:
        pieces = _written_over(text)
    if rest:
        pieces.append((with_few_marks(printable(rest)), PLAIN))
    return pieces


def _appended(text: str) -> list[tuple[str, Style]] | None:
    pieces: list[tuple[str, Style]] = []
    style = PLAIN
    for token in TOKEN.finditer(text):
        match token.lastgroup:
            case "text":
                piece = printable(token[0])
                if has_marks(piece):
                    return None
                pieces.append((piece, style))
            case "sgr":
                style = restyled(style, token["sgr"])
            case "erase" | "move":
                return None
    return pieces


def _written_over(text: str) -> list[tuple[str, Style]]:
    cells = Cells()
    style = PLAIN
    for token in TOKEN.finditer(text):
        match token.lastgroup:
            case "text":
                cells.write(printable(token[0]), style)
            case "sgr":
                style = restyled(style, token["sgr"])
            case "erase":
                cells.erase(int(token["erase"] or "0"))
            case "move":
                cells.move(token[0])
    return cells.pieces()


def _bounded(text: str) -> tuple[str, str]:
    """The part of `text` that is acted on, and the rest, which is shown as it stands.

    Of a line with too many steps, only those behind a carriage return count when there is
    one late enough: it is a progress display, and what came before is written over.
    """
    if sum(map(text.count, "\x1b\r\b\t")) <= MAX_STEPS:
        return text, ""
    steps = [step.start() for step in _STEP.finditer(text)]
    if len(steps) <= MAX_STEPS:
        return text, ""
    again = text.find("\r", steps[-MAX_STEPS])
    if again >= 0:
        return text[again:], ""
    return text[: steps[MAX_STEPS]], text[steps[MAX_STEPS] :]


def _crossed(pieces: Iterable[tuple[str, Style]], plain: Iterable[Run]) -> list[Run]:
    """Runs with the styles of `pieces` and the roles of `plain`, which cover the same text."""
    runs: list[Run] = []
    rest = iter(plain)
    part_left, role = 0, Role.TEXT
    for piece, style in pieces:
        left = len(piece)
        while left:
            if not part_left:
                part_left, _, role = next(rest)
            length = min(left, part_left)
            if runs and runs[-1].style == style and runs[-1].role is role:
                runs[-1] = Run(runs[-1].length + length, style, role)
            else:
                runs.append(Run(length, style, role))
            left -= length
            part_left -= length
    return runs


def _capped(runs: list[Run]) -> tuple[Run, ...]:
    if len(runs) > MAX_RUNS:
        rest = sum(run.length for run in runs[MAX_RUNS - 1 :])
        runs[MAX_RUNS - 1 :] = [Run(rest)]
    return tuple(runs)
