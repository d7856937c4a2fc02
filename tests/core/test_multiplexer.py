"""What tmux says and does when it is asked; a real one."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import OutputFailed
from core.multiplexer import Tmux, ask_tmux, is_inside_screen, is_inside_tmux, load_buffer
from tests.guests.needed import needed

pytestmark = pytest.mark.anyio

Ask = Callable[..., str]


@pytest.fixture
def tmux(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """A tmux of its own, which this process believes to be in."""
    command = [
        needed("tmux", "tmux"),
        "-L",
        f"guestwatch-{uuid.uuid4().hex[:8]}",
        "-f",
        "/dev/null",
    ]
    env = {name: value for name, value in os.environ.items() if name != "TMUX"}

    def ask(*arguments: str) -> str:
        done = subprocess.run(
            [*command, *arguments], env=env, capture_output=True, text=True, check=False
        )
        return done.stdout

    ask("new-session", "-d", "sleep 1000")
    monkeypatch.setenv("TMUX", ask("display-message", "-p", "#{socket_path},#{pid},0").strip())
    yield ask
    ask("kill-server")


async def test_outside_of_tmux_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)
    assert await ask_tmux() is None
    assert not is_inside_tmux()
    assert not is_inside_screen()
    monkeypatch.setenv("STY", "4711.pts-0.host")
    assert is_inside_screen()


@pytest.mark.parametrize("value", ["on", "external", "off"])
async def test_it_says_whether_programs_may_copy(tmux: Ask, value: str) -> None:
    tmux("set-option", "-s", "set-clipboard", value)
    found = await ask_tmux()
    assert found == Tmux(value)
    assert found.takes_copies == (value == "on")


async def test_as_it_comes_it_takes_no_copies_of_programs(tmux: Ask) -> None:
    assert is_inside_tmux()
    assert await ask_tmux() == Tmux("external")


@pytest.mark.parametrize("text", ["one\ntwo é 日本", "-x #{pid} $HOME", "x" * 74_994])
async def test_a_buffer_holds_what_was_put_into_it(tmux: Ask, text: str) -> None:
    await load_buffer(text)
    assert tmux("show-buffer") == text


async def test_a_server_that_is_gone_is_said_with_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed("tmux", "tmux")
    monkeypatch.setenv("TMUX", f"{tmp_path}/gone,1,0")
    assert await ask_tmux() == Tmux("")
    with pytest.raises(OutputFailed, match="tmux refuses") as caught:
        await load_buffer("text")
    assert "set-clipboard on" in caught.value.hint


async def test_without_the_program_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path}/gone,1,0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputFailed, match="tmux cannot be run"):
        await load_buffer("text")


async def test_one_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tmux"
    program.write_text("#!/bin/sh\nexec /bin/sleep 1000\n")
    program.chmod(0o755)
    monkeypatch.setenv("TMUX", f"{tmp_path}/gone,1,0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("core.multiplexer.ANSWER_S", 0.1)
    with pytest.raises(OutputFailed, match="does not answer"):
        await load_buffer("text")
