"""What was found of a console before it is touched. Names are hostile text."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass

from core.endpoints.holders.cmdline import Chardev, Owner
from core.endpoints.holders.procfs import Opener, Process
from core.endpoints.url import ConsoleUrl


class Kind(enum.StrEnum):
    """What a console's address leads to."""

    ABSENT = "absent"
    """Nothing is there, or it may not be looked at."""
    SOCKET = "socket"
    """A unix socket that the VMM serves."""
    TERMINAL = "terminal"
    FILE = "file"
    DIALED = "dialed"
    """A socket of ours that the VMM dials."""
    GUEST_PORT = "guest port"
    """A (hybrid) vsock: each connection is a new one, inside the guest."""
    NETWORK = "network"
    """A TCP port."""
    OTHER = "other"
    """Something that is no console: attaching will say so."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Another client of a console.

    Attributes:
        pid: 0 when its process cannot be seen.
        name: its process's; hostile.
        started: with the pid it names the process (clock ticks from boot).
        uid: whose it is; None when unknown.
    """

    pid: int = 0
    name: str = ""
    started: int = 0
    uid: int | None = None

    @classmethod
    def of(cls, process: Process, uid: int | None = None) -> Holder:
        """A holder whose process is known."""
        return cls(process.pid, process.name, process.started, uid)

    def __str__(self) -> str:
        if self.pid:
            return f"pid {self.pid} ({self.name})" if self.name else f"pid {self.pid}"
        return "another client" if self.uid is None else f"another client of user {self.uid}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a look rests on, so that it can be asked for again cheaply.

    Attributes:
        connections: inodes of the server's ends of the holders' connections.
        listener: inode of the listening socket; 0 when none is seen.
        device: the terminal as it was found.
        openers: who has the terminal open.
    """

    connections: tuple[int, ...] = ()
    listener: int = 0
    device: os.stat_result | None = None
    openers: tuple[Opener, ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """What was found of a console.

    Attributes:
        url: whose.
        kind: what is there.
        is_known: whether it is known who has it: the kernel told, or QEMU's monitor.
        is_listened: of a socket, whether somebody listens; False for a QEMU that is about
            to; None when none is seen from here, as when the VMM is in another network
            namespace.
        server: the process that serves it, when that can be seen.
        family: the server's, as `core.sandboxes.vmm` names it; empty when unknown.
        owner: who runs the VM.
        chardev: of a QEMU, what its command line says of this console.
        holders: those who have it, ourselves excluded.
        waiting: how many more clients wait in its queue, ourselves excluded.
        ahead: the first of those that wait, when nobody has it yet.
        hidden: how many processes could not be looked into.
        as_root: whether root looked, who sees all there is to see from here.
        monitor: whether a client is attached, by QEMU's own word; None when not asked.
        evidence: for `is_still_held`.
    """

    url: ConsoleUrl
    kind: Kind
    is_known: bool = True
    is_listened: bool | None = None
    server: Process | None = None
    family: str = ""
    owner: Owner = Owner.NOBODY
    chardev: Chardev | None = None
    holders: tuple[Holder, ...] = ()
    waiting: int = 0
    ahead: Holder | None = None
    hidden: int = 0
    as_root: bool = False
    monitor: bool | None = None
    evidence: Evidence = Evidence()

    @property
    def holder(self) -> Holder | None:
        """Who has it, or is to have it next; None for nobody."""
        return self.holders[0] if self.holders else self.ahead
