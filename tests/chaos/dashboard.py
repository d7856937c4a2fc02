"""A dashboard in a terminal of its own, which can be stopped and killed."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.terminal import Terminal, guestwatch
from tests.guests.client import until

TELL_PID = 'echo $$ > "$0"; exec "$@"'
SIZE = (160, 50)


class Dashboard:
    """One that runs.

    Args:
        terminal: where it is seen.
        pid: its process.
    """

    def __init__(self, terminal: Terminal, pid: int) -> None:
        self.terminal = terminal
        self.pid = pid

    def kill(self) -> None:
        """End it without a word to anybody."""
        os.kill(self.pid, signal.SIGKILL)
        self.terminal.wait_for("exit code 137")

    def stop(self) -> None:
        """Have it stand still, with whatever it holds."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        os.kill(self.pid, signal.SIGCONT)

    def quit(self) -> None:
        """Leave as a person does."""
        self.terminal.press("q")
        self.terminal.wait_for("exit code 0")


@contextmanager
def dashboard(
    folder: Path, env: Mapping[str, str], named: Sequence[str], *, sees: str
) -> Iterator[Dashboard]:
    """A dashboard of some sandboxes, which shows `sees` by now.

    Args:
        folder: for a file of its own.
        env: the home it runs in.
        named: `NAME=URL` each.
        sees: what is on the screen once it runs.
    """
    pid_file = folder / f"dashboard-{uuid.uuid4().hex[:8]}"
    command = ["sh", "-c", TELL_PID, str(pid_file), *guestwatch("watch", *named)]
    with Terminal(command, size=SIZE, env=env) as terminal:
        until(lambda: pid_file.is_file() and pid_file.read_text().endswith("\n"))
        terminal.wait_for(sees)
        yield Dashboard(terminal, int(pid_file.read_text()))
