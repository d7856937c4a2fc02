"""What the README says is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from core.config import parse_config
from core.errors import ConfigError
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


def known_keys(config: str) -> set[str]:
    """The keys that may stand where `config` has one that may not."""
    with pytest.raises(ConfigError) as refused:
        parse_config(config.encode(), "config.toml")
    return set(refused.value.hint.removeprefix("Known keys: ").split(", "))


def test_its_config_has_every_key() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    shown = tomllib.loads(text)
    assert set(shown) == known_keys("zzzzzz = 1")
    assert set(shown["quota"]) == known_keys("[quota]\nzzzzzz = 1")
    for table in ("alert", "sandbox"):
        keys = {key for each in shown[table] for key in each}
        assert keys == known_keys(f"[[{table}]]\nzzzzzz = 1")


def test_the_commands_it_gives_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for text in (README.read_text(), (ROOT / "CONTRIBUTING.md").read_text()):
        for target in re.findall(r"make ([a-z]+)", text):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
