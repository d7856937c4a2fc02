"""Text from outside is shown as it stands, and the code leaves no way around that."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core.console import safe_text
from tests.tui.stage import HOSTILE
from tui.literal import literal

TUI = Path(__file__).parents[2] / "tui"

TAKES_TEXT = {"notify", "update", "Static", "Label", "Button", "Content"}
"""Calls whose first argument Textual reads as markup, or trusts."""
TEXT_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "label"}
MAKES_TEXT = {"from_markup", "from_text", "from_rich_text", "styled"}
"""Constructors that interpret text, or go around `literal`."""

DOORS = {"literal.py": {"Content"}, "toast.py": {"notify"}}
"""The two modules that may hand text on, and what they hand it to."""


@pytest.mark.parametrize("text", HOSTILE)
def test_every_character_stands_as_it_is(text: str) -> None:
    safe = safe_text(text, limit=1000)
    content = literal(safe)
    assert content.plain == safe
    assert not content.spans


def modules() -> list[Path]:
    return sorted(TUI.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_no_text_goes_around_literal(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                assert name not in MAKES_TEXT, where
                if name in TAKES_TEXT and name not in DOORS.get(path.name, ()):
                    assert all(map(is_literal, node.args[:1])), where
            case ast.Assign(targets=[ast.Attribute(attr=name)]) if name in TEXT_ATTRIBUTES:
                assert is_literal(node.value), where
            case ast.ImportFrom(module=module):
                assert module != "rich.text", where
            case _:
                pass


def is_literal(node: ast.expr) -> bool:
    """Whether an expression is made by `literal`, or is blank space of our own."""
    match node:
        case ast.Call(func=ast.Name(id="literal")):
            return True
        case ast.Constant(value=str(blank)):
            return not blank.strip()
        case ast.BinOp(op=ast.Mult(), left=left):
            return is_literal(left)
        case _:
            return False


@pytest.mark.parametrize(
    "bad",
    ['self.update(f"{name}")', "Static(name)", "Label('[b]x')", "Content(name)", "Button(str(x))"],
)
def test_the_gate_would_notice(bad: str) -> None:
    (statement,) = ast.parse(bad).body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    assert not all(map(is_literal, statement.value.args))


def test_a_toast_is_never_markup() -> None:
    tree = ast.parse((TUI / "toast.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "notify"
    ]
    assert len(calls) == 1
    markup = [keyword.value for keyword in calls[0].keywords if keyword.arg == "markup"]
    assert [ast.unparse(value) for value in markup] == ["False"]
