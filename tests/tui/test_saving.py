"""Saving what is shown: asked in the prompt, and never over a file that is there."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.tui.panes import Guest
from tests.tui.stage import Stage, dashboard

pytestmark = pytest.mark.anyio

NAME = "vm1-20261123-120431.txt"
"""What is offered at the stage's noon."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    return folder


async def retype(stage: Stage, text: str) -> None:
    """Type another path in the place of the one that stands there."""
    stage.app.dashboard.prompt._line.value = ""
    await stage.press(*text)


@pytest.mark.parametrize("key", ["S", "ctrl+s"])
async def test_the_lines_in_sight_are_saved_under_the_name_that_is_offered(
    key: str, guest: Guest, folder: Path
) -> None:
    guest.lines(range(100))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1")
        rows = stage.app.dashboard.panes[0].guest_rows
        in_sight = [each.row.data.decode() for each in rows if each.row]
        await stage.press(key)
        assert stage.app.dashboard.prompt.text == NAME
        await stage.until(lambda: "the lines in sight" in stage.text)
        await stage.press("enter")
        await stage.toasted(1)
        path = folder / NAME
        assert stage.toasts == [f"Saved {len(in_sight) * 12} B to {path}"]
    assert path.read_text().splitlines() == in_sight
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_selection_is_offered_first(guest: Guest, folder: Path) -> None:
    guest.lines(range(100))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "v", "k", "S")
        await stage.until(lambda: "the selection, 2 lines" in stage.text)
        await retype(stage, "x")
        await stage.press("enter")
        await stage.toasted(1)
    assert (folder / "x").read_text() == "line 000098\nline 000099\n"


async def test_arrows_choose_what_is_saved(guest: Guest, folder: Path) -> None:
    guest.boot(b"old\n")
    guest.boot()
    guest.lines(range(1000))
    async with dashboard([guest.facts()], size=(160, 40)) as stage:
        await stage.press("1", "y")
        await stage.toasted(1)
        await stage.press("S")
        said = []
        for _ in range(3):
            said += re.findall(r"save (.+) to vm1", stage.text)
            await stage.press("down")
        assert said == ["the lines in sight", "all of generation 2", "what was copied, 1 line"]
        await stage.press("down", "enter")
        await stage.toasted(2)
        assert len((folder / NAME).read_text().splitlines()) == 1000
        await stage.press("S", "up", "enter")
        await stage.toasted(3)
    assert (folder / NAME).with_stem(f"{Path(NAME).stem}-2").read_text() == "line 000999\n"


async def test_nothing_is_overwritten_and_the_prompt_says_what_to_do(
    guest: Guest, folder: Path
) -> None:
    guest.lines(range(3))
    (folder / "mine").write_text("mine")
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "S")
        await retype(stage, "mine")
        await stage.press("enter")
        assert stage.app.dashboard.prompt.is_asking
        await stage.until(lambda: "Nothing is ever overwritten" in " ".join(stage.text.split()))
        await stage.press("2", "enter")
        await stage.toasted(1)
    assert (folder / "mine").read_text() == "mine"
    assert (folder / "mine2").read_text() == "line 000000\nline 000001\nline 000002\n"


@pytest.mark.parametrize("typed", ["", "no/such/folder/x", "/proc/x", "/"])
async def test_a_bad_path_is_explained_and_may_be_mended(
    typed: str, guest: Guest, folder: Path
) -> None:
    guest.lines(range(3))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "S")
        if typed == "/":
            typed = f"/{'x' * 300}"
        stage.app.dashboard.prompt._line.value = typed
        await stage.press("enter")
        assert stage.app.dashboard.prompt.display
        assert stage.toasts == []
        await stage.press("escape")
        assert "enter give" not in stage.text
    assert list(folder.iterdir()) == []


async def test_a_huge_generation_is_saved_between_frames_and_keys_still_answer(
    guest: Guest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.keys.saving._SLICE_S", 0.0)
    guest.write(b"".join(b"line %06d %s\n" % (n, b"." * 200) for n in range(100_000)))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "S", "down", "enter")
        await stage.toasted(1)
        assert "Quitting before it is done" in stage.toasts[0]
        await stage.press("g")
        await stage.until(lambda: "line 000000" in stage.text)
        await stage.press("S", "enter")
        await stage.until(lambda: "Another file is still being written" in stage.text)
        await stage.press("escape")
        await stage.toasted(2)
        assert stage.toasts[1].startswith("Saved 21 MB to ")
    assert len((folder / NAME).read_text().splitlines()) == 100_000


async def test_what_is_not_finished_when_it_is_quit_is_removed(
    guest: Guest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.keys.saving._SLICE_S", 0.0)
    guest.write(b"".join(b"line %06d %s\n" % (n, b"." * 200) for n in range(10_000)))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "S", "down", "enter")
        assert (folder / NAME).exists()
    assert not (folder / NAME).exists()


async def test_a_recording_that_goes_away_meanwhile_is_said(guest: Guest, folder: Path) -> None:
    guest.lines(range(100))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "S", "down")
        assert guest.recorder is not None
        generation = guest.recorder.folder
        generation.rename(generation.parent / "elsewhere")
        await stage.press("enter")
        await stage.toasted(1)
        assert stage.toasts[0].startswith("Not saved: ")
    assert list(folder.iterdir()) == []


async def test_without_a_line_there_is_nothing_to_save(folder: Path, guest: Guest) -> None:
    guest.boot()
    async with dashboard([guest.facts()]) as stage:
        await stage.press("S")
        await stage.toasted(1)
        assert stage.toasts == ["There is nothing to save yet."]


# The whole screen.


async def test_the_screen_is_saved_as_a_picture_without_the_prompt(
    guest: Guest, folder: Path
) -> None:
    guest.write(b"<script>alert(1)</script> \x1b]52;c;UFdORUQ=\x07 & more\n")
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1", "p")
        assert stage.app.dashboard.prompt.text == "guestwatch-20261123-120431.svg"
        await stage.press("enter")
        await stage.toasted(1)
    svg = (folder / "guestwatch-20261123-120431.svg").read_text()
    root = ElementTree.fromstring(svg)
    text = "".join(root.itertext()).replace("\xa0", " ")
    assert "<script>alert(1)</script>" in text
    assert "vm1" in text
    assert "save the screen" not in text
    assert not list(root.iter("script"))


async def test_the_screen_is_saved_as_text_under_any_other_name(guest: Guest, folder: Path) -> None:
    guest.lines(range(3))
    async with dashboard([guest.facts()]) as stage:
        await stage.press("1")
        rows = [row.rstrip() for row in stage.text.splitlines()]
        await stage.press("p")
        await retype(stage, "screen.txt")
        await stage.press("enter")
        await stage.toasted(1)
    assert (folder / "screen.txt").read_text().splitlines() == rows
    assert stat.S_IMODE((folder / "screen.txt").stat().st_mode) == 0o600
