"""A guest's console, and the parameters of a start that watches it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.proxy import ProxyParams
from tests.core.proxy.consoles import URL, Console
from tests.core.proxy.logbook import Logbook


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console()
    yield console
    assert console.guest.clients == 0, "the console was left open"


@pytest.fixture
def params(logbook: Logbook) -> ProxyParams:
    return ProxyParams(
        id="vm1",
        agent_url="unix:///agent.sock",
        console_url=URL,
        logger=logbook.logger,
        hid=42,
        debug=True,
    )
