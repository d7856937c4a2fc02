"""`guestwatch shutdown`: end the capture that runs."""

from __future__ import annotations

import sys

from core.cli.command import Command, Context

_EPILOG = """\
Lets every console go, to the last byte, and returns once that is done.
Never starts a capture.

exit codes: 0 none runs any more, or none ran; 1 it could not be ended; 2 wrong usage
"""


def _run(context: Context) -> int:
    import anyio

    from core.capture.places import Places

    places = Places.of_this_user()

    async def end() -> None:
        from core.capture.running import is_running, running_socket, silent, wait_until_over
        from core.client import open_client
        from core.errors import CaptureUnreachable

        if not is_running(places):
            print("guestwatch: no capture runs", file=sys.stderr)
            return
        try:
            async with open_client(running_socket(places), viewer=False) as client:
                await client.shut_down()
        except CaptureUnreachable as error:
            # It may be about to end anyway, or have ended just now.
            if is_running(places):
                raise silent(places, error) from error
        await wait_until_over(places)
        print("guestwatch: capture has ended", file=sys.stderr)

    anyio.run(end)
    return 0


SHUTDOWN = Command(
    "shutdown",
    "end the capture that runs",
    _run,
    epilog=_EPILOG,
)
