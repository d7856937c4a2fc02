"""How a dashboard was left: read when the next one opens, written when it is quit.

One file, `session.json` in the state folder. It is a convenience and nothing rests on it:
whatever is wrong with it, the dashboard opens as if for the first time and says why. Of
two dashboards the one that is quit last writes what counts. What the fields of a
sandbox's record mean is the screen's affair; here they are only kept small.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import RecordingError, SessionError
from core.recording.folder import Folder

NAME = "session.json"
VERSION = 1

MAX_BYTES = 1024 * 1024
MAX_SANDBOXES = 200
"""Of more, those that were looked at longest ago are forgotten."""
MAX_FIELDS = 24
MAX_TEXT = 1000
"""Characters of one text; no pattern that is typed is longer."""
MAX_TEXTS = 200

Value = bool | int | float | str | list[str]
Record = Mapping[str, Value]
"""Facts by name; whoever reads one takes nothing for granted."""


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a dashboard was left."""

    version: int = VERSION
    theme: str = ""
    """The theme a person changed to; empty when it is the one it began with."""
    theme_before: str = ""
    """What the config asked for then: another wish of the config counts more."""
    selected: str = ""
    """The selected sandbox's id."""
    layout: dict[str, Value] = {}
    """What was in sight, and how."""
    sandboxes: dict[str, dict[str, Value]] = {}
    """How each sandbox's console was read, by id; looked at last, last."""


EMPTY = Session()


class Loaded(NamedTuple):
    """What was read."""

    session: Session
    trouble: str = ""
    """Why it is an empty one, naming the file; empty when there was none, or it was read."""


def load_session(state: Path) -> Loaded:
    """How the last dashboard was left; an empty session when that cannot be told.

    Args:
        state: the state folder.
    """
    path = state / NAME
    try:
        raw = _read(state)
    except RecordingError as error:
        return Loaded(EMPTY, f"{path} is not heeded: {error.message}")
    if raw is None:
        return Loaded(EMPTY)
    trouble = ""
    session = EMPTY
    if len(raw) > MAX_BYTES:
        trouble = "it is too large"
    else:
        try:
            session = msgspec.json.decode(raw, type=Session)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            trouble = "it is damaged"
    if not trouble and session.version != VERSION:
        trouble = f"it is of version {session.version}, not {VERSION}"
    return Loaded(EMPTY, f"{path} is not heeded: {trouble}") if trouble else Loaded(_small(session))


def _read(state: Path) -> bytes | None:
    """The file's bytes, one more than there may be at most; None when there is none."""
    if not state.is_dir():
        return None
    with Folder.open(state) as folder:
        if folder.stat(NAME) is None:
            return None
        fd = folder.open_read(NAME)
        if fd is None:
            raise RecordingError("it is no plain file", path=str(state / NAME))
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if found.st_uid not in (0, os.geteuid()):
                raise RecordingError("it is another user's", path=str(state / NAME))
            if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise RecordingError("others may write it", path=str(state / NAME))
            try:
                return file.read(MAX_BYTES + 1)
            except OSError as error:
                raise RecordingError(f"{error.strerror}", path=str(state / NAME)) from error


def save_session(state: Path, session: Session) -> None:
    """Write how a dashboard is left, in the place of what was there.

    Args:
        state: the state folder; made when it is missing.
        session: what to write. What is too much of it is left out.

    Raises:
        SessionError: it cannot be written.
    """
    small = _small(session)
    raw = msgspec.json.encode(small)
    while len(raw) > MAX_BYTES:
        kept = list(small.sandboxes.items())[len(small.sandboxes) // 2 :]
        if len(kept) <= 1:
            small = Session(theme=small.theme, selected=small.selected)
        else:
            small = msgspec.structs.replace(small, sandboxes=dict(kept))
        raw = msgspec.json.encode(small)
    try:
        with Folder.make_home(state) as folder:
            # Two dashboards may be quit at the same moment.
            fcntl.flock(folder.fd, fcntl.LOCK_EX)
            folder.replace(NAME, raw)
    except RecordingError as error:
        raise SessionError(
            f"Cannot remember how the dashboard was left: {error.message}", hint=error.hint
        ) from error


def _small(session: Session) -> Session:
    """`session` within the limits, its texts such that any of them can be written."""
    newest = list(session.sandboxes.items())[-MAX_SANDBOXES:]
    return Session(
        theme=_text(session.theme),
        theme_before=_text(session.theme_before),
        selected=_text(session.selected),
        layout=_record(session.layout),
        sandboxes={_text(name): _record(record) for name, record in newest},
    )


def _record(record: Record) -> dict[str, Value]:
    return {_text(name): _value(value) for name, value in list(record.items())[:MAX_FIELDS]}


def _value(value: Value) -> Value:
    match value:
        case str():
            return _text(value)
        case list():
            return [_text(each) for each in value[:MAX_TEXTS]]
        case bool():
            return value
        case int():
            # Beyond this, JSON's readers do not agree on what a number is.
            return max(-(1 << 53), min(1 << 53, value))
    return value if abs(value) < float("inf") else 0.0


def _text(text: str) -> str:
    return text[:MAX_TEXT].encode("utf-8", "replace").decode()
