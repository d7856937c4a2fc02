"""A guest's console in this process, and the opener that leads to it."""

from __future__ import annotations

import pytest
from anyio.abc import TaskGroup

from core.endpoints import ConsoleSink, ConsoleWatch, MemoryEndpoint, open_endpoint
from core.proxy import KataBuiltInProxy, NoProxy

BOTH = pytest.mark.parametrize("proxy_class", [NoProxy, KataBuiltInProxy])
"""For what the two proxies that watch have in common."""

URL = "memory:guest"
END = "console watcher quits"


class Console:
    """A guest's console, and the opener that leads to it."""

    def __init__(self) -> None:
        self.endpoint = MemoryEndpoint()
        self.guest = self.endpoint.guest
        self.sinks: list[ConsoleSink] = []

    async def open(self, url: str, sink: ConsoleSink, tasks: TaskGroup) -> ConsoleWatch:
        assert url == URL
        self.sinks.append(sink)
        return await open_endpoint(self.endpoint, sink, tasks)
