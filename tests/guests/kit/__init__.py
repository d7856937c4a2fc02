"""A kit of simulated consoles to test a console tool against; README.md tells of each.

It needs the standard library only, and knows nothing of the tool that it tests.
"""

from .guest import (
    ClhKick,
    ConsoleLog,
    Dial,
    DragonballDrop,
    Guest,
    GuestEnded,
    Hvsock,
    PtySteal,
    QemuQueue,
    QemuTcp,
    QemuTelnet,
)
from .script import Afterwards, Device, Ok, Rebirth
from .speech import SILENCE, Kind, Seeded, Speech
from .truth import Life, Span, Truth, Visit, length
from .verify import Verdict, as_seen, verify

__all__ = [
    "SILENCE",
    "Afterwards",
    "ClhKick",
    "ConsoleLog",
    "Device",
    "Dial",
    "DragonballDrop",
    "Guest",
    "GuestEnded",
    "Hvsock",
    "Kind",
    "Life",
    "Ok",
    "PtySteal",
    "QemuQueue",
    "QemuTcp",
    "QemuTelnet",
    "Rebirth",
    "Seeded",
    "Span",
    "Speech",
    "Truth",
    "Verdict",
    "Visit",
    "as_seen",
    "length",
    "verify",
]
