"""The line in which a person types."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Button

from core.console import SafeStr, safe_text
from tests.tui.stage import HOSTILE, screen_text
from tui.themes.palettes import PALETTES
from tui.themes.theme import full_name, theme_of
from tui.widgets.prompt import MAX_CHARS, MAX_REMEMBERED, Memory, Prompt, Question

pytestmark = pytest.mark.anyio


class PromptApp(App[None]):
    """A button that has the focus, and the prompt below it."""

    def __init__(self) -> None:
        super().__init__()
        for each in PALETTES:
            self.register_theme(theme_of(each))
        self.theme = full_name("dark")
        self.button = Button("focused")
        self.prompt = Prompt()
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.button
        yield self.prompt

    def question(self, **more: object) -> Question:
        """One that tells all that happens to it, and takes no `no`."""

        def give(text: str) -> SafeStr:
            self.told.append(f"give {text}")
            return safe_text("Not this one") if text.startswith("no") else safe_text("")

        return Question(
            safe_text("go to"),
            give,
            change=lambda text: self.told.append(f"change {text}"),
            drop=lambda: self.told.append("drop"),
            **more,  # type: ignore[arg-type]
        )

    async def ask(self, pilot: Pilot[None], **more: object) -> None:
        self.prompt.ask(self.question(**more))
        await pilot.pause()


@pytest.fixture
def app() -> PromptApp:
    return PromptApp()


async def test_it_is_hidden_until_something_is_asked(app: PromptApp) -> None:
    async with app.run_test(size=(60, 10)) as pilot:
        assert (app.prompt.display, app.prompt.is_asking) == (False, False)
        await app.ask(pilot, hint=safe_text("esc leaves"))
        assert app.prompt.is_asking
        shown = screen_text(app)
        assert "go to" in shown
        assert "esc leaves" in shown


async def test_what_is_given_is_taken_and_the_focus_comes_back(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        app.button.focus()
        await app.ask(pilot)
        assert app.focused is not app.button
        await pilot.press("a", "b", "enter")
        assert app.told == ["change a", "change ab", "give ab"]
        assert not app.prompt.display
        assert app.focused is app.button


async def test_escape_leaves_it_and_the_focus_comes_back(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        app.button.focus()
        await app.ask(pilot)
        await pilot.press("a", "escape")
        assert app.told == ["change a", "drop"]
        assert not app.prompt.is_asking
        assert app.focused is app.button
        app.prompt.leave()
        assert app.told == ["change a", "drop"]


async def test_what_is_wrong_is_explained_until_the_text_changes(app: PromptApp) -> None:
    async with app.run_test(size=(60, 10)) as pilot:
        await app.ask(pilot)
        await pilot.press("n", "o", "enter")
        await pilot.pause()
        assert app.prompt.is_asking
        assert app.prompt.text == "no"
        assert "Not this one" in screen_text(app)
        await pilot.press("backspace", "backspace")
        await pilot.pause()
        assert "Not this one" not in screen_text(app)
        await pilot.press("y", "enter")
        assert app.told[-1] == "give y"
        assert not app.prompt.is_asking


async def test_a_question_in_the_place_of_another_drops_that_one(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        app.button.focus()
        await app.ask(pilot)
        await pilot.press("a")
        await app.ask(pilot, text="begun")
        assert app.told == ["change a", "drop"]
        assert app.prompt.text == "begun"
        await pilot.press("!", "enter")
        assert app.told[2:] == ["change begun!", "give begun!"]
        assert app.focused is app.button


async def test_a_question_may_be_asked_by_an_answer(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        app.button.focus()

        def give(text: str) -> SafeStr:
            app.prompt.ask(app.question(text="second"))
            return safe_text("")

        app.prompt.ask(Question(safe_text("first"), give))
        await pilot.pause()
        await pilot.press("enter")
        assert app.prompt.is_asking
        assert app.prompt.text == "second"
        await pilot.press("enter")
        assert app.told == ["give second"]
        assert app.focused is app.button


async def test_what_was_given_before_comes_back_with_up(app: PromptApp) -> None:
    memory = Memory()
    async with app.run_test() as pilot:
        for text in ("one", "two", "one"):
            await app.ask(pilot, memory=memory)
            await pilot.press(*text, "enter")
        await app.ask(pilot, memory=memory)
        await pilot.press("n", "o", "enter", "escape")
        assert memory.texts == ["two", "one"]
        await app.ask(pilot, memory=memory)
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(app.prompt.text)
        assert seen == ["one", "two", "two", "one", "", ""]
        await pilot.press("up", "!", "enter")
        assert app.told[-1] == "give one!"


async def test_what_was_begun_comes_back_with_down(app: PromptApp) -> None:
    memory = Memory()
    memory.add("before")
    async with app.run_test() as pilot:
        await app.ask(pilot, memory=memory)
        await pilot.press("b", "e", "g", "up", "down")
        assert app.prompt.text == "beg"


async def test_without_a_memory_up_and_down_do_nothing(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        await app.ask(pilot, text="kept")
        await pilot.press("up", "down")
        assert app.prompt.text == "kept"


def test_a_memory_is_bounded_and_forgets_nothing_twice() -> None:
    memory = Memory()
    memory.add("")
    for number in range(MAX_REMEMBERED + 5):
        memory.add(str(number))
    memory.add("50")
    assert len(memory.texts) == MAX_REMEMBERED
    assert memory.texts[-1] == "50"
    assert memory.texts.count("50") == 1


async def test_keys_of_the_question_come_before_the_texts_own(app: PromptApp) -> None:
    async with app.run_test(size=(60, 10)) as pilot:
        await app.ask(
            pilot, keys={"ctrl+e": lambda: app.prompt.say_hint(safe_text("regular expression"))}
        )
        await pilot.press("a", "ctrl+e", "b")
        await pilot.pause()
        assert app.prompt.text == "ab"
        assert "regular expression" in screen_text(app)


async def test_printable_keys_reach_the_text_and_no_binding(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        await app.ask(pilot)
        await pilot.press(*"q?:#/1fG", "space", "é")
        assert app.prompt.text == "q?:#/1fG é"


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_nothing_in_it_is_markup_or_a_control(app: PromptApp, hostile: str) -> None:
    memory = Memory()
    memory.add(hostile)
    async with app.run_test(size=(60, 10)) as pilot:
        app.prompt.ask(
            Question(
                safe_text(hostile),
                lambda text: safe_text(text),
                text=hostile,
                memory=memory,
                hint=safe_text(hostile),
            )
        )
        await pilot.press("up", "down", "up", "enter")
        await pilot.pause()
        painted = screen_text(app)
        assert not any(char in painted for char in "\x1b\x07\x00\x7f\x9b\u202e\u2066\u200b")
        assert app.is_running


async def test_a_very_long_text_is_cut(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        await app.ask(pilot, text="x" * MAX_CHARS)
        await pilot.press("y")
        assert app.prompt.text == "x" * MAX_CHARS


@pytest.mark.parametrize("width", [20, 30, 40, 60])
async def test_in_a_narrow_window_the_text_keeps_its_room(app: PromptApp, width: int) -> None:
    async with app.run_test(size=(width, 10)) as pilot:
        await app.ask(pilot, hint=safe_text("123  45%  12:04:31  +29.5  @4711"))
        await pilot.press(*"7777")
        await pilot.pause()
        assert "7777" in screen_text(app).splitlines()[app.prompt.region.y]


async def test_the_focus_of_a_widget_that_is_gone_is_nobodys(app: PromptApp) -> None:
    async with app.run_test() as pilot:
        app.button.focus()
        await app.ask(pilot)
        await app.button.remove()
        await pilot.press("escape")
        assert not app.prompt.is_asking
        assert app.focused is None
