"""How a simulated guest is to behave: one value, from Python or from the command line."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypedDict

from .speech import SILENCE, Speech


class Device(enum.StrEnum):
    """What the guest prints through when its reader is slow."""

    SERIAL16550 = "serial16550"
    """The printer blocks, nothing is lost."""
    VIRTCONSOLE = "virtconsole"
    """What the reader did not take in time is lost, the printer never notices."""


class Afterwards(enum.StrEnum):
    """What the guest does when all is said."""

    HANG_UP = "hang-up"
    """Ends: its client gets end of file, the socket's file goes."""
    STAY = "stay"
    """Keeps its client and is silent."""
    AGAIN = "again"
    """Hangs up on this client and says the same to the next."""


class Rebirth(enum.StrEnum):
    """What the path has while the guest is down, and how the next life takes it."""

    UNLINK = "unlink"
    """Nothing; the next life binds."""
    STALE = "stale"
    """The dead socket's file, as after SIGKILL; the next life unlinks it and binds."""
    RENAME_OVER = "rename-over"
    """The dead socket's file; the next life binds beside it and renames over it."""


class Ok(enum.StrEnum):
    """How a hybrid vsock muxer answers CONNECT once somebody listens."""

    PLAIN = "plain"
    WITH_DATA = "with-data"
    """The guest's first bytes are in the OK's segment."""
    BYTE_BY_BYTE = "byte-by-byte"
    """Each byte of the OK in a write of its own."""
    GARBAGE = "garbage"
    """Something else than OK."""
    SILENT = "silent"
    """Nothing."""
    HELD = "held"
    """Nothing until it is told to answer."""


class Options(TypedDict, total=False):
    """What may be chosen; `Script` has the meanings."""

    say: Speech
    wait: bool
    anew: bool
    device: Device
    every_ms: float
    piece: int
    afterwards: Afterwards
    lives: int
    downtime_s: tuple[float, ...]
    rebirth: Rebirth
    ring: int
    telnet: bool
    reconnect_s: float
    ports: tuple[int, ...]
    ok: Ok
    late_s: float
    refusals: int
    tolerant: bool
    limit: int
    overwrite: bool


@dataclass(frozen=True, slots=True)
class Script:
    """One guest's behaviour."""

    kind: str
    path: str
    """A socket's or file's path; ADDRESS:PORT for tcp, where port 0 is any."""
    say: Speech = SILENCE
    wait: bool = False
    """Say nothing until a client comes, as with QEMU's wait=on."""
    anew: bool = False
    """Say everything again to each client: every visit is a life. Implies `wait`."""
    device: Device = Device.SERIAL16550
    every_ms: float = 0.0
    """Pause between two prints."""
    piece: int = 64 * 1024
    """At most so many bytes a print. A real 16550 prints single bytes."""
    afterwards: Afterwards = Afterwards.STAY
    lives: int = 1
    """With more than one, each life ends when all is said; life n has the seed plus n."""
    downtime_s: tuple[float, ...] = (0.0,)
    """Between two lives, in turn."""
    rebirth: Rebirth = Rebirth.UNLINK
    ring: int = 1 << 20
    """What cloud-hypervisor keeps for the next client."""
    telnet: bool = False
    reconnect_s: float = 1.0
    """Of `dial`: how long after a failure it dials again."""
    ports: tuple[int, ...] = (1026,)
    """Of `hvsock`: where the guest listens."""
    ok: Ok = Ok.PLAIN
    late_s: float = 0.0
    """Of `hvsock`: how late the OK is."""
    refusals: int = 0
    """Of `hvsock`: so many first connections are closed, as nobody listens yet."""
    tolerant: bool = False
    """Of `hvsock`: take the line in pieces, as cloud-hypervisor does."""
    limit: int = 1023
    """Of `hvsock`: how many connections at a time."""
    overwrite: bool = False
    """Of `console-log`: write at the own position and not at the file's end."""
