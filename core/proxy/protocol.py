"""What every proxy offers, and the seam a proxy program's output leaves through."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from core.proxy.types import ProxyHandle, ProxyParams


@runtime_checkable
class Proxy(Protocol):
    """One proxy of one sandbox, used as `async with new_proxy(…) as proxy`.

    The block owns the proxy's tasks. Leaving it closes a watched console and leaves
    a kata-proxy process running: only `stop` ends that. `start` and `stop` may be
    called by several tasks at once; they take turns.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None: ...

    async def start(self, params: ProxyParams) -> ProxyHandle:
        """Start the proxy: one attempt, with a deadline.

        Raises:
            InvalidProxyParams: this proxy cannot start with `params`.
            ProxyError: it could not be started, or is not inside its block.
            ConsoleError: its console could not be opened.
        """

    async def stop(self, pid: int) -> None:
        """Stop the proxy that `start` returned `pid` for.

        Never fails: a pid that is none, is unknown or is gone changes nothing, and
        no process but a proxy that was started here is ever signalled.
        """

    @property
    def console_watched(self) -> bool:
        """Whether this proxy reads the guest's console now."""


class ProcessOutput(Protocol):
    """Takes what a proxy program prints on stdout and stderr."""

    def __call__(self, fd: int, /) -> None:
        """Take ownership of `fd`, the read end of the pipe the program prints into.

        To be read to its end while the proxy's block is open: a program whose output
        nobody reads stalls when the pipe is full. After the block it is drained.
        """
