"""The signals that end a capture, from before its first byte until after its last.

anyio's receiver gives the signals back the moment its block is left, and a second
Ctrl+C would then meet the default: a traceback, or death with bytes unwritten. Here
they are taken for the whole time, and only the first one has a meaning.
"""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType, TracebackType

import anyio

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a capture to end. One that was ignored from the start, as nohup and a shell's
`&` have it, goes on being ignored."""


class EndSignals:
    """Takes the ending signals while its block lasts; for the main thread.

    Args:
        for_good: leave them ignored afterwards, because the process is about to end.
    """

    def __init__(self, *, for_good: bool = False) -> None:
        self._for_good = for_good
        self._before: dict[signal.Signals, object] = {}
        self._ours = self._theirs = -1
        self.number: signal.Signals | None = None
        """The first that came."""

    def __enter__(self) -> EndSignals:
        self._ours, self._theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            handler = signal.SIG_IGN if self._for_good or before is None else before
            signal.signal(number, handler)  # type: ignore[arg-type]  # it came from getsignal
        os.close(self._ours)
        os.close(self._theirs)

    async def wait(self) -> signal.Signals:
        """The first ending signal, once it has come; for one task."""
        while self.number is None:
            await anyio.wait_readable(self._ours)
            with contextlib.suppress(BlockingIOError):
                os.read(self._ours, 64)
        return self.number

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.number = signal.Signals(number)
        with contextlib.suppress(OSError):
            os.write(self._theirs, b"!")
