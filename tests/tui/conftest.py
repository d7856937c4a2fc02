"""The dashboard runs on asyncio alone, as Textual does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.panes import Guest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    """A guest whose console a test writes."""
    guest = Guest(tmp_path / "recordings")
    yield guest
    guest.close()
