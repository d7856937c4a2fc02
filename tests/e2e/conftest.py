"""A home of its own for the program under test, and real guests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from core.capture.lock import read_owner
from core.sandboxes.vmm import is_alive
from tests.guests.client import until
from tests.guests.qemu import qemu_guest, qemu_tools, short_folder

__all__ = ["home", "qemu_guest", "qemu_tools", "short_folder"]


@dataclass(frozen=True)
class Home:
    """A user's folders that nobody else uses."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """The variables that lead the program there."""
        return {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }

    @property
    def state(self) -> Path:
        """guestwatch's state folder."""
        return self.folder / "state" / "guestwatch"

    def generations(self, sandbox_id: str) -> list[Path]:
        """A sandbox's generations, oldest first."""
        return sorted((self.state / "recordings" / sandbox_id).iterdir())

    def log(self, sandbox_id: str, generation: int = -1) -> bytes:
        """All that one generation recorded."""
        folder = self.generations(sandbox_id)[generation]
        older = sorted(folder.glob("console.[0-9]*.log"))
        return b"".join(path.read_bytes() for path in [*older, folder / "console.log"])

    @property
    def capture_pid(self) -> int:
        """The capture that ran last."""
        return read_owner(self.state / "capture.lock")[0]

    def wait_until_capture_is_gone(self) -> None:
        """Wait until no capture runs."""
        until(lambda: not is_alive(self.capture_pid))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    for name in ("run", "state", "config"):
        (tmp_path / name).mkdir(mode=0o700)
    return Home(tmp_path)
