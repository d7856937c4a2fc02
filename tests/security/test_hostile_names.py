"""T14: a name that is no id leads nowhere, whichever way it comes in.

Over the control socket: `tests/core/capture/control/test_ids.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.cli.naming import named_specs
from core.config import Config, parse_config
from core.errors import ConfigError, UsageError
from tests.core.capture.control.test_ids import HOSTILE as OVER_THE_WIRE
from tests.core.cli.typed import home, typed
from tests.core.recording.made import begin
from tests.core.test_ids import HOSTILE as OTHERS
from tests.figures import Figure

__all__ = ["home"]

HOSTILE = sorted({*OVER_THE_WIRE, *OTHERS})


def tree(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def is_text(name: str) -> bool:
    """Whether a file can hold it."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def in_a_config(name: str) -> None:
    # JSON's strings are TOML's as well, but for DEL.
    text = json.dumps(name).replace("\x7f", "\\u007f")
    parse_config(f"[[sandbox]]\nname = {text}\nconsole = 'unix:/x'\n".encode(), "c.toml")


def typed_with_a_url(name: str) -> None:
    named_specs([f"{name}=unix:/x"], Config())


@pytest.mark.parametrize(
    ("way", "names"),
    [
        (in_a_config, [name for name in HOSTILE if is_text(name)]),
        # What stands before the first = is the name.
        (typed_with_a_url, [name for name in HOSTILE if "=" not in name]),
    ],
)
def test_a_name_that_is_no_id_is_refused(
    way: Callable[[str], None], names: list[str], figure: Figure
) -> None:
    assert len(names) >= 200
    for name in names:
        with pytest.raises((ConfigError, UsageError)) as caught:
            way(name)
        assert caught.value.exit_code == 2
        assert str(caught.value).isprintable(), name
    figure("T14", f"{way.__name__.replace('_', ' ')}: {len(names)} names, 0 accepted")


@pytest.mark.parametrize("command", ["ledger", "export"])
def test_a_name_that_is_typed_to_be_read_leads_nowhere(
    home: Path, command: str, capsys: pytest.CaptureFixture[str], figure: Figure
) -> None:
    # What a name that led out would reach.
    begin(home / "state" / "guestwatch" / "recordings").close()
    begin(home / "state" / "guestwatch", sandbox_id="x").close()
    before = tree(home)
    for name in HOSTILE:
        assert typed(command, "--", name) == 2, name
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.replace("\n", "").isprintable(), name
    assert tree(home) == before
    figure("T14", f"{command} NAME: {len(HOSTILE)} names, 0 read")


def test_the_same_names_joined_to_a_folder_would_lead_out(home: Path, figure: Figure) -> None:
    """The control: the folders there are, reached by a join of paths."""
    recordings = home / "state" / "guestwatch" / "recordings"
    recordings.mkdir(parents=True)
    begin(home / "state" / "guestwatch", sandbox_id="x").close()
    led_out = 0
    for name in HOSTILE:
        if "\0" in name or not is_text(name):
            continue
        path = os.path.realpath(recordings / name)
        led_out += not path.startswith(f"{recordings}/")
    assert led_out > 20
    assert (recordings / "../x").is_dir()
    figure("T14", f"control: joined to a folder, {led_out} of {len(HOSTILE)} names lead out")
