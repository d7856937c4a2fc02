"""Recordings on disk: a console's bytes, when they came, and what else happened.

`Recorder` writes one generation; `GenerationReader`, `RecordingClock` and `Ledger`
read one, also while it grows; `History` lists a sandbox's, and `read_account` tells
what of its life was heard. A reader needs nothing
but the files, and believes none of them.
"""

from core.errors import RecordingError, WriteFailed
from core.recording.account import Account, Stretch
from core.recording.clock import RecordingClock
from core.recording.course import CourseReader
from core.recording.density import Course, Edge, Timeline
from core.recording.events import Events
from core.recording.gaps import Cause, Gap
from core.recording.history import Generation, History, last_heard
from core.recording.layout import SEGMENT_BYTES
from core.recording.ledger import Fact, Ledger, LedgerEntry, enter_late
from core.recording.life import read_account
from core.recording.marks import enter_mark, remove_mark
from core.recording.meta import Meta, read_meta
from core.recording.moments import looks_for, offset_at
from core.recording.outside import enter_gaps_outside
from core.recording.reader import GenerationReader
from core.recording.shelf import Event, EventKind
from core.recording.writer import Recorder

__all__ = [
    "SEGMENT_BYTES",
    "Account",
    "Cause",
    "Course",
    "CourseReader",
    "Edge",
    "Event",
    "EventKind",
    "Events",
    "Fact",
    "Gap",
    "Generation",
    "GenerationReader",
    "History",
    "Ledger",
    "LedgerEntry",
    "Meta",
    "Recorder",
    "RecordingClock",
    "RecordingError",
    "Stretch",
    "Timeline",
    "WriteFailed",
    "enter_gaps_outside",
    "enter_late",
    "enter_mark",
    "last_heard",
    "looks_for",
    "offset_at",
    "read_account",
    "read_meta",
    "remove_mark",
]
