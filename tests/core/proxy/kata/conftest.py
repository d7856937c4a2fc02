"""A kata-proxy's parameters, and where it has its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.proxy import KataProxy, ProxyParams
from tests.core.proxy.logbook import Logbook
from tests.core.proxy.programs import Programs


@pytest.fixture
def params(programs: Programs, logbook: Logbook) -> ProxyParams:
    return ProxyParams(
        id="vm1",
        path=str(programs.make()),
        agent_url="unix:///run/agent.sock",
        console_url="unix:///run/console.sock",
        logger=logbook.logger,
        hid=42,
    )


@pytest.fixture
def proxy(runtime: Path) -> KataProxy:
    return KataProxy(runtime_dir=runtime, run_storage=runtime / "sbs")
