"""What a report about guestwatch itself should hold of the machine and the terminal.

Versions and a few named variables, never the environment as a whole: nobody can tell what
is secret in it. No sandbox is named here.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib import metadata

from core import __version__

_LIBRARIES = ("textual", "rich", "anyio", "msgspec")

_TERMINAL = ("TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION")
"""Variables whose values say what a terminal is."""

_PRESENT = ("TMUX", "STY", "ZELLIJ", "SSH_CONNECTION", "NO_COLOR")
"""Variables of which it only matters whether they are set: their values name hosts and paths."""

MAX_CHARS = 64
"""What is longer is no name of a terminal."""


def versions() -> Mapping[str, str]:
    """What this program is made of, and its system; `?` for what cannot be told."""
    system = os.uname()
    return {
        "guestwatch": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in _LIBRARIES},
        "system": f"{system.sysname} {system.release} {system.machine}",
    }


def terminal(environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """What the terminal says it is, and what is around it. Hostile: whoever set it, did."""
    told = {name: environ[name][:MAX_CHARS] for name in _TERMINAL if environ.get(name)}
    return told | {name: "set" for name in _PRESENT if environ.get(name)}


def host() -> str:
    """What this machine calls itself."""
    return os.uname().nodename


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "?"
