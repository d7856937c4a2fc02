"""Where guestwatch keeps what: the runtime folder, the state folder, the config file.

The runtime folder holds the control socket, so it must be ours alone: whoever can
put something in it can play capture to our viewers.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from core.errors import RuntimeDirError, UsageError

APP = "guestwatch"

ROOT_RUNTIME_DIR = Path("/run/guestwatch")
"""Root's, outside a login session."""

_REMEDY = "Or set XDG_RUNTIME_DIR to a folder of your own with mode 0700."


def runtime_dir() -> Path:
    """The folder for the control socket and its lock; it exists, is ours and has mode 0700.

    `guestwatch` in $XDG_RUNTIME_DIR if that is ours and 0700; else for root
    /run/guestwatch; else `guestwatch-<uid>` in the temp directory.

    Raises:
        RuntimeDirError: it cannot be made, or somebody else could write in it.
    """
    uid = os.geteuid()
    folder, passed_over = choose_runtime_dir(os.environ, uid)
    try:
        ensure_private(folder, uid)
    except RuntimeDirError as error:
        hint = f"{error.hint} {passed_over}".strip()
        raise RuntimeDirError(error.message, hint=hint) from error
    return folder


def choose_runtime_dir(environ: Mapping[str, str], uid: int) -> tuple[Path, str]:
    """The runtime folder's place for user `uid`, and why $XDG_RUNTIME_DIR is passed over.

    Nothing is made. The reason is empty when it is not passed over.
    """
    session = environ.get("XDG_RUNTIME_DIR", "")
    reason = _session_trouble(session, uid)
    if not reason:
        return Path(session) / APP, ""
    if uid == 0:
        return ROOT_RUNTIME_DIR, reason
    temp = environ.get("TMPDIR", "")
    return Path(temp if temp.startswith("/") else "/tmp") / f"{APP}-{uid}", reason


def _session_trouble(session: str, uid: int) -> str:
    """Why the login session's runtime folder cannot be used; empty when it can."""
    if not session:
        return "XDG_RUNTIME_DIR is not set (cron jobs and containers have none)."
    if not session.startswith("/"):
        return "XDG_RUNTIME_DIR is not an absolute path."
    try:
        found = Path(session).stat()
    except (OSError, ValueError):
        return f"XDG_RUNTIME_DIR ({session}) cannot be looked at."
    if not stat.S_ISDIR(found.st_mode):
        return f"XDG_RUNTIME_DIR ({session}) is not a folder."
    if found.st_uid != uid:
        return (
            f"XDG_RUNTIME_DIR ({session}) belongs to user {found.st_uid}; sudo and su may keep it."
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o777 != 0o700:
        return f"XDG_RUNTIME_DIR ({session}) has mode {mode:04o}, not 0700."
    return ""


def ensure_private(folder: Path, uid: int) -> None:
    """Make `folder` with mode 0700 if it is missing, and check that it is user `uid`'s alone.

    Whatever the umask. Its parent must exist.

    Raises:
        RuntimeDirError: it cannot be made, or somebody else could write in it.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise RuntimeDirError(
            f"Cannot make the runtime folder {folder}: {error.strerror}",
            hint=f"Make {folder.parent} a folder that you may write. {_REMEDY}",
        ) from error
    # O_PATH opens it whatever it is and whatever its mode; all checks are on that one thing.
    try:
        fd = os.open(folder, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise RuntimeDirError(
            f"Cannot open the runtime folder {folder}: {error.strerror}", hint=_REMEDY
        ) from error
    try:
        found = os.fstat(fd)
        check_private(folder, found, uid)
        if stat.S_IMODE(found.st_mode) & 0o777 != 0o700:
            # Made under a umask that keeps even its owner out.
            Path(f"/proc/self/fd/{fd}").chmod(0o700)
    except OSError as error:
        raise RuntimeDirError(
            f"Cannot make the runtime folder {folder} private: {error.strerror}", hint=_REMEDY
        ) from error
    finally:
        os.close(fd)


def make_folders(folder: Path) -> None:
    """Make `folder` and what is missing above it, all 0700 whatever the umask.

    Raises:
        OSError: one cannot be made.
    """
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            with contextlib.suppress(FileExistsError):
                each.mkdir(mode=0o700)
                # The umask may have kept even us out of it.
                each.chmod(0o700)


def check_private(folder: Path, found: os.stat_result, uid: int) -> None:
    """Check that `folder`, which is as `found` without following links, is user `uid`'s alone.

    Raises:
        RuntimeDirError: it is a link, no folder, another user's, or open to others.
    """
    if stat.S_ISLNK(found.st_mode):
        trouble = f"{folder} is a symbolic link, not the runtime folder itself"
        hint = f"Remove it, after looking at where it leads. {_REMEDY}"
    elif not stat.S_ISDIR(found.st_mode):
        trouble = f"{folder} is in the place of the runtime folder"
        hint = f"Remove it. {_REMEDY}"
    elif found.st_uid != uid:
        trouble = f"The runtime folder {folder} belongs to user {found.st_uid}, not to user {uid}"
        hint = f"Run it as that user, or have them remove the folder. {_REMEDY}"
    elif found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        trouble = f"The runtime folder {folder} is open to other users: mode {mode:04o}"
        hint = f"Look at what is in it, then run chmod 700 {folder}. {_REMEDY}"
    else:
        return
    raise RuntimeDirError(trouble, hint=hint)


def state_dir() -> Path:
    """Where recordings are kept: $XDG_STATE_HOME/guestwatch. It may not exist yet.

    Raises:
        UsageError: there is no home folder to put it in.
    """
    import platformdirs  # 20 ms, which --version need not spend

    try:
        folder = platformdirs.user_state_path(APP, appauthor=False)
    except RuntimeError as error:
        raise _homeless("XDG_STATE_HOME") from error
    if not folder.is_absolute():
        raise _homeless("XDG_STATE_HOME")
    return folder


def config_file() -> Path:
    """The user's config file: $XDG_CONFIG_HOME/guestwatch/config.toml. It may not exist.

    Raises:
        UsageError: there is no home folder to look for it in.
    """
    import platformdirs

    try:
        folder = platformdirs.user_config_path(APP, appauthor=False)
    except RuntimeError as error:
        raise _homeless("XDG_CONFIG_HOME") from error
    if not folder.is_absolute():
        raise _homeless("XDG_CONFIG_HOME")
    return folder / "config.toml"


def _homeless(variable: str) -> UsageError:
    return UsageError(
        "This user has no home folder", hint=f"Set HOME or {variable} to an absolute path."
    )
