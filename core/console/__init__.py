"""A guest's bytes to safe lines. Pure: no I/O, no clock."""

from core.console.line import render_line
from core.console.model import PLAIN, Colour, ConsoleLine, Role, Run, SafeStr, Style
from core.console.rows import (
    MAX_ROW_BYTES,
    Row,
    Source,
    row_start,
    rows_backward,
    rows_forward,
)
from core.console.safe import safe_text
from core.console.transcript import Position, Transcript, TranscriptRow

__all__ = [
    "MAX_ROW_BYTES",
    "PLAIN",
    "Colour",
    "ConsoleLine",
    "Position",
    "Role",
    "Row",
    "Run",
    "SafeStr",
    "Source",
    "Style",
    "Transcript",
    "TranscriptRow",
    "render_line",
    "row_start",
    "rows_backward",
    "rows_forward",
    "safe_text",
]
