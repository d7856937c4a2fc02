"""The proxy that does nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import anyio.lowlevel

from core.proxy.block import Block
from core.proxy.types import ProxyHandle, ProxyParams

NOOP_PROXY_URL = "noopProxyURL"


class NoopProxy:
    """Starts with any parameters, even none, and never watches a console."""

    def __init__(self) -> None:
        self._block = Block()

    @property
    def console_watched(self) -> bool:
        """Always false."""
        return False

    async def __aenter__(self) -> Self:
        await self._block.enter()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return await self._block.leave(exc_type, exc, traceback)

    async def start(self, params: ProxyParams) -> ProxyHandle:
        """The hypervisor's pid and a URL that leads nowhere.

        Raises:
            ProxyError: it is used outside its block.
        """
        self._block.check_open()
        await anyio.lowlevel.checkpoint()
        return ProxyHandle(params.hid, NOOP_PROXY_URL)

    async def stop(self, pid: int) -> None:
        """Nothing happens."""
