"""A viewer in a process of its own: `python -m tests.core.capture.viewer RUNTIME STATE`.

Says `here` once it looks on, then what it is told, and asks again when it lost some.
Leaves with a goodbye when its stdin ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from core.capture.places import Places
from core.capture.spawn import open_capture
from core.client import CaptureGone, Client, EventsLost


async def _listen(client: Client) -> None:
    async for event in client.events():
        if isinstance(event, EventsLost):
            print(f"lost, asked again: {len(await client.sandboxes())}", flush=True)
        elif isinstance(event, CaptureGone):
            print(f"gone: {event.reason}", flush=True)


async def _main() -> None:
    places = Places(Path(sys.argv[1]), Path(sys.argv[2]))
    async with open_capture(places) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(_listen, client)
        print("here", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.read)
        await client.say_goodbye(keep=False)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(_main)
