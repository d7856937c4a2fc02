"""Pins what pictures depend on, before Textual reads it at import (`-p tests.pin_env`)."""

from __future__ import annotations

import os

# The snapshot plug-in tells its workers in a variable of its own where to report.
for name in [n for n in os.environ if n.startswith("TEXTUAL") and "SNAPSHOT" not in n]:
    del os.environ[name]
for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "ESCDELAY", "TMUX", "STY"):
    os.environ.pop(name, None)
os.environ.update(
    TEXTUAL_ANIMATIONS="none",
    TEXTUAL_COLOR_SYSTEM="truecolor",
    TERM="xterm-256color",
    COLORTERM="truecolor",
    TZ="UTC",
    LC_ALL="C.UTF-8",
)
# Files that tests write are files as a shell makes them; those that care set it themselves.
os.umask(0o022)
