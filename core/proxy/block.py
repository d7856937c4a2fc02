"""The task group behind `async with proxy`."""

from __future__ import annotations

from types import TracebackType

import anyio
from anyio.abc import TaskGroup

from core.errors import ProxyError


class Block:
    """A task group that lives as long as a proxy's `async with` block.

    An error of the block's own body leaves it as it is. A plain task group would
    wrap it in an exception group, and nobody could catch it by its name.
    """

    def __init__(self) -> None:
        self._tasks: TaskGroup | None = None
        self._is_open = False

    @property
    def tasks(self) -> TaskGroup:
        """The group to start tasks in, between `enter` and `leave`."""
        assert self._tasks is not None
        return self._tasks

    def check_open(self) -> None:
        """Check that something may be started now.

        Raises:
            ProxyError: the block has not been entered, or is being left.
        """
        if not self._is_open:
            raise ProxyError(
                "The proxy is started outside its block",
                hint="Use it as: async with new_proxy(…) as proxy: await proxy.start(…)",
            )

    async def enter(self) -> None:
        """Open the block.

        Raises:
            ProxyError: it is open already.
        """
        if self._tasks is not None:
            raise ProxyError("The proxy is used in two blocks at once", hint="Make one for each.")
        tasks = anyio.create_task_group()
        await tasks.__aenter__()
        self._tasks = tasks
        self._is_open = True

    def close(self) -> None:
        """Let nothing more be started."""
        self._is_open = False

    async def leave(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """End the block's tasks; returns whether `exc` was the block's own cancellation."""
        self.close()
        tasks, self._tasks = self._tasks, None
        assert tasks is not None
        tasks.cancel_scope.cancel()
        if isinstance(exc, Exception):
            await tasks.__aexit__(None, None, None)
            return False
        return bool(await tasks.__aexit__(exc_type, exc, traceback))
