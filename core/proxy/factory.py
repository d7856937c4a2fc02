"""From a proxy type to a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidProxyType, UnknownProxyType
from core.proxy.builtin import KataBuiltInProxy, NoProxy
from core.proxy.kata import KataProxy
from core.proxy.noop import NoopProxy
from core.proxy.protocol import ProcessOutput, Proxy
from core.proxy.types import ProxyType

if TYPE_CHECKING:
    from core.endpoints.protocol import ConsoleOpener


def new_proxy(
    proxy_type: ProxyType | str | None = None,
    *,
    opener: ConsoleOpener | None = None,
    hybrid_vsock: bool = False,
    output: ProcessOutput | None = None,
    runtime_dir: Path | None = None,
) -> Proxy:
    """A new proxy of `proxy_type`, which watches nothing yet.

    Args:
        proxy_type: a type or its name on the wire; Kata's built-in proxy when empty or None.
        opener: how a proxy that watches opens its console; `core.endpoints.open_console`
            when None.
        hybrid_vsock: whether a console behind a hybrid vsock is watched; Kata does not.
        output: takes what a kata-proxy program prints; /dev/null does when None.
        runtime_dir: where kata-proxies have their folders; the user's own when None.

    Raises:
        InvalidProxyType: there is no such proxy.
    """
    try:
        known = ProxyType.parse(proxy_type) if proxy_type else ProxyType.KATA_BUILT_IN
    except UnknownProxyType as error:
        raise InvalidProxyType(f"Invalid proxy type: {proxy_type}", hint=error.hint) from None
    match known:
        case ProxyType.NOOP:
            return NoopProxy()
        case ProxyType.NO_PROXY:
            return NoProxy(opener=opener, hybrid_vsock=hybrid_vsock)
        case ProxyType.KATA:
            return KataProxy(output=output, runtime_dir=runtime_dir)
        case ProxyType.KATA_BUILT_IN:
            return KataBuiltInProxy(opener=opener, hybrid_vsock=hybrid_vsock)
