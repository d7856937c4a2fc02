"""What a proxy may be started with."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from core.errors import InvalidProxyConfig, InvalidProxyParams, ProxyError
from core.proxy import (
    ProxyConfig,
    ProxyParams,
    ProxyType,
    is_proxy_builtin,
    validate_proxy_config,
    validate_proxy_params,
)
from tests.core.proxy.variants import changed

COMPLETE = ProxyParams(
    id="sandbox",
    path="/usr/bin/kata-proxy",
    agent_url="unix:///agent.sock",
    console_url="unix:///console.sock",
    logger=logging.getLogger("guest"),
)
FIELDS = ["path", "id", "agent_url", "console_url"]


def test_complete_params_are_valid() -> None:
    validate_proxy_params(COMPLETE)


def test_hid_and_debug_may_be_anything() -> None:
    validate_proxy_params(dataclasses.replace(COMPLETE, hid=-1, debug=True))


@pytest.mark.parametrize("field", FIELDS)
def test_empty_field_is_invalid_and_named(field: str) -> None:
    params = changed(COMPLETE, **{field: ""})
    with pytest.raises(InvalidProxyParams) as caught:
        validate_proxy_params(params)
    assert str(caught.value) == f"Invalid proxy parameters (empty: {field})"
    assert isinstance(caught.value, ProxyError)


def test_all_empty_fields_are_named() -> None:
    with pytest.raises(InvalidProxyParams) as caught:
        validate_proxy_params(ProxyParams())
    assert str(caught.value) == f"Invalid proxy parameters (empty: {', '.join(FIELDS)})"


def test_missing_logger_is_invalid() -> None:
    with pytest.raises(InvalidProxyParams) as caught:
        validate_proxy_params(dataclasses.replace(COMPLETE, logger=None))
    assert str(caught.value) == "Invalid proxy parameter: proxy logger is not set"


@pytest.mark.parametrize("field", FIELDS)
def test_fields_are_checked_before_the_logger(field: str) -> None:
    with pytest.raises(InvalidProxyParams, match=r"^Invalid proxy parameters "):
        validate_proxy_params(changed(COMPLETE, logger=None, **{field: ""}))


def test_config_needs_a_path() -> None:
    with pytest.raises(InvalidProxyConfig, match=r"^Proxy path cannot be empty$") as caught:
        validate_proxy_config(ProxyConfig(debug=True))
    assert isinstance(caught.value, ProxyError)
    validate_proxy_config(ProxyConfig(path="kata-proxy"))


@pytest.mark.parametrize(
    ("proxy_type", "expected"),
    [
        (ProxyType.KATA_BUILT_IN, True),
        ("kataBuiltInProxy", True),
        (ProxyType.NOOP, False),
        (ProxyType.NO_PROXY, False),
        (ProxyType.KATA, False),
        ("", False),
        (None, False),
        ("unknown", False),
    ],
)
def test_only_kata_built_in_is_built_in(proxy_type: str | None, expected: bool) -> None:
    assert is_proxy_builtin(proxy_type) is expected
