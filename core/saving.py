"""Files that a person asks the dashboard for: new ones only, written a slice at a time.

A whole generation may be a gigabyte, and whoever saves it goes on working meanwhile. So
a file is written in slices between frames, by no thread that would have to be waited for;
one that is not finished is removed again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.clock import now
from core.errors import OutputFailed, RecordingError
from core.output import Write, is_folder, new_file
from core.recording import History, read_account
from core.recording.export import Source, text

_MOST_NAMES = 1000


class Saving:
    """A file on its way to the disk.

    Args:
        path: where it shall be; nothing may be there.
        pieces: what it shall hold, made as it is written.

    Raises:
        OutputFailed: it exists, or cannot be made.
    """

    def __init__(self, path: Path, pieces: Iterable[bytes]) -> None:
        self.path = path
        self.bytes_written = 0
        self._pieces = iter(pieces)
        self._files = contextlib.ExitStack()
        self._write: Write = self._files.enter_context(new_file(path))

    def step(self, seconds: float) -> bool:
        """Write on for so long; whether it is finished.

        Raises:
            OutputFailed: it cannot be written. It is removed.
            RecordingError: what it shall hold cannot be read. It is removed.
        """
        deadline = now().boot + seconds
        try:
            for piece in self._pieces:
                self._write(piece)
                self.bytes_written += len(piece)
                if now().boot > deadline:
                    return False
            self._files.close()
        except (OutputFailed, RecordingError) as error:
            self._remove(error)
            raise
        return True

    def cancel(self) -> None:
        """Leave it, and remove what there is of it. Harmless when it is finished."""
        self._remove(OutputFailed(f"{self.path}: cancelled"))

    def _remove(self, error: Exception) -> None:
        with contextlib.suppress(OutputFailed, RecordingError):
            self._files.__exit__(type(error), error, None)
        if isinstance(self._pieces, Iterator) and hasattr(self._pieces, "close"):
            self._pieces.close()


def wanted_path(typed: str, name: str) -> Path:
    """Where the file that a person named shall be; in a folder, it gets this name.

    Raises:
        OutputFailed: nothing was typed.
    """
    if not typed.strip():
        raise OutputFailed("No file is named", hint="Type a path, such as ~/boot.txt.")
    try:
        path = Path(typed).expanduser()
    except RuntimeError as error:
        raise OutputFailed(f"{typed}: {error}", hint="Type the path in full.") from error
    path = path / name if is_folder(path) else path
    return Path.cwd() / path


def free_path(path: Path) -> Path:
    """This path, or the next one with a number that nothing has: `vm1-2.txt`."""
    tries = (path.with_stem(f"{path.stem}-{number}") for number in range(2, _MOST_NAMES))
    with contextlib.suppress(OSError, ValueError):
        return next((each for each in (path, *tries) if not _is_there(each)), path)
    return path


def generation_text(folder: Path, sequence: int) -> Iterator[bytes]:
    """All that one generation printed, as `guestwatch export` writes it, in pieces.

    Args:
        folder: the sandbox's.
        sequence: the generation's number.

    Raises:
        RecordingError: there is none, or the disk does not give it.
    """
    found = [each for each in History(folder).generations if each.sequence == sequence]
    if not found:
        raise RecordingError(f"{folder}: generation {sequence} is gone")
    with Source(found[0], read_account(folder), is_announced=False) as source:
        yield from text([source])


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
