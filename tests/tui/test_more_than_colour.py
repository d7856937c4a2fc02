"""Colour is never the only sign: without it everything can still be told apart."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from rich.style import Style

from tests.snapshots.scenes import SCENES
from tests.tui.stage import dashboard
from tui.states import state_words
from tui.themes.palettes import NAMES
from tui.widgets.console_pane import ConsolePane

pytestmark = pytest.mark.anyio

LOOKS = [*NAMES, "NO_COLOR"]


def attributes(style: Style) -> tuple[bool | None, ...]:
    """All of a style but its colours."""
    return (style.bold, style.dim, style.italic, style.underline, style.reverse, style.strike)


def test_no_two_states_share_glyph_and_word() -> None:
    said = [(sign.glyph, sign.word) for sign, _ in state_words()]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("name", LOOKS)
async def test_every_state_is_a_glyph_and_a_word_in_every_theme(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = name
    if name == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
        theme = ""
    async with dashboard(SCENES["states"].facts(tmp_path), size=(200, 60), theme=theme) as stage:
        lines = [line[:42] for line in stage.text.splitlines()]
        shown = "\n".join(lines)
        for word in ("absent", "connecting", "waiting", "held", "silent 47s", "ended", "failed",
                     "not watched", "stopped"):  # fmt: skip
            assert word in shown
        glyphs = {line[1] for line in lines if len(line) > 1}
        assert {"◇", "◆", "◐", "■", "✘", "○"} <= glyphs


@pytest.mark.parametrize("name", LOOKS)
async def test_hits_and_the_chosen_row_have_attributes_of_their_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = name
    if name == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
        theme = ""
    async with dashboard(SCENES["one"].facts(tmp_path), theme=theme) as stage:
        pane = stage.app.screen.query(ConsolePane).first()
        paint = pane.paint
        looks = {each: paint.plain + paint.look(each) for each in ("hit", "hit-here", "chosen")}
        looks["text"] = paint.plain
        # A hit in the chosen row is still one.
        looks["hit in chosen"] = looks["chosen"] + paint.look("hit")
        looks["hit-here in chosen"] = looks["chosen"] + paint.look("hit-here")
        for one, other in combinations(looks, 2):
            if {one, other} != {"hit-here", "hit-here in chosen"}:
                assert attributes(looks[one]) != attributes(looks[other]), (one, other)


@pytest.mark.parametrize("name", LOOKS)
async def test_the_focused_pane_and_what_is_followed_are_told_in_words_or_weight(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = name
    if name == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
        theme = ""
    async with dashboard(SCENES["four"].facts(tmp_path), size=(120, 40), theme=theme) as stage:
        await stage.until(lambda: stage.text.count("FOLLOW") >= 3)
        await stage.press("1", "pageup")
        await stage.until(lambda: "PAUSED" in stage.text)
        panes = stage.app.dashboard.panes
        weights = [attributes(pane.paint.look("number")) for pane in panes]
        assert weights[0] != weights[1]
