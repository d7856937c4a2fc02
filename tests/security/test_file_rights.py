"""T13: every file that is made is its owner's alone, and nothing planted is followed.

What the recorder makes: `tests/core/recording/test_rights.py`; capture's own files:
`tests/core/capture/test_state.py`. Here are those of compression, of exports, and the
sandbox's own ledger.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import RecordingError
from core.recording import Cause, Gap, enter_gaps_outside
from core.recording.compress import compress_generation
from tests.core.cli.typed import home, recordings_below, two_lives, typed
from tests.core.recording.made import begin, moment
from tests.core.recording.test_rights import PLANTS, Plant, assert_untouched, target
from tests.core.recording.test_seekable import console_text
from tests.figures import Figure

__all__ = ["home", "target"]

TEXT = console_text(40_000)
UMASKS = [0o000, 0o022, 0o077, 0o777]
TEMPORARY = [
    f"console.000000000000000.{kind}.zst{end}" for kind in ("log", "timing") for end in ("", ".new")
]


@pytest.fixture(params=UMASKS, ids="umask {:03o}".format)
def umask(request: pytest.FixtureRequest, home: Path) -> Iterator[None]:
    # The test's own folder is made before.
    assert home.is_dir()
    assert isinstance(request.param, int)
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def ended(home: Path) -> Path:
    recorder = begin(home)
    for number, at in enumerate(range(0, len(TEXT), 50)):
        recorder.write(TEXT[at : at + 50], moment(number))
    recorder.close()
    return recorder.folder


@pytest.mark.usefixtures("umask")
def test_what_compression_makes_is_private_at_every_step(tmp_path: Path, figure: Figure) -> None:
    folder = ended(tmp_path / "recordings")
    seen = set()
    for _ in compress_generation(folder, moment(5000)):
        for path in folder.iterdir():
            seen.add(path.name)
            assert mode(path) == 0o600, path
    assert set(TEMPORARY) & seen
    assert any(name.endswith(".new") for name in seen)
    figure("T13", f"compression: {len(seen)} files x {len(UMASKS)} umasks, all 0600")


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("form", ["text", "jsonl", "cast", "typescript"])
def test_what_an_export_makes_is_private(home: Path, form: str, figure: Figure) -> None:
    two_lives(recordings_below(home))
    out = home / "out"
    out.mkdir(mode=0o700)
    out.chmod(0o700)
    assert typed("export", "vm1", "--format", form, "--output", str(out)) == 0
    made = list(out.iterdir())
    assert made
    assert {mode(path) for path in made} == {0o600}
    figure("T13", f"exports: 4 formats x {len(UMASKS)} umasks, all 0600")


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", TEMPORARY)
def test_what_is_planted_where_compression_writes_is_not_touched(
    tmp_path: Path, target: Path, plant: Plant, name: str, figure: Figure
) -> None:
    folder = ended(tmp_path / "home")
    plant(folder / name, target)
    with contextlib.suppress(RecordingError):
        for _ in compress_generation(folder, moment(5000)):
            pass
    assert_untouched(target)
    assert mode(target) == 0o644
    figure("T13", f"compression: {len(TEMPORARY)} names x {len(PLANTS)} plants, 0 targets touched")


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_planted_in_the_place_of_a_sandboxs_ledger_is_refused(
    tmp_path: Path, target: Path, plant: Plant, figure: Figure
) -> None:
    begin(tmp_path / "home").close()
    plant(tmp_path / "home" / "vm1" / "events.jsonl", target)
    gap = Gap(Cause.NO_CAPTURE, moment(1).wall, moment(2).wall)
    with pytest.raises(RecordingError, match=r"events\.jsonl"):
        enter_gaps_outside(tmp_path / "home", "vm1", (gap,), moment(3))
    assert_untouched(target)
    figure("T13", f"a sandbox's own ledger: {len(PLANTS)} plants, 0 targets touched")


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_planted_where_an_export_goes_is_refused(
    home: Path, target: Path, plant: Plant, figure: Figure
) -> None:
    two_lives(recordings_below(home))
    out = home / "out.txt"
    plant(out, target)
    if not out.is_dir():
        assert typed("export", "vm1", "--output", str(out)) == 1
    assert_untouched(target)
    figure("T13", f"exports: {len(PLANTS)} plants, 0 targets touched")
