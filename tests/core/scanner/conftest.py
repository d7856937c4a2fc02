"""A capture's folders, and the fixtures of `tests/guests/qemu.py`."""

from __future__ import annotations

from tests.core.capture.conftest import places
from tests.guests.qemu import qemu_guest, qemu_tools, short_folder

__all__ = ["places", "qemu_guest", "qemu_tools", "short_folder"]
