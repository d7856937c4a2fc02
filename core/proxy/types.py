"""The seed's types: the four proxy types, a proxy's configuration and parameters."""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass

from core.errors import UnknownProxyType


class ProxyType(enum.StrEnum):
    """The four proxies, by their names on the wire."""

    NOOP = "noopProxy"
    NO_PROXY = "noProxy"
    KATA = "kataProxy"
    KATA_BUILT_IN = "kataBuiltInProxy"

    @classmethod
    def parse(cls, value: str) -> ProxyType:
        """The type that `value` names on the wire.

        Raises:
            UnknownProxyType: it names none.
        """
        try:
            return cls(value)
        except ValueError:
            known = ", ".join(cls)
            raise UnknownProxyType(f"Unknown proxy type {value}", hint=f"One of: {known}") from None


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """How a proxy program is run."""

    path: str = ""
    debug: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyParams:
    """What one start of a proxy is given."""

    id: str = ""
    path: str = ""
    agent_url: str = ""
    console_url: str = ""
    logger: logging.Logger | None = None
    hid: int = 0
    """The hypervisor's pid."""
    debug: bool = False


@dataclass(frozen=True, slots=True)
class ProxyHandle:
    """A started proxy: the pid of its process and the URL that reaches it."""

    pid: int
    url: str
