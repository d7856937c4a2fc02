"""Recordings in the formats of others: asciicast, text, JSON lines, typescript.

Each format is a generator over `Source`s, so that a recording of any size passes through
in pieces. A guest's text is made safe, unless the caller asks for every byte.
"""

from core.recording.export.cast import cast
from core.recording.export.jsonl import jsonl
from core.recording.export.notice import Notice
from core.recording.export.source import Source
from core.recording.export.text import raw, text
from core.recording.export.typescript import Typed, typescript

__all__ = ["Notice", "Source", "Typed", "cast", "jsonl", "raw", "text", "typescript"]
