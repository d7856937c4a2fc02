"""Waits for a console that may be attached to: for its next life, its turn, its permission.

Theory of operation. A *life* is what `Endpoint.pin` holds: one socket, not its path.
A life that appears is attached to at once; inotify tells of it, and the path is looked
at every `LOOK_S` all the same. The same life is tried again with a growing pause,
because whoever closed it on us may do so again. Before anything is touched the kernel
and the VMM are asked who has the console; what attaching would do to others decides
whether it needs a person's yes (`take`). A yes is for one life and one attempt.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable

import anyio
import anyio.to_thread

from core.capture.watching.absence import Absence
from core.capture.watching.asking import Asking
from core.capture.watching.noticing import Notice, Noticing
from core.capture.watching.sharing import names_of
from core.capture.watching.status import Status
from core.clock import now
from core.endpoints import ConsoleUrl, Endpoint, Pin, Scheme, parse_console_url, trouble
from core.endpoints.holders import Holding, Standing, Verdict, is_still_held, judge
from core.errors import (
    ConsoleAbsent,
    ConsoleBusy,
    ConsoleError,
    ConsoleRefused,
    GuestwatchError,
)
from core.recording import Cause
from core.sandboxes.model import ConsoleFacts, ConsoleState, SandboxSpec

LOOK_S = 0.2
"""How often a path or a holder is looked at while nothing can be attached to."""

NOTICED_LOOK_S = 2.0
"""How often a path is looked at for which inotify tells of changes."""

SPACING_S = 0.02
"""No more than one new life in so long: a VM that dies at once, over and over, is
recorded, and holds up nobody."""

JUDGE_AGAIN_S = 3.0
"""How often the whole question is asked again of a console that must be left alone."""

RETRY_FIRST_S = 0.5
RETRY_LAST_S = 30.0

REFUSED_S = 0.01
"""A socket that is bound and refuses is about to listen, or dead; asked again at once,
then ever more seldom."""

REFUSED_FAR_S = 5.0
"""How often another machine or a guest that refuses is asked at the most: it pays for it."""

TRUCE_S = 60.0
"""Whoever threw us off is not thrown off in turn for so long. Two that do so to each other
would leave the console to neither."""


class Lives:
    """The lives of one console.

    Args:
        spec: whose console.
        endpoint: how it is reached.
        noticing: tells when something changes at its path.
        asking: finds out who has a console.
        status: is told why it waits.
        absence: is told why the guest is not heard.
    """

    def __init__(
        self,
        spec: SandboxSpec,
        endpoint: Endpoint,
        noticing: Noticing,
        asking: Asking,
        status: Status,
        absence: Absence,
    ) -> None:
        self.pin: Pin | None = None
        """The life that was waited for, or was tried last."""
        self.verdict: Verdict | None = None
        """What attaching it does to others; None before anybody asked."""
        self.vmm_pid = 0
        """The VMM of the last life, to tell whether it exited."""
        self.ending = ""
        """How the last life says that it ended."""
        self._spec = spec
        self._url = parse_console_url(spec.console)
        self._endpoint = endpoint
        self._noticing = noticing
        self._asking = asking
        self._status = status
        self._absence = absence
        self._notice: Notice | None = None
        self._is_granted = False
        self._is_refused = False
        self._holding: Holding | None = None
        self._judged_at = 0.0
        self._refusals = 0
        self._pause = RETRY_FIRST_S
        self._tried_at = -SPACING_S
        self._gave_way = False
        self._truce_until = 0.0
        self._was_called = False

    @property
    def readers(self) -> str:
        """Who had the console, as it was looked at last; empty for nobody."""
        return names_of(self._holding) if self._holding is not None else ""

    def take(self) -> None:
        """A person's yes: attach this life, whatever that does to others."""
        self._is_granted = True
        if self._notice is not None:
            self._notice.wake()

    def settle(self) -> None:
        """It lasted: the next try need not wait as long as those before."""
        self._pause = RETRY_FIRST_S

    def failed(self, error: GuestwatchError) -> None:
        """An attempt failed; decides how long the same life is left alone."""
        match error:
            case ConsoleRefused():
                # Bound and not listening: about to, or dead; asking costs next to nothing.
                self._refusals += 1
                self._pause = refused_pause(self._refusals, self._url)
            case ConsoleBusy():
                self._pause = RETRY_FIRST_S
            case ConsoleAbsent():
                pass
            case _:
                self._absence.begin(Cause.FAILED, now().wall, str(error))

    def give_way(self) -> None:
        """Another client has the console that just ended for us: it keeps it for a while."""
        self._gave_way = True
        self._truce_until = anyio.current_time() + TRUCE_S * random.uniform(1.0, 1.2)

    @property
    def born(self) -> float:
        """When the present life began, as far as its path tells: since the epoch, 0 if unknown."""
        with contextlib.suppress(OSError):
            return os.lstat(self._endpoint.place).st_ctime
        return 0.0

    def close(self) -> None:
        """Let go of the present life. Harmless when repeated."""
        if self.pin is not None:
            self.pin.close()

    async def next(self, is_blocked: Callable[[], bool]) -> None:
        """Wait until there is something to attach to; `pin` holds it then.

        Args:
            is_blocked: whether the same life must be left alone for now.
        """
        again_at = anyio.current_time() + self._pause * random.uniform(0.8, 1.2)
        with self._noticing.at(self._endpoint.place) as self._notice:
            while True:
                self._noticing.renew(self._notice)
                if await self._look(again_at, is_blocked):
                    self._tried_at = anyio.current_time()
                    self._is_granted = self._is_refused = self._gave_way = False
                    if self._status.facts.is_takeable:
                        # A yes that comes from now on would be for the attempt after this.
                        self._status.set(
                            ConsoleState.CONNECTING, f"connecting to {self._spec.console}"
                        )
                    return
                self._status.notice_exit(self.vmm_pid)
                await self._wait(self._look_s(again_at))

    async def _wait(self, timeout_s: float) -> None:
        """Until something is told at the path, or a VMM dials; `timeout_s` at the longest."""
        assert self._notice is not None
        arrivals = self._endpoint.arrivals
        is_there = self.pin is not None and self.pin.is_current()
        # A call that came to nothing may still be heard: it must not make us spin.
        is_deaf = is_there or self._was_called or self._is_spaced
        self._was_called = False
        if arrivals < 0 or is_deaf:
            await self._notice.wait(timeout_s)
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hear, arrivals, self._notice)
            await self._notice.wait(timeout_s)
            tasks.cancel_scope.cancel()

    async def _hear(self, arrivals: int, notice: Notice) -> None:
        await anyio.wait_readable(arrivals)
        self._was_called = True
        notice.wake()

    @property
    def _is_spaced(self) -> bool:
        """Whether the life before is too young for another one."""
        return anyio.current_time() < self._tried_at + SPACING_S

    async def _look(self, again_at: float, is_blocked: Callable[[], bool]) -> bool:
        """Whether there is something to attach to now."""
        at = anyio.current_time()
        if self.pin is not None and self.pin.is_current():
            is_early = at < again_at and not self._is_granted
            if (is_early and not self._gave_way) or (is_blocked() and not self._is_granted):
                return False
            if not await self._may_attach() or is_early:
                return False
            self._pause = min(self._pause * 2, RETRY_LAST_S)
            return True
        if self._is_spaced:
            return False
        try:
            fresh = self._endpoint.pin()
        except ConsoleError as error:
            self._status.set_failure(error)
            return False
        self._renew(fresh)
        return await self._may_attach()

    def _renew(self, fresh: Pin) -> None:
        if self.pin is not None:
            self.pin.close()
            another = f"another console is at {self._endpoint.url}"
            self._absence.recast(Cause.RESTARTED, self.ending or another)
            self.ending = ""
        self.pin = fresh
        self._pause = RETRY_FIRST_S
        self._refusals = 0
        self._truce_until = 0.0
        self._is_granted = self._is_refused = self._gave_way = False
        if not self._status.has_ended:
            self._status.set(ConsoleState.CONNECTING, f"connecting to {self._spec.console}")

    async def _may_attach(self) -> bool:
        """Whether attaching harms nobody, or a person said yes."""
        if self._is_granted:
            return True
        if self._is_refused and not await self._has_changed():
            return False
        try:
            self._holding = await self._asking.look(self._url)
        except OSError as error:
            # Nobody can be asked: that is no reason to suspect anybody.
            self._status.set_failure(trouble.while_looking(error, self._endpoint.place))
            return False
        self._judged_at = anyio.current_time()
        self.verdict = judge(self._holding, self._spec.auto)
        is_truce = self.verdict.holder is not None and self._judged_at < self._truce_until
        self._is_refused = not self.verdict.may_attach or is_truce
        if self._is_refused:
            self._tell_refusal(self.verdict)
        return not self._is_refused

    async def _has_changed(self) -> bool:
        """Whether it is worth the whole question again: a holder left, or some time passed."""
        assert self._holding is not None
        if anyio.current_time() >= self._judged_at + JUDGE_AGAIN_S:
            return True
        if self.verdict is None or self.verdict.state is not Standing.HELD:
            return False
        is_held = await anyio.to_thread.run_sync(
            is_still_held, self._holding, abandon_on_cancel=True
        )
        return is_held is False

    def _tell_refusal(self, verdict: Verdict) -> None:
        holder = verdict.holder
        is_held = verdict.state is Standing.HELD
        self._status.put(
            ConsoleFacts(
                state=ConsoleState.HELD if is_held else ConsoleState.NOT_WATCHED,
                reason=verdict.reason,
                hint=verdict.remedy,
                holder_pid=holder.pid if holder is not None else 0,
                holder_name=holder.name if holder is not None else "",
                consequence=verdict.consequence,
                is_takeable=verdict.can_take,
            )
        )
        cause = Cause.HELD if is_held else Cause.NOT_ATTACHED
        self._absence.begin(cause, now().wall, verdict.reason)

    def _look_s(self, again_at: float) -> float:
        """How long nothing need be looked at, if nothing is told meanwhile."""
        if self._is_spaced:
            return SPACING_S
        if self._is_refused or self._status.has_ended:
            return LOOK_S
        if self.pin is not None and self.pin.is_current():
            return max(REFUSED_S, min(again_at - anyio.current_time(), NOTICED_LOOK_S))
        assert self._notice is not None
        return NOTICED_LOOK_S if self._notice.place is not None else LOOK_S


def refused_pause(refusals: int, url: ConsoleUrl) -> float:
    """How long a console is left alone that refused so many times in a row."""
    is_near = url.is_local and url.scheme is not Scheme.VSOCK
    longest = LOOK_S if is_near else REFUSED_FAR_S
    # No power that a float cannot hold: a dead socket refuses for days.
    return min(REFUSED_S * 2.0 ** min(refusals, 16), longest)
