"""The README's generated parts: `python -m tests.readme` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from core.cli.parser import make_parser
from tui.actions.table import key_table

README = Path(__file__).parent.parent / "README.md"


def fill(text: str) -> str:
    """`text` with every generated part as it should be."""
    parts = {
        "keys": key_table().strip(),
        "help": f"```text\n{make_parser().format_help().strip()}\n```",
    }
    for name, part in parts.items():
        pattern = re.compile(rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, count = pattern.subn(lambda m, part=part: f"{m[1]}{part}\n{m[2]}", text)  # type: ignore[misc]
        assert count == 1, f"the README has no part called {name}"
    return text


if __name__ == "__main__":
    README.write_text(fill(README.read_text()))
