"""From a URL to the endpoint that reaches it."""

from __future__ import annotations

import pytest

from core.endpoints import UnixEndpoint, endpoint_for
from core.endpoints.hvsock import HvsockEndpoint
from core.endpoints.listen import ListenEndpoint
from core.endpoints.tcp import TcpEndpoint
from core.endpoints.telnet import TelnetEndpoint
from core.endpoints.vsock import VsockEndpoint
from core.errors import ConsoleAbsent, InvalidConsoleUrl, UnknownConsoleProto


@pytest.mark.parametrize(
    ("url", "kind", "place"),
    [
        ("unix:/run/vm/console.sock", UnixEndpoint, "/run/vm/console.sock"),
        ("hvsock:/run/vm/clh.sock:1026", HvsockEndpoint, "/run/vm/clh.sock"),
        ("vsock:3:1026", VsockEndpoint, ""),
        ("tcp:127.0.0.1:4555", TcpEndpoint, ""),
        ("tcp://[::1]:4555", TcpEndpoint, ""),
        ("telnet:vm1.example:23", TelnetEndpoint, ""),
        ("listen:/run/vm/dialed.sock", ListenEndpoint, ""),
    ],
)
def test_scheme_leads_to_its_endpoint_which_keeps_the_url(
    url: str, kind: type[object], place: str
) -> None:
    endpoint = endpoint_for(url)
    assert type(endpoint) is kind
    assert endpoint.url == url
    assert endpoint.place == place


def test_making_an_endpoint_touches_nothing() -> None:
    endpoint_for("listen:/no/such/folder/dialed.sock").close()


@pytest.mark.parametrize("url", ["gopher:vm1", "ftp:x"])
def test_unknown_scheme_has_no_endpoint(url: str) -> None:
    with pytest.raises(UnknownConsoleProto):
        endpoint_for(url)


def test_url_that_names_no_console_is_wrong_usage() -> None:
    with pytest.raises(InvalidConsoleUrl):
        endpoint_for("hvsock:/run/vm/clh.sock")


def test_path_and_port_reach_the_endpoint() -> None:
    with pytest.raises(ConsoleAbsent, match=r"/no/such/vm\.vsock does not exist"):
        endpoint_for("hvsock:/no/such/vm.vsock:1026").pin()
    assert endpoint_for("vsock:7:9").pin().key.endswith(":vsock:7:9")
    assert endpoint_for("tcp:192.0.2.9:99").pin().key.endswith(":192.0.2.9:99")
