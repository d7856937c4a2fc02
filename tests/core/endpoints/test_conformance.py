"""Each transport passes the same suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.endpoints.iac import QEMU_OPENING
from tests.core.endpoints.conformance import TRAITS, EndpointConformance
from tests.core.endpoints.sites import MemorySite, UnixSite
from tests.core.endpoints.sites_local import FileSite, PtySite
from tests.core.endpoints.sites_stream import (
    HvsockSite,
    ListenSite,
    TcpSite,
    TelnetSite,
    VsockSite,
    rfc_escaped,
)


class TestUnix(EndpointConformance, transport="unix"):
    @pytest.fixture
    def site(self, folder: Path) -> Iterator[UnixSite]:
        site = UnixSite(folder / "console.sock")
        yield site
        site.close()


class TestMemory(EndpointConformance, transport="memory"):
    @pytest.fixture
    def site(self) -> Iterator[MemorySite]:
        site = MemorySite()
        yield site
        site.close()


class TestHvsock(EndpointConformance, transport="hvsock"):
    @pytest.fixture
    def site(self, folder: Path) -> Iterator[HvsockSite]:
        site = HvsockSite(folder / "vm.vsock")
        yield site
        site.close()


class TestVsock(EndpointConformance, transport="vsock"):
    """Over a real socket of another family: few machines have a guest, or a vsock loopback."""

    @pytest.fixture
    def site(self) -> Iterator[VsockSite]:
        site = VsockSite()
        yield site
        site.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
class TestTcp(EndpointConformance, transport="tcp"):
    @pytest.fixture
    def site(self, host: str) -> Iterator[TcpSite]:
        site = TcpSite(host)
        yield site
        site.close()


class TestTelnetOfQemu(EndpointConformance, transport="telnet"):
    @pytest.fixture
    def site(self) -> Iterator[TelnetSite]:
        site = TelnetSite(opening=QEMU_OPENING, escape=bytes)
        yield site
        site.close()


class TestTelnetByTheRfc(EndpointConformance, transport="telnet"):
    @pytest.fixture
    def site(self) -> Iterator[TelnetSite]:
        site = TelnetSite(opening=b"\xff\xfd\x18\xff\xfb\x01", escape=rfc_escaped)
        yield site
        site.close()


class TestPty(EndpointConformance, transport="pty"):
    @pytest.fixture
    def site(self, folder: Path) -> Iterator[PtySite]:
        site = PtySite(folder / "console")
        yield site
        site.close()


class TestFile(EndpointConformance, transport="file"):
    @pytest.fixture
    def site(self, folder: Path) -> Iterator[FileSite]:
        site = FileSite(folder / "console.log")
        yield site
        site.close()


class TestListen(EndpointConformance, transport="listen"):
    @pytest.fixture
    def site(self, folder: Path) -> Iterator[ListenSite]:
        site = ListenSite(folder / "dialed.sock")
        yield site
        site.close()


def test_every_transport_with_traits_has_a_suite() -> None:
    assert set(TRAITS) == EndpointConformance.covered
