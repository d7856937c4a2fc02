"""The signals that end a capture, from before its first byte until after its last.

anyio's receiver gives the signals back the moment its block is left, and a second
Ctrl+C would then meet the default: a traceback, or death with bytes unwritten. Here
they are taken for the whole time, and only the first one has a meaning.
"""

from __future__ import annotations

import contextlib
import operator
import os
import signal
from types import TracebackType

import anyio

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a capture to end. One that was ignored from the start, as nohup and a shell's
`&` have it, goes on being ignored."""

_DO_NOTHING = operator.is_
"""The handler. The interpreter writes a signal's number into our pipe before it calls it,
which is all that is needed; and what is not written in Python cannot be interrupted by the
next signal. A storm of them would nest a Python function until its stack ends."""


class EndSignals:
    """Takes the ending signals while its block lasts; for the main thread.

    Args:
        for_good: leave them ignored afterwards, because the process is about to end.
    """

    def __init__(self, *, for_good: bool = False) -> None:
        self._for_good = for_good
        self._before: dict[signal.Signals, object] = {}
        self._ours = self._theirs = self._woken_before = -1
        self._first: signal.Signals | None = None

    def __enter__(self) -> EndSignals:
        self._ours, self._theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._woken_before = signal.set_wakeup_fd(self._theirs, warn_on_full_buffer=False)
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _DO_NOTHING)
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
        signal.set_wakeup_fd(self._woken_before)
        os.close(self._ours)
        os.close(self._theirs)

    async def wait(self) -> signal.Signals:
        """The first ending signal, once it has come; for one task."""
        while self._first is None:
            await anyio.wait_readable(self._ours)
            self._note()
        return self._first

    def _note(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for number in os.read(self._ours, 64):
                if number in self._before and self._first is None:
                    self._first = signal.Signals(number)
