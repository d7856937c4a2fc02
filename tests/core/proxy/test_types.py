"""The four proxy types and what a start is given."""

from __future__ import annotations

import json

import pytest

from core.errors import GuestwatchError, ProxyError, UnknownProxyType
from core.proxy import ProxyConfig, ProxyHandle, ProxyParams, ProxyType

WIRE = {
    ProxyType.NOOP: "noopProxy",
    ProxyType.NO_PROXY: "noProxy",
    ProxyType.KATA: "kataProxy",
    ProxyType.KATA_BUILT_IN: "kataBuiltInProxy",
}


def test_there_are_four_types() -> None:
    assert set(ProxyType) == set(WIRE)


@pytest.mark.parametrize("proxy_type", ProxyType)
def test_type_is_its_name_on_the_wire(proxy_type: ProxyType) -> None:
    wire = WIRE[proxy_type]
    assert str(proxy_type) == wire
    assert f"{proxy_type}" == wire
    assert proxy_type == wire
    assert json.dumps(proxy_type) == f'"{wire}"'
    assert ProxyType.parse(wire) is proxy_type
    assert ProxyType.parse(str(proxy_type)) is proxy_type


@pytest.mark.parametrize(
    "value",
    [
        "",
        "unknown",
        "NoProxy",
        "noproxy",
        " noProxy",
        "noProxy\n",
        "KATA",
        "kataShimProxy",
        "ｎoProxy",
    ],
)
def test_any_other_string_is_an_unknown_type(value: str) -> None:
    with pytest.raises(UnknownProxyType) as caught:
        ProxyType.parse(value)
    assert str(caught.value) == f"Unknown proxy type {value}"
    assert isinstance(caught.value, ProxyError | GuestwatchError)
    assert all(wire in caught.value.hint for wire in WIRE.values())


def test_params_are_empty_unless_given() -> None:
    params = ProxyParams()
    assert (params.id, params.path, params.agent_url, params.console_url) == ("", "", "", "")
    assert params.logger is None
    assert params.hid == 0
    assert params.debug is False


def test_config_is_empty_unless_given() -> None:
    assert ProxyConfig() == ProxyConfig("", False)
    assert ProxyConfig(path="/usr/bin/kata-proxy", debug=True).debug


def test_handle_holds_pid_and_url() -> None:
    handle = ProxyHandle(7, "unix:///agent.sock")
    assert (handle.pid, handle.url) == (7, "unix:///agent.sock")
