"""What the endpoint tests share: a short folder, a real QEMU, a way to be nobody."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guests.needed import needed
from tests.guests.qemu import qemu_tools

__all__ = ["qemu_tools"]

pytest.register_assert_rewrite("tests.core.endpoints.conformance")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path that every user may look into."""
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def qemu_binary() -> str:
    """The QEMU to test against."""
    return needed("qemu-system-x86_64", "qemu-system-x86")
