"""What a process prints, as a console: how a kata-proxy's log is recorded.

With debug on, a kata-proxy holds the guest's console itself and logs each line of
it. Its output is then the best there is, and is recorded in the console's place.
"""

from __future__ import annotations

import os

from core.endpoints.protocol import READ_BYTES
from core.errors import ConsoleBroken


class ProcessConsole:
    """The read end of a pipe that a process prints into. Takes ownership of `fd`."""

    peer_pid = 0

    def __init__(self, fd: int, url: str) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._url = url

    @property
    def url(self) -> str:
        """The console's URL that the process was given."""
        return self._url

    def fileno(self) -> int:
        """The pipe; -1 once closed."""
        return self._fd

    def read_nowait(self, max_bytes: int = READ_BYTES) -> bytes:
        """What was printed, empty once every writer is gone.

        Raises:
            BlockingIOError: nothing was printed.
            ConsoleBroken: the pipe failed.
        """
        try:
            return os.read(self._fd, max_bytes)
        except BlockingIOError:
            raise
        except OSError as error:
            raise ConsoleBroken(f"reading the proxy's output: {error.strerror}") from error

    def is_accepted(self) -> bool:
        """A pipe is its reader's from the start."""
        return True

    def close(self) -> None:
        """Close the pipe. Harmless when repeated."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)
