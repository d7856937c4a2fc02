"""The command line. Stdout is data, stderr is narration.

Exit codes: 0 done, 1 failed, 2 wrong usage or config.
"""

from core.cli.main import DashboardRequest, main

__all__ = ["DashboardRequest", "main"]
