"""tmux, asked in its own words: what becomes of text that a program copies in it.

By default tmux takes OSC 52 from no program (`set-clipboard external`) and passes nothing
on to the terminal around it either (`allow-passthrough off`). It does take text from
`tmux load-buffer`, and `-w` has it tell the terminal: then it is the user's own tmux that
speaks, not what runs in it.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from subprocess import CompletedProcess

import anyio

from core.errors import OutputFailed

ANSWER_S = 2.0
"""tmux answers within milliseconds, or its server hangs."""

TAKES_COPIES = "on"
"""The value of `set-clipboard` with which programs in tmux may copy by themselves."""

_REMEDY = "tmux set -s set-clipboard on lets programs copy."


@dataclass(frozen=True, slots=True)
class Tmux:
    """The tmux this program runs in."""

    set_clipboard: str
    """`on`, `external` or `off`; empty when it did not say."""

    @property
    def takes_copies(self) -> bool:
        """Whether it acts on what a program in it copies by OSC 52."""
        return self.set_clipboard == TAKES_COPIES


def is_inside_tmux() -> bool:
    """Whether this program runs in tmux."""
    return bool(os.environ.get("TMUX"))


def is_inside_screen() -> bool:
    """Whether this program runs in GNU screen."""
    return bool(os.environ.get("STY"))


async def ask_tmux() -> Tmux | None:
    """The tmux around this program; None when it runs in none."""
    if not is_inside_tmux():
        return None
    try:
        return Tmux((await _tmux("show-options", "-gqv", "set-clipboard")).strip())
    except OutputFailed:
        return Tmux("")


async def load_buffer(text: str) -> None:
    """Put text into tmux's newest buffer, and have it tell the terminal around it.

    Raises:
        OutputFailed: there is no tmux, it does not answer, or it refuses.
    """
    await _tmux("load-buffer", "-w", "-", text=text)


async def _tmux(*arguments: str, text: str = "") -> str:
    try:
        with anyio.fail_after(ANSWER_S):
            done = await _run(["tmux", *arguments], text.encode())
    except TimeoutError as error:
        raise OutputFailed("tmux does not answer", hint=_REMEDY) from error
    except OSError as error:
        raise OutputFailed(f"tmux cannot be run: {error.strerror}", hint=_REMEDY) from error
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
        raise OutputFailed(f"tmux refuses: {reason}", hint=_REMEDY)
    return done.stdout.decode("utf-8", "replace")


async def _run(command: list[str], text: bytes) -> CompletedProcess[bytes]:
    """Run tmux to its end, also when it ends before it took the text."""
    async with await anyio.open_process(command) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with contextlib.suppress(anyio.BrokenResourceError):
            await process.stdin.send(text)
        await process.stdin.aclose()
        # It says a line at most; neither pipe fills up while the other is read.
        out = b"".join([piece async for piece in process.stdout])
        err = b"".join([piece async for piece in process.stderr])
        return CompletedProcess(command, await process.wait(), out, err)
