"""What may be typed, wherever in the line it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.cli.command import ScreenRequest
from core.cli.main import main
from core.cli.parser import make_parser


def refuse(request: ScreenRequest) -> int:
    raise AssertionError("the dashboard must not open")


@pytest.mark.parametrize(
    "line", [["--config", "/x", "--theme", "light", "watch", "a=/b"], ["watch", "a=/b"]]
)
def test_what_stands_before_the_command_counts(line: list[str]) -> None:
    arguments = make_parser().parse_args(line)
    assert arguments.config == (Path("/x") if "--config" in line else None)
    assert arguments.theme == ("light" if "--theme" in line else "")


def test_what_stands_behind_the_command_counts_more() -> None:
    line = ["--theme", "light", "--config", "/x", "watch", "--theme", "ansi-dark", "a=/b"]
    arguments = make_parser().parse_args([*line, "--config", "/y"])
    assert (arguments.theme, arguments.config) == ("ansi-dark", Path("/y"))


def test_a_demo_and_no_command_have_a_theme_too() -> None:
    assert make_parser().parse_args(["--theme", "light", "demo"]).theme == "light"
    assert make_parser().parse_args([]).theme == ""


def test_a_config_that_is_named_before_the_command_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "mine.toml"
    config.write_text("[[sandbox")
    assert main(["--config", str(config), "watch", "a=/b"], dashboard=refuse) == 2
    assert str(config) in capsys.readouterr().err


def test_a_path_that_is_no_text_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["watch", os.fsdecode(b"a=/tmp/\xff.sock")], dashboard=refuse) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_a_current_folder_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(["watch", "a=b"], dashboard=refuse) == 2
    assert "current folder" in capsys.readouterr().err
