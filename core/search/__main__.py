"""`python -m core.search`: started by a viewer, and ends with it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from core.journal import start_journal
from core.search.searcher import Searcher

NICENESS = 10
"""Reading the consoles and painting them come first."""


def main() -> int:
    """Search what the viewer names on stdin until it hangs up."""
    # Ctrl-C in the viewer's terminal is the viewer's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    start_journal()
    with contextlib.suppress(BrokenPipeError):
        Searcher(sys.stdin.fileno(), sys.stdout.fileno()).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
