"""Where one capture lives: its control socket, its locks, its recordings.

A demo or a test gives itself two folders of its own, so that it never meets the
user's capture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import paths


@dataclass(frozen=True, slots=True)
class Places:
    """The two folders of one capture."""

    runtime: Path
    """Private to the user and gone with the login: socket and lock."""
    state: Path
    """Recordings, the log, and the lock that names who writes them."""

    @classmethod
    def of_this_user(cls) -> Places:
        """The user's own folders; the runtime folder exists and is private.

        Raises:
            RuntimeDirError: no private runtime folder can be had.
        """
        return cls(paths.runtime_dir(), paths.state_dir())

    @property
    def control_socket(self) -> Path:
        """Where viewers reach capture."""
        return self.runtime / "control.sock"

    @property
    def runtime_lock(self) -> Path:
        """Held by the one capture of this runtime folder."""
        return self.runtime / "capture.lock"

    @property
    def state_lock(self) -> Path:
        """Held by the one capture that writes these recordings; names its pid and socket."""
        return self.state / "capture.lock"

    @property
    def recordings(self) -> Path:
        """A folder a sandbox, a folder a generation below it."""
        return self.state / "recordings"

    @property
    def log(self) -> Path:
        """What a capture without a terminal has to say."""
        return self.state / "capture.log"
