"""What the proxy tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.proxy.running import reap
from tests.core.proxy.logbook import Logbook
from tests.core.proxy.programs import Programs


@pytest.fixture
def logbook() -> Logbook:
    return Logbook()


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    folder = tmp_path / "programs"
    folder.mkdir()
    programs = Programs(folder)
    yield programs
    programs.close()


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A runtime folder with a path that leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="gw", dir="/tmp") as name:
        yield Path(name)
    reap()
