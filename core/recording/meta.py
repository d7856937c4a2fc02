"""`meta.json`: who the sandbox of a generation is, and when the generation began."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.clock import Instant, boot_id
from core.errors import RecordingError
from core.recording.folder import Folder
from core.recording.layout import META

if TYPE_CHECKING:
    from core.sandboxes.model import SandboxSpec

MAX_META_BYTES = 64 * 1024
_MAX_TEXT = 4096
"""Names and URLs come from outside; a longer one is cut."""

_LATEST_S = 1e10
"""The year 2286. A clock that shows more is not believed."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Who a sandbox is. All texts may come from outside and are hostile."""

    id: str
    name: str = ""
    family: str = ""
    hypervisor: str = ""
    """The VMM's program, as far as it is known."""
    pid: int = 0
    """The process that listened on the console; 0 when unknown."""
    console: str = ""
    """The console's URL."""
    proxy_type: str = ""
    life: str = ""
    """Names one life of the console across restarts of capture; empty is like no other."""
    boot_id: str = ""
    """The host's boot in which the generation began: `started_boot` counts from that one."""
    started_wall: float = 0.0
    """Seconds since the epoch, UTC."""
    started_boot: float = 0.0
    """Seconds since the host booted, sleep included."""

    @classmethod
    def of(
        cls, spec: SandboxSpec, *, life: str, pid: int = 0, family: str = "", at: Instant
    ) -> Meta:
        """The meta data of a life of `spec`'s console that was first seen `at`."""
        return cls(
            id=spec.id,
            name=spec.name or spec.id,
            family=family or spec.family,
            pid=pid,
            console=spec.console,
            proxy_type=str(spec.proxy_type),
            life=life,
            boot_id=boot_id(),
            started_wall=at.wall,
            started_boot=at.boot,
        )

    def begun_like(self, other: Meta) -> Meta:
        """The same, but of the life and with the beginning that `other` has."""
        return msgspec.structs.replace(
            self,
            life=other.life,
            boot_id=other.boot_id,
            started_wall=other.started_wall,
            started_boot=other.started_boot,
        )

    @property
    def started(self) -> Instant:
        """When the generation began."""
        return Instant(self.started_wall, self.started_boot)


def encode(meta: Meta) -> bytes:
    """The contents of `meta.json`: ASCII, one field a line."""
    fields = {
        name: value[:_MAX_TEXT] if isinstance(value, str) else value
        for name, value in msgspec.structs.asdict(meta).items()
    }
    return json.dumps(fields, ensure_ascii=True, indent=2).encode("ascii") + b"\n"


def decode(data: bytes) -> Meta | None:
    """The meta data in the contents of a `meta.json`; None when there are none. Never raises."""
    try:
        meta = msgspec.convert(json.loads(data), Meta)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return None
    for seconds in (meta.started_wall, meta.started_boot):
        if not (math.isfinite(seconds) and 0 <= seconds <= _LATEST_S):
            return None
    return meta


def read_meta(folder: Path) -> Meta:
    """The meta data of the generation in `folder`.

    Raises:
        RecordingError: there are none that can be read.
    """
    with Folder.open(folder) as opened:
        meta = read_in(opened)
    if meta is None:
        raise RecordingError(
            f"{folder / META} cannot be read",
            path=str(folder / META),
            hint="The recording can be read without it; only the sandbox's name is unknown.",
        )
    return meta


def read_in(folder: Folder) -> Meta | None:
    """The meta data of an open generation; None when there are none that can be read.

    Raises:
        RecordingError: the file may not be read.
    """
    data = folder.read_small(META, MAX_META_BYTES)
    return None if data is None else decode(data)
