"""Kata's proxies: types, validation, factory, and the four that can be started."""

from core.proxy.builtin import KataBuiltInProxy, NoProxy
from core.proxy.factory import new_proxy
from core.proxy.kata import KataProxy
from core.proxy.noop import NOOP_PROXY_URL, NoopProxy
from core.proxy.protocol import ProcessOutput, Proxy
from core.proxy.types import ProxyConfig, ProxyHandle, ProxyParams, ProxyType
from core.proxy.url import default_proxy_url
from core.proxy.validation import (
    is_proxy_builtin,
    validate_proxy_config,
    validate_proxy_params,
)

__all__ = [
    "NOOP_PROXY_URL",
    "KataBuiltInProxy",
    "KataProxy",
    "NoProxy",
    "NoopProxy",
    "ProcessOutput",
    "Proxy",
    "ProxyConfig",
    "ProxyHandle",
    "ProxyParams",
    "ProxyType",
    "default_proxy_url",
    "is_proxy_builtin",
    "new_proxy",
    "validate_proxy_config",
    "validate_proxy_params",
]
