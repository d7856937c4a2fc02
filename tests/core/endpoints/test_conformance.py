"""Each transport passes the same suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.endpoints.conformance import EndpointConformance
from tests.core.endpoints.sites import MemorySite, UnixSite


class TestUnix(EndpointConformance):
    @pytest.fixture
    def site(self, folder: Path) -> Iterator[UnixSite]:
        site = UnixSite(folder / "console.sock")
        yield site
        site.close()


class TestMemory(EndpointConformance):
    @pytest.fixture
    def site(self) -> Iterator[MemorySite]:
        site = MemorySite()
        yield site
        site.close()
