"""The fixtures of `tests/guests/qemu.py`, for the demo's real guest."""

from __future__ import annotations

from tests.guests.qemu import qemu_guest, qemu_tools, short_folder

__all__ = ["qemu_guest", "qemu_tools", "short_folder"]
