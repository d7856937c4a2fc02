"""What the endpoint tests share: a short folder, a real QEMU, a way to be nobody."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    found = shutil.which("qemu-system-x86_64")
    if found is None:
        missing = "qemu-system-x86_64 is missing: install qemu-system-x86"
        if os.environ.get("GUESTWATCH_REQUIRE_QEMU") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return found
