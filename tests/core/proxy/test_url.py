"""Default proxy URLs, and console URLs as a log tells them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import InvalidSandboxId, ProxyError, UnknownSocketType
from core.proxy import default_proxy_url
from core.proxy.url import default_run_storage, split_console_url
from tests.core.endpoints.sites import without_root


def test_unix_url_is_in_the_sandbox_folder_of_the_run_storage() -> None:
    url = default_proxy_url("sandbox", "unix", run_storage="/run/elsewhere")
    assert url == "unix:///run/elsewhere/sandbox/proxy.sock"
    assert default_proxy_url("sandbox", "unix", run_storage=Path("/run/elsewhere")) == url


def test_run_storage_is_katas_own_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    root = os.geteuid() == 0
    storage = "/run/vc/sbs" if root else "/run/user/7/run/vc/sbs"
    assert default_proxy_url("sandbox", "unix") == f"unix://{storage}/sandbox/proxy.sock"


def test_run_storage_is_in_the_session_when_rootless(monkeypatch: pytest.MonkeyPatch) -> None:
    with without_root():
        monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
        assert default_run_storage() == Path("/run/user/7/run/vc/sbs")
        url = default_proxy_url("sandbox", "unix")
        assert url == "unix:///run/user/7/run/vc/sbs/sandbox/proxy.sock"
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        assert default_run_storage() == Path(f"/run/user/{os.geteuid()}/run/vc/sbs")


@pytest.mark.parametrize(
    ("cid", "url"), [(None, ""), (3, "vsock://3:1024"), (4294967294, "vsock://4294967294:1024")]
)
def test_vsock_url_needs_the_context_id(cid: int | None, url: str) -> None:
    assert default_proxy_url("sandbox", "vsock", cid=cid) == url


def test_context_id_means_nothing_to_a_unix_url() -> None:
    with_cid = default_proxy_url("sandbox", "unix", run_storage="/run/vc/sbs", cid=3)
    assert with_cid == "unix:///run/vc/sbs/sandbox/proxy.sock"


@pytest.mark.parametrize("socket_type", ["", "tcp", "UNIX", "vsock "])
def test_other_socket_types_are_unknown(socket_type: str) -> None:
    with pytest.raises(UnknownSocketType) as caught:
        default_proxy_url("sandbox", socket_type)
    assert str(caught.value) == f"Unknown socket type: {socket_type}"
    assert isinstance(caught.value, ProxyError)


@pytest.mark.parametrize("id", ["", "..", "../other", "a/b", "/etc", "a\n", "x" * 129])
def test_id_that_is_no_folder_name_has_no_unix_url(id: str) -> None:
    with pytest.raises(InvalidSandboxId):
        default_proxy_url(id, "unix", run_storage="/run/vc/sbs")


@pytest.mark.parametrize(
    ("url", "protocol", "socket"),
    [
        ("unix:/run/console.sock", "unix", "/run/console.sock"),
        ("unix:///run/console.sock", "unix", "/run/console.sock"),
        ("/run/console.sock", "unix", "/run/console.sock"),
        ("./vm:1.sock", "unix", "./vm:1.sock"),
        ("console.sock", "unix", "console.sock"),
        ("pty:/dev/pts/3", "pty", "/dev/pts/3"),
        ("memory:guest", "memory", "guest"),
    ],
)
def test_console_url_is_told_as_protocol_and_socket(url: str, protocol: str, socket: str) -> None:
    assert split_console_url(url) == (protocol, socket)
