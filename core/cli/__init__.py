"""The command line. Stdout is data, stderr is narration.

Exit codes: 0 done, 1 failed, 2 wrong usage or config.
"""

from core.cli.command import DashboardRequest, ScreenRequest, ViewRequest
from core.cli.main import main

__all__ = ["DashboardRequest", "ScreenRequest", "ViewRequest", "main"]
