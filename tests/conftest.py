"""What every test shares: both anyio backends, and a home of its own."""

from __future__ import annotations

import pytest

from tests.figures import figure, pytest_terminal_summary

__all__ = ["figure", "pytest_terminal_summary"]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Core's async code runs on both; `tests/tui` narrows this to asyncio."""
    backend = request.param
    assert isinstance(backend, str)
    return backend
