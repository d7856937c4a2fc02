"""The wall between core and tui, and the house rules that a machine can hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60


def modules(package: str) -> list[str]:
    """Every module of a package, by its dotted name."""
    names = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] != "__main__":
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def loaded_by(*names: str) -> set[str]:
    """The top-level packages that a fresh interpreter has after importing `names`."""
    code = "import sys, importlib\n"
    code += f"for name in {names!r}: importlib.import_module(name)\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_core_never_imports_the_screen() -> None:
    everything = [name for name in modules("core") if not name.startswith("core.cli")]
    loaded = loaded_by(*everything)
    assert "anyio" in loaded
    assert loaded.isdisjoint({"textual", "rich", "tui"})


def test_the_command_line_needs_no_textual() -> None:
    loaded = loaded_by("tui.launch", *[n for n in modules("core") if n.startswith("core.cli")])
    assert loaded.isdisjoint({"textual"})


def test_the_version_costs_nothing() -> None:
    assert loaded_by("tui.launch").isdisjoint({"textual", "rich", "anyio", "msgspec"})


FORBIDDEN_IN_TUI = {
    "socket",
    "subprocess",
    "threading",
    "select",
    "multiprocessing",
    "shutil",
    "tempfile",
    "time",
    "io",
}


@pytest.mark.parametrize("path", sorted((ROOT / "tui").rglob("*.py")), ids=lambda p: p.stem)
def test_tui_touches_no_socket_process_or_file(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                imported = {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module=str(module)):
                imported = {module.partition(".")[0]}
            case ast.Call(func=ast.Name(id="open")):
                imported = {"open()"}
            case _:
                continue
        assert imported.isdisjoint(FORBIDDEN_IN_TUI | {"open()"}), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "tui").rglob("*.py"))],
    ids=lambda p: str(p.relative_to(ROOT)).replace("/", "."),
)
def test_rooms_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines"
