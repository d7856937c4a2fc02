"""From the FILE or NAME a person types to what is to be viewed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidSandboxId, RecordingError, UsageError

if TYPE_CHECKING:
    from core.plain_log import PlainLog
    from core.recording import Generation

_MAX_TOLD = 3


@dataclass(frozen=True, slots=True)
class RecordedView:
    """A recording to be viewed."""

    name: str
    folder: Path
    """The sandbox's."""
    only: Generation | None = None
    """The one generation to show; None for all, those to come included."""


def find_viewed(
    text: str, *, generation: int | None = None, recordings: Path | None = None
) -> RecordedView | PlainLog:
    """What `text` means: with a slash a path; else a recording's name, or else a file's.

    Args:
        text: as it was typed.
        generation: the number of the one to show; None for all.
        recordings: the folder of all recordings; this user's when it is not given.

    Raises:
        RecordingError: it is not there, or may not be read.
        UsageError: it is nothing that can be viewed.
    """
    if text in ("", "-"):
        raise UsageError(
            "A view reads a file back and forth, which stdin cannot do",
            hint="Save it first, and view that: … > FILE; guestwatch view FILE",
        )
    found = _recording(text, generation, recordings) if os.sep not in text else None
    return _at_path(Path(text), generation) if found is None else found


def _recording(text: str, generation: int | None, recordings: Path | None) -> RecordedView | None:
    """The recording of this name; None when there is none, but a file."""
    from core.cli.recorded import find_recorded

    is_there = Path(text).exists() or Path(text).is_symlink()
    try:
        recorded = find_recorded(text, recordings=recordings)
    except InvalidSandboxId as error:
        if is_there:
            return None
        raise RecordingError(
            f"There is no file {text}, and no recording can have this name",
            path=text,
            hint=error.hint,
        ) from error
    except RecordingError as error:
        if is_there:
            return None
        raise RecordingError(
            f"{error.message}, nor is there a file {text}", path=text, hint=error.hint
        ) from error
    only = None if generation is None else recorded.generation(generation)
    if not recorded.generations:
        recorded.generation(None)
    return RecordedView(recorded.id, recorded.folder, only)


def _at_path(path: Path, generation: int | None) -> RecordedView | PlainLog:
    from core.plain_log import PlainLog
    from core.recording.trouble import explain

    if not _is_folder(path):
        if generation is not None:
            raise UsageError(f"{path} is a file, and has no generations", hint="Leave it out.")
        return PlainLog(path)
    try:
        return _folder(path.absolute(), generation)
    except OSError as error:
        raise explain(path, error) from error


def _folder(path: Path, generation: int | None) -> RecordedView:
    """A sandbox's folder, or a generation's, wherever they were moved to."""
    from core.cli.recorded import Recorded
    from core.recording.history import generations_in

    path = Path(os.path.normpath(path))
    generations = generations_in(path)
    if generations:
        recorded = Recorded(path.name, path, generations)
        only = None if generation is None else recorded.generation(generation)
        return RecordedView(path.name, path, only)
    alone = _generation(path)
    if alone is None:
        raise _none_in(path)
    if generation not in (None, alone.sequence):
        raise UsageError(
            f"{path} is generation {alone.sequence} alone", hint="Leave --generation out."
        )
    return RecordedView(_owner(path) or path.name, path.parent, alone)


def _generation(path: Path) -> Generation | None:
    """What is in a generation's folder, also one that was given another name; None for others."""
    from core.recording import Generation, read_meta
    from core.recording.layout import LOG, META, parse_generation, parse_segment_log

    names = {each.name for each in path.iterdir()}
    if META not in names and LOG not in names and not any(map(parse_segment_log, names)):
        return None
    name = parse_generation(path.name)
    if name is not None:
        return Generation(name.sequence, path.name, path, name.started_wall)
    meta = read_meta(path)
    return Generation(1, path.name, path, 0.0 if meta is None else meta.started_wall)


def _owner(path: Path) -> str:
    """Whose generation it is, as its own files say."""
    from core.recording import read_meta

    meta = read_meta(path)
    return "" if meta is None else meta.id


def _none_in(path: Path) -> RecordingError:
    """The error about a folder without a recording; it may hold some one folder further down."""
    from core.recording.history import generations_in

    names = sorted(each.name for each in path.iterdir() if each.is_dir() and generations_in(each))
    if not names:
        return RecordingError(
            f"{path} holds no recording",
            path=str(path),
            hint="Name a sandbox that was recorded, its folder, or a file.",
        )
    told = ", ".join(str(path / name) for name in names[:_MAX_TOLD])
    more = "" if len(names) <= _MAX_TOLD else f", … ({len(names)} in all)"
    return RecordingError(
        f"{path} holds recordings, of {len(names)} "
        + ("sandbox" if len(names) == 1 else "sandboxes"),
        path=str(path),
        hint=f"View one of them: {told}{more}.",
    )


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        # What it is instead, or why that cannot be told, says whoever opens it.
        return False
