"""What is worth alarm in a guest's bytes. Pure: no I/O, no clock.

`Detector` is fed a generation's bytes and gives `Alert`s; `check_pattern` says what is
wrong with a user's own pattern.
"""

from core.console.alerts.detector import Detector
from core.console.alerts.expression import check_pattern
from core.console.alerts.model import Alert, Kind
from core.console.alerts.rules import Rules

__all__ = ["Alert", "Detector", "Kind", "Rules", "check_pattern"]
