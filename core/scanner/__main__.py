"""`python -m core.scanner`: started by capture, and ends with it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from core.journal import start_journal
from core.limits import raise_descriptor_limit
from core.scanner.scanner import Scanner

NICENESS = 10
"""Reading the consoles comes first."""


def main() -> int:
    """Scan what capture names on stdin until it hangs up."""
    # Ctrl-C in a terminal with a capture in the foreground ends capture, and that this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    raise_descriptor_limit()
    start_journal()
    with contextlib.suppress(BrokenPipeError):
        Scanner(sys.stdin.fileno(), sys.stdout.fileno()).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
