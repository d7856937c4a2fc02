"""From the NAME and the generation a person types to the recordings they mean."""

from __future__ import annotations

import argparse
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidSandboxId, RecordingError

if TYPE_CHECKING:
    from core.recording import Generation

_MAX_NAMES = 3
_MAX_LISTED = 10_000
"""Names that are compared with a wrong one; more would take seconds."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sandbox that was recorded."""

    id: str
    folder: Path
    """Holds its generations."""
    generations: tuple[Generation, ...]
    """Oldest first; there may be none left."""

    def generation(self, number: int | None) -> Generation:
        """The generation with this number; the newest for None.

        Raises:
            RecordingError: there is no such generation.
        """
        if not self.generations:
            raise RecordingError(f"No generation of {self.id} is left", path=str(self.folder))
        if number is None:
            return self.generations[-1]
        for generation in self.generations:
            if generation.sequence == number:
                return generation
        first, last = self.generations[0].sequence, self.generations[-1].sequence
        raise RecordingError(
            f"{self.id} has no generation {number}",
            path=str(self.folder),
            hint=f"It has {first}." if first == last else f"It has {first} to {last}.",
        )


def add_name(parser: argparse.ArgumentParser) -> None:
    """Let `parser` take the NAME of a sandbox that was recorded."""
    parser.add_argument("name", metavar="NAME", help="a sandbox that was recorded")


def generation_number(text: str) -> int:
    """What may be typed behind `--generation`.

    Raises:
        argparse.ArgumentTypeError: it is no number of a generation.
    """
    if text.isascii() and text.isdecimal() and 0 < int(text[:12]) <= 999_999:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text[:64]!r} is not a generation's number, 1 or above")


def find_recorded(name: str, *, recordings: Path | None = None) -> Recorded:
    """The recordings of the sandbox `name`.

    Args:
        name: as it was typed.
        recordings: the folder of all recordings; this user's when it is not given.

    Raises:
        InvalidSandboxId: no sandbox can have this name.
        RecordingError: it was never recorded; the hint names those most like it.
        UsageError: this user has no home folder.
    """
    from core.paths import state_dir
    from core.recording import History
    from core.sandboxes.ids import check_sandbox_id

    check_sandbox_id(name)
    home = state_dir() / "recordings" if recordings is None else recordings
    folder = home / name
    if not _is_folder(folder):
        raise _unknown(name, home)
    return Recorded(name, folder, History(folder).generations)


def _is_folder(path: Path) -> bool:
    """Whether there is a folder; a link in a sandbox's place is none of ours.

    Raises:
        RecordingError: that cannot be told.
    """
    from core.recording.trouble import explain

    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise explain(path, error) from error


def _unknown(name: str, home: Path) -> RecordingError:
    import difflib

    names = _names(home)
    if not names:
        return RecordingError(
            f"Nothing was recorded yet, {name} neither: {home} holds no recording",
            path=str(home),
            hint="Record it: guestwatch watch NAME=URL, or guestwatch record NAME=URL",
        )
    near = difflib.get_close_matches(name, names, _MAX_NAMES) or sorted(names)[:_MAX_NAMES]
    more = "" if len(near) == len(names) else f", … ({len(names)} in all)"
    return RecordingError(
        f"{name} was never recorded: {home} does not hold it",
        path=str(home),
        hint=f"There is {', '.join(near)}{more}.",
    )


def _names(home: Path) -> list[str]:
    """The sandboxes that were recorded.

    Raises:
        RecordingError: the folder may not be read.
    """
    from core.recording.trouble import explain
    from core.sandboxes.ids import check_sandbox_id

    names: list[str] = []
    try:
        with os.scandir(home) as entries:
            for entry in entries:
                if len(names) < _MAX_LISTED and entry.is_dir(follow_symlinks=False):
                    try:
                        names.append(check_sandbox_id(entry.name))
                    except InvalidSandboxId:
                        continue
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise explain(home, error) from error
    return names
