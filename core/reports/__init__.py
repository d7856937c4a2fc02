"""What somebody needs who was not there: a trace with all that belongs to it, ready to paste."""

from core.reports.fence import code, fenced
from core.reports.markdown import trace_markdown
from core.reports.trace import Beside, Guest, Said, TraceReader, TraceReport

__all__ = [
    "Beside",
    "Guest",
    "Said",
    "TraceReader",
    "TraceReport",
    "code",
    "fenced",
    "trace_markdown",
]
