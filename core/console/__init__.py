"""A guest's bytes to safe lines. Pure: no I/O, no clock."""

from core.console.annotated import Annotated
from core.console.level import candidates, level_of
from core.console.line import render_line
from core.console.model import PLAIN, Colour, ConsoleLine, Level, Role, Run, SafeStr, Style
from core.console.rows import (
    MAX_ROW_BYTES,
    Row,
    Source,
    row_start,
    rows_backward,
    rows_forward,
)
from core.console.safe import safe_text
from core.console.script import Script
from core.console.transcript import SEAM_OFFSET, Position, Transcript, TranscriptRow
from core.console.wrap import part_of, row_at, wrap_starts

__all__ = [
    "MAX_ROW_BYTES",
    "PLAIN",
    "SEAM_OFFSET",
    "Annotated",
    "Colour",
    "ConsoleLine",
    "Level",
    "Position",
    "Role",
    "Row",
    "Run",
    "SafeStr",
    "Script",
    "Source",
    "Style",
    "Transcript",
    "TranscriptRow",
    "candidates",
    "level_of",
    "part_of",
    "render_line",
    "row_at",
    "row_start",
    "rows_backward",
    "rows_forward",
    "safe_text",
    "wrap_starts",
]
