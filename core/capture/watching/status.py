"""What is known of one console, in words: the one place where a watcher's findings become facts."""

from __future__ import annotations

from collections.abc import Callable

from core.capture.watching.session import Session
from core.clock import now
from core.errors import ConsoleAbsent, ConsoleBusy, ConsoleRefused, GuestwatchError
from core.sandboxes.model import ConsoleFacts, ConsoleState
from core.sandboxes.vmm import is_alive


class Status:
    """A console's facts; each change is told.

    Args:
        on_change: called after `facts` changed.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.facts = ConsoleFacts(state=ConsoleState.CONNECTING, since=now().wall)
        self._on_change = on_change

    @property
    def has_ended(self) -> bool:
        """Whether the last that was known is that the console ended."""
        return self.facts.state is ConsoleState.ENDED

    def put(self, facts: ConsoleFacts) -> None:
        """Tell these facts; a state that goes on keeps its beginning."""
        same = facts.state is self.facts.state
        since = self.facts.since if same else now().wall
        fresh = ConsoleFacts(
            state=facts.state,
            reason=_encodable(facts.reason),
            hint=_encodable(facts.hint),
            since=since,
            holder_pid=facts.holder_pid,
            holder_name=_encodable(facts.holder_name),
            consequence=_encodable(facts.consequence),
            is_takeable=facts.is_takeable,
            note=_encodable(facts.note),
        )
        if fresh != self.facts:
            self.facts = fresh
            self._on_change()

    def set(self, state: ConsoleState, reason: str = "", hint: str = "", note: str = "") -> None:
        """Tell a state that nobody else has a part in."""
        self.put(ConsoleFacts(state=state, reason=reason, hint=hint, note=note))

    def set_ended(self, session: Session, vmm_pid: int) -> None:
        """Tell how a session ended."""
        if session.error is not None:
            self.set(ConsoleState.FAILED, str(session.error), session.error.hint)
        elif session.bytes == 0:
            self.set(
                ConsoleState.ENDED,
                "the console hung up at once, without a byte",
                "It may serve only one client and have one already.",
            )
        else:
            self.set(ConsoleState.ENDED, "the console was closed")
        self.notice_exit(vmm_pid)

    def notice_exit(self, vmm_pid: int) -> None:
        """Tell a VMM that exited from one that only closed its console."""
        if self.has_ended and vmm_pid and not is_alive(vmm_pid):
            self.set(ConsoleState.ENDED, "VMM exited")

    def set_failure(self, error: GuestwatchError) -> None:
        """Tell why a console could not be had."""
        match error:
            case ConsoleAbsent() | ConsoleRefused() if self.has_ended:
                # That it ended says more than that its socket is gone as well.
                pass
            case ConsoleAbsent():
                self.set(ConsoleState.ABSENT, str(error), error.hint)
            case ConsoleBusy():
                self.set(ConsoleState.WAITING, str(error), error.hint)
            case _:
                self.set(ConsoleState.FAILED, str(error), error.hint)


def _encodable(text: str) -> str:
    """`text`, with what is no UTF-8 spelt out: a VMM's command line may name any path."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
