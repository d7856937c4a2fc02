"""The two proxies that live inside us and watch the guest's console."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio

from core.errors import AlreadyWatched, ConsoleError, GuestwatchError
from core.proxy.block import Block
from core.proxy.lines import LineLogger
from core.proxy.quiet import QuietLogger
from core.proxy.types import ProxyHandle, ProxyParams
from core.proxy.validation import BUILT_IN_FIELDS, check_fields, check_logger

if TYPE_CHECKING:
    from core.endpoints.protocol import ConsoleOpener, ConsoleWatch

OPEN_TIMEOUT_S = 2.5
"""An opener that keeps to its own deadline of 2 s still gets to say what it met."""

CLOSE_TIMEOUT_S = 1.0

HYBRID_VSOCK = "hvsock:"
"""As in Kata such a console is left alone, unless whoever made the proxy says otherwise."""

_log = logging.getLogger("guestwatch.proxy")


class NoProxy:
    """No proxy at all: the agent is reached directly, and its guest's console is watched.

    The console is watched when debug is set and a console URL is given. Once it ended
    it counts as watched no more, and the proxy may be started again as it is.

    Args:
        opener: opens the console; `core.endpoints.open_console` when None.
        hybrid_vsock: whether a console behind a hybrid vsock is watched as well.
    """

    def __init__(self, *, opener: ConsoleOpener | None = None, hybrid_vsock: bool = False) -> None:
        self._opener = opener
        self._hybrid_vsock = hybrid_vsock
        self._block = Block()
        self._lock = anyio.Lock()
        self._watch: ConsoleWatch | None = None
        self._lines: LineLogger | None = None
        self._sandbox_id = ""

    @property
    def console_watched(self) -> bool:
        """Whether the guest's console is read now."""
        return self._lines is not None and not self._lines.has_ended

    @property
    def sandbox_id(self) -> str:
        """Which sandbox was started; empty before, after `stop` and after a failed watch."""
        return self._sandbox_id

    async def __aenter__(self) -> Self:
        await self._block.enter()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._block.close()
        # A start that goes on in another task has its own deadline.
        with anyio.move_on_after(OPEN_TIMEOUT_S + CLOSE_TIMEOUT_S, shield=True):
            async with self._lock:
                await self._let_go()
        return await self._block.leave(exc_type, exc, traceback)

    async def start(self, params: ProxyParams) -> ProxyHandle:
        """Watch the console if that is asked for; returns the hypervisor's pid and the agent's URL.

        Raises:
            InvalidProxyParams: a field this proxy needs is empty, or no logger is set.
            AlreadyWatched: the console is being watched.
            ConsoleError: the console could not be opened.
            ProxyError: the proxy is used outside its block.
        """
        self._check(params)
        assert params.logger is not None
        logger = QuietLogger(params.logger)
        self._block.check_open()
        async with self._lock:
            self._block.check_open()
            if self.console_watched:
                raise AlreadyWatched(
                    f"The console has been watched for sandbox {params.id}",
                    hint="Stop the proxy before it is started again.",
                )
            await self._let_go()
            logger.log(logging.DEBUG, "Start to watch the console", sandbox=params.id)
            why_not = self._why_not(params)
            if why_not:
                # Or a started proxy without output would be a riddle.
                logger.log(
                    logging.DEBUG, f"The console is not watched: {why_not}", sandbox=params.id
                )
            else:
                await self._open(params, logger)
            self._sandbox_id = params.id
        return ProxyHandle(params.hid, params.agent_url)

    async def stop(self, pid: int) -> None:
        """Close a watched console and forget the sandbox. Never fails."""
        async with self._lock:
            await self._let_go()

    def _check(self, params: ProxyParams) -> None:
        """Check what this proxy cannot start without.

        Raises:
            InvalidProxyParams: it is missing.
        """
        check_logger(params)

    def _why_not(self, params: ProxyParams) -> str:
        """Why the console is not to be watched; empty when it is."""
        if not params.debug:
            return "debug is off"
        if not params.console_url:
            return "it has no URL"
        if params.console_url.startswith(HYBRID_VSOCK) and not self._hybrid_vsock:
            return "a hybrid vsock is no console"
        return ""

    async def _open(self, params: ProxyParams, logger: QuietLogger) -> None:
        opener = self._opener or _default_opener()
        url = params.console_url
        lines = LineLogger(logger, sandbox=params.id, url=url)
        with anyio.move_on_after(OPEN_TIMEOUT_S) as deadline:
            self._watch = await opener(url, lines, self._block.tasks)
        if deadline.cancelled_caught:
            raise ConsoleError(
                f"Opening {url} took longer than {OPEN_TIMEOUT_S} s",
                hint="Look at what serves it: it may hang.",
            )
        self._lines = lines
        self._block.tasks.start_soon(lines.run, name=f"lines of {params.id}")

    async def _let_go(self) -> None:
        """Close the watch, if there is one, and forget the sandbox."""
        self._sandbox_id = ""
        watch, self._watch = self._watch, None
        lines, self._lines = self._lines, None
        if watch is not None:
            with anyio.move_on_after(CLOSE_TIMEOUT_S, shield=True):
                await _close(watch)
        if lines is not None and not lines.has_ended:
            lines.close()


class KataBuiltInProxy(NoProxy):
    """Kata's built-in proxy: as `NoProxy`, for a sandbox whose URLs are all known."""

    def _check(self, params: ProxyParams) -> None:
        check_fields(params, BUILT_IN_FIELDS)
        super()._check(params)


def _default_opener() -> ConsoleOpener:
    from core.endpoints import open_console

    return open_console


async def _close(watch: ConsoleWatch) -> None:
    """Close `watch`; a proxy can be stopped whatever became of its console."""
    try:
        await watch.aclose()
    except (GuestwatchError, OSError) as error:
        _log.warning("closing a console failed: %r", error)
