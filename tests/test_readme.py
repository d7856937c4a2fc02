"""What the README says is true."""

from __future__ import annotations

import re
from pathlib import Path

from core.config import parse_config
from tests.readme import README, fill

ROOT = Path(__file__).parent.parent


def test_generated_parts_are_fresh() -> None:
    text = README.read_text()
    assert fill(text) == text, "run: make readme"


def test_every_file_it_names_is_there() -> None:
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", README.read_text()):
        assert (ROOT / target).exists(), target


def test_its_config_is_one() -> None:
    (config,) = re.findall(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    assert [spec.id for spec in parse_config(config.encode(), "README").sandboxes] == [
        "vm1",
        "pod-7c9",
    ]


def test_the_commands_it_gives_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for text in (README.read_text(), (ROOT / "CONTRIBUTING.md").read_text()):
        for target in re.findall(r"make ([a-z]+)", text):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
