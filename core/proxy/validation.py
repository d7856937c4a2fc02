"""What a proxy may be started with, and which of the four lives inside us."""

from __future__ import annotations

from core.errors import InvalidProxyConfig, InvalidProxyParams
from core.proxy.types import ProxyConfig, ProxyParams, ProxyType

KATA_FIELDS = ("path", "id", "agent_url", "console_url")
"""What a kata-proxy cannot be run without."""

BUILT_IN_FIELDS = ("id", "agent_url", "console_url")
"""What Kata's built-in proxy asks for: there is no program, so no path."""


def validate_proxy_params(params: ProxyParams) -> None:
    """Check `params` as a kata-proxy needs them: all four fields, then the logger.

    Raises:
        InvalidProxyParams: a field is empty, or no logger is set.
    """
    check_fields(params, KATA_FIELDS)
    check_logger(params)


def check_fields(params: ProxyParams, fields: tuple[str, ...]) -> None:
    """Check that none of `fields` is empty.

    Raises:
        InvalidProxyParams: some are; the message names them.
    """
    empty = [name for name in fields if not getattr(params, name)]
    if empty:
        # One space and no colon: so begins the message that Kata's users know.
        raise InvalidProxyParams(
            f"Invalid proxy parameters (empty: {', '.join(empty)})",
            hint=f"This proxy needs {', '.join(fields)} and a logger.",
        )


def check_logger(params: ProxyParams) -> None:
    """Check that there is a logger.

    Raises:
        InvalidProxyParams: there is none.
    """
    if params.logger is None:
        raise InvalidProxyParams("Invalid proxy parameter: proxy logger is not set")


def validate_proxy_config(config: ProxyConfig) -> None:
    """Check that `config` names a program.

    Raises:
        InvalidProxyConfig: its path is empty.
    """
    if not config.path:
        raise InvalidProxyConfig(
            "Proxy path cannot be empty", hint="Name the kata-proxy program to run."
        )


def is_proxy_builtin(proxy_type: ProxyType | str | None) -> bool:
    """Whether `proxy_type` is Kata's built-in proxy. No other counts, noProxy included."""
    return proxy_type == ProxyType.KATA_BUILT_IN
