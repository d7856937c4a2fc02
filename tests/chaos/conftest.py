"""A home of its own, and real guests."""

from __future__ import annotations

from tests.core.capture.conftest import places
from tests.e2e.conftest import home, qemu_guest, qemu_tools, short_folder

__all__ = ["home", "places", "qemu_guest", "qemu_tools", "short_folder"]
