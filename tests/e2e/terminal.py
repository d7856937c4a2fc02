"""A real terminal for the real program: tmux, read like a person reads it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.guests.needed import needed

PATIENCE_S = 60.0


def guestwatch(*arguments: str) -> list[str]:
    """The command line that runs this checkout's guestwatch."""
    return [sys.executable, "-P", "-m", "tui", *arguments]


class Terminal:
    """A tmux session of its own that runs one command.

    Args:
        command: what runs in it; the terminal stays when it ends.
        size: columns and rows.
        env: added to this process's environment.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
    ) -> None:
        tmux = needed("tmux", "tmux")
        self._tmux = [tmux, "-L", f"guestwatch-{uuid.uuid4().hex[:8]}", "-f", "/dev/null"]
        self._command = command
        self._size = size
        self._env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(env or {})}

    def __enter__(self) -> Terminal:
        columns, rows = self._size
        line = f"{shlex.join(self._command)}; echo exit code $?; exec sleep 1000"
        self._run("new-session", "-d", "-x", str(columns), "-y", str(rows), line)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            print(f"--- the terminal at the end ---\n{self.screen()}", file=sys.stderr)
        self._run("kill-server")

    def screen(self) -> str:
        """What the terminal shows, row by row."""
        return self._run("capture-pane", "-p")

    def styled(self) -> str:
        """The same with its colours, as escape sequences."""
        return self._run("capture-pane", "-p", "-e")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self._run("send-keys", *keys)

    def paste_buffer(self) -> str:
        """What programs have put into the terminal's clipboard."""
        return self._run("show-buffer", check=False)

    def set_clipboard(self, value: str) -> None:
        """Say what tmux makes of text that programs copy: `on`, `external` or `off`."""
        self._run("set-option", "-s", "set-clipboard", value)

    def title(self) -> str:
        """The title that programs gave the terminal."""
        return self._run("display-message", "-p", "#{pane_title}").strip()

    def wait_for(self, wanted: str | Callable[[str], bool]) -> str:
        """The screen once `wanted` is on it, or is true of it.

        Raises:
            AssertionError: it was not in time; the message holds the screen.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            screen = self.screen()
            if wanted in screen if isinstance(wanted, str) else wanted(screen):
                return screen
            assert time.monotonic() < deadline, f"never saw {wanted!r}:\n{screen}"
            time.sleep(0.05)

    def _run(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments],
            env=self._env,
            cwd=Path("/"),
            capture_output=True,
            text=True,
            check=check,
        )
        return done.stdout
