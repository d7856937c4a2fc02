"""A guest and its printer: what every simulation has in common.

Theory of operation: one loop, `run`, waits in `poll` for whatever `watch` names, then
prints. The guest prints one piece at a time. Where a piece goes is the simulation's
affair (`accept_print`); what becomes of a piece that does not fit is the device's: a
16550 keeps it and the printer waits, a virtconsole drops it. Every byte printed ends up
delivered to a visit, dropped, or held where a client can still get it.

With `control`, JSON commands come a line each on standard input and events go a line
each to standard output; the end of standard input ends the guest, so none is orphaned.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import json
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from .script import Afterwards, Device, Rebirth, Script
from .truth import Life, Truth, Visit, append

Watch: TypeAlias = tuple[int, int, Callable[[], None]]
"""A descriptor, what to wait for, and what to do then."""

READ_BYTES = 64 * 1024

MAX_OUTBOX_BYTES = 1 << 20
"""Events beyond it are not told any more; the truth has what they were about."""
ANSWERS = {"ready", "report", "down", "up", "log", "ended"}
"""Events that somebody waits for."""


class Console:
    """A guest without a way out; the simulations give it one."""

    def __init__(self, script: Script, *, control: bool) -> None:
        self.script = script
        self.truth = Truth()
        self._control = control
        self._orders = b""
        self._outbox = bytearray()
        self._is_over = False
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._clients = itertools.count(1)
        self._is_frozen = False
        self._begin()

    # What a simulation adds.

    def open(self) -> None:
        """Be reachable."""
        raise NotImplementedError

    def close(self, *, leaves_file: bool) -> None:
        """Be no longer reachable; clients get what was delivered, then end of file."""
        raise NotImplementedError

    def watch(self) -> Iterator[Watch]:
        """What to wait for."""
        raise NotImplementedError

    def accept_print(self, data: bytes) -> int | None:
        """Take what is printed: how much of it found room, None when nobody is there."""
        raise NotImplementedError

    def room_fd(self) -> int | None:
        """What to wait at until there is room again."""
        return None

    def hang_up(self) -> None:
        """End the present visit."""

    def obey(self, order: dict[str, Any]) -> None:
        """Do what only this simulation can."""
        raise ValueError(f"no such order: {order}")

    def where(self) -> dict[str, Any]:
        """What the ready event tells of the address."""
        return {"path": self.script.path}

    # Lives.

    @property
    def life(self) -> Life:
        """The present one."""
        return self.truth.lives[-1]

    def _begin(self) -> None:
        number = len(self.truth.lives)
        step = 0 if self.script.anew else number
        seed = self.script.say.seed + step
        self.truth.lives.append(Life(number, seed))
        self.truth.is_all_said = False
        self._source = self.script.say.pieces(seed)
        self._told: deque[bytes] = deque()
        self._pending = memoryview(b"")
        self._is_waiting = self.script.wait or self.script.anew
        self._is_blocked = False
        self._next_at = 0.0
        self._is_up = True

    def _end_life(self, *, leaves_file: bool) -> None:
        self.close(leaves_file=leaves_file)
        self._is_up = False
        self.emit("down")

    def _up(self) -> None:
        self._begin()
        self.open()
        self.emit("up")

    # Visits.

    def visit(self) -> Visit:
        """A client has come."""
        if self.script.anew and (self.life.visits or not self._is_waiting):
            self._begin()
        visit = Visit(next(self._clients))
        self.life.visits.append(visit)
        self._is_waiting = False
        self.emit("came", client=visit.number)
        return visit

    def leave(self, visit: Visit, who: str) -> None:
        """A client is no longer there."""
        visit.ended = who
        self._is_blocked = False
        if self.script.anew and visit in self.life.visits:
            self._pending = memoryview(b"")
            self._is_waiting = True
        self.emit("left", client=visit.number, who=who)

    def deliver(self, visit: Visit, begin: int, end: int) -> None:
        """A client's socket took what the guest said there."""
        append(visit.delivered, begin, end)

    # Printing.

    def _print(self) -> None:
        """Print one piece, if it is time to."""
        if not self._is_speaking or self._is_blocked or time.monotonic() < self._next_at:
            return
        if not self._pending:
            self._pending = memoryview(self._next_piece())
            if not self._pending:
                self._all_said()
                return
        piece = bytes(self._pending[: self.script.piece])
        begin = self.life.said
        taken = self.accept_print(piece)
        if taken is None or self.script.device is Device.VIRTCONSOLE:
            append(self.life.dropped, begin + (taken or 0), begin + len(piece))
            taken = len(piece)
        elif taken < len(piece):
            self._is_blocked = True
        self.life.said = begin + taken
        self._pending = self._pending[taken:]
        self._next_at = time.monotonic() + self.script.every_ms / 1000

    @property
    def _is_speaking(self) -> bool:
        if not self._is_up or self._is_waiting or self._is_frozen:
            return False
        return bool(self._pending or self._told or not self.truth.is_all_said)

    def _next_piece(self) -> bytes:
        while not self.truth.is_all_said:
            piece = next(self._source, None)
            if piece:
                return piece
            if piece is None:
                break
        return self._told.popleft() if self._told else b""

    def first_words(self, size: int) -> bytes:
        """At most `size` bytes of what the guest says next, which count as printed."""
        if not self._pending:
            self._pending = memoryview(self._next_piece())
        words = bytes(self._pending[:size])
        self._pending = self._pending[len(words) :]
        self.life.said += len(words)
        return words

    def _all_said(self) -> None:
        self.truth.is_all_said = True
        self.emit("all-said")
        number = self.life.number + 1
        if number < self.script.lives:
            self._end_life(leaves_file=self.script.rebirth != "unlink")
            pauses = self.script.downtime_s
            self.after(pauses[(number - 1) % len(pauses)], self._up)
        elif self.script.afterwards is Afterwards.HANG_UP:
            self._is_over = True
        elif self.script.afterwards is Afterwards.AGAIN:
            self.hang_up()

    # The loop.

    def run(self) -> None:
        """Live until told to end."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if self._control:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.set_blocking(1, False)
        self.open()
        self.emit("ready", **self.where())
        try:
            while not self._is_over:
                self._turn()
        except KeyboardInterrupt:
            pass
        if self._is_up:
            self.close(leaves_file=False)
        self.emit("ended", truth=self.truth.to_json())
        if self._control:
            os.set_blocking(1, True)
            self._send_outbox()
        else:
            print(json.dumps(self.truth.to_json(), indent=1))

    def _turn(self) -> None:
        poll = select.poll()
        doers = {fd: (mask, do) for fd, mask, do in self._watch_all()}
        for fd, (mask, _) in doers.items():
            poll.register(fd, mask)
        for fd, _ in poll.poll(self._patience_ms()):
            doers[fd][1]()
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()
        self._print()

    def _watch_all(self) -> Iterator[Watch]:
        if self._control:
            yield 0, select.POLLIN, self._read_orders
        if self._outbox:
            yield 1, select.POLLOUT, self._send_outbox
        if self._is_up:
            room = self.room_fd() if self._is_blocked else None
            for fd, mask, do in self.watch():
                if fd == room:
                    yield fd, mask | select.POLLOUT, self._with_room(do)
                else:
                    yield fd, mask, do

    def _with_room(self, do: Callable[[], None]) -> Callable[[], None]:
        def both() -> None:
            self._is_blocked = False
            do()

        return both

    def _patience_ms(self) -> float | None:
        moments = [when for when, _, _ in self._timers[:1]]
        if self._is_speaking and not self._is_blocked:
            moments.append(self._next_at)
        if not moments:
            return None
        return max(0.0, (min(moments) - time.monotonic()) * 1000)

    def after(self, pause_s: float, do: Callable[[], None]) -> None:
        """Do something later."""
        heapq.heappush(self._timers, (time.monotonic() + pause_s, next(self._count), do))

    # Control.

    def emit(self, event: str, **facts: object) -> None:
        """Tell whoever runs this guest."""
        if self._control:
            if len(self._outbox) < MAX_OUTBOX_BYTES or event in ANSWERS:
                self._outbox += json.dumps({"event": event, **facts}).encode() + b"\n"
            self._send_outbox()
        elif event != "ended":
            words = " ".join(f"{key}={value}" for key, value in facts.items())
            print(event, words, file=sys.stderr, flush=True)

    def _send_outbox(self) -> None:
        # Whoever runs the guest may not be reading, and must not hold it up; or may be gone.
        try:
            while self._outbox:
                del self._outbox[: os.write(1, self._outbox)]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._outbox.clear()

    def _read_orders(self) -> None:
        data = os.read(0, READ_BYTES)
        self._is_over = self._is_over or not data
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, order: dict[str, Any]) -> None:
        match order["do"]:
            case "say":
                self._told.append(bytes.fromhex(order["hex"]))
            case "report":
                self.emit("report", truth=self.truth.to_json())
            case "freeze":
                self._is_frozen = True
            case "go-on":
                self._is_frozen = False
            case "hang-up":
                self.hang_up()
            case "down" if self._is_up:
                self._end_life(leaves_file=order["leaves_file"])
            case "up" if not self._is_up:
                self.script = dataclasses.replace(self.script, rebirth=Rebirth(order["rebirth"]))
                self._up()
            case "end":
                self._is_over = True
            case _:
                self.obey(order)
