"""A simulated guest from Python: a process of its own, in a `with` block that ends it.

    with QemuQueue(path, say=Seeded(7, size=10_000_000)) as guest:
        guest.wait_for_client()

Nothing waits by the clock: `wait_until` asks the guest until what is claimed is true.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, Unpack

from .script import Options, Rebirth
from .speech import SILENCE
from .truth import Life, Truth, Visit

PATIENCE_S = 30.0
"""A busy machine does anything within this."""

_ROOT = Path(__file__).parents[len(__package__.split("."))]
_LOOK_S = 0.01


class GuestEnded(RuntimeError):
    """The guest's process is not there any more."""


class Guest:
    """What all simulations can be told and asked."""

    kind: ClassVar[str]

    def __init__(self, path: Path | str, **options: Unpack[Options]) -> None:
        self.path = Path(path)
        """Where it is; for `tcp` see `address`."""
        self.address = str(path)
        """As the guest tells it: the bound port, the pty's name."""
        self.speech = options.pop("say", SILENCE)
        speech = self.speech
        self._words = ["--say", speech.kind, "--size", str(speech.size), "--seed", str(speech.seed)]
        for name, value in options.items():
            self._words += _words(name, value)
        self._heard = b""
        self._last: dict[str, Any] | None = None
        self.events: list[dict[str, Any]] = []
        """All that happened, in order: came, left, typed, all-said, down, up, turned-away."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", __package__, self.kind, self.address, "--control"]
        self._child = subprocess.Popen(
            [*command, *self._words], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            self.address = self._await(lambda event: event["event"] == "ready")["path"]
        except BaseException:
            self._bury()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bury()

    # Asking.

    @property
    def pid(self) -> int:
        """The guest's pid: stop and continue it to make it hang."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self._child.poll() is None

    @property
    def truth(self) -> Truth:
        """What it said, to whom and what was lost; after its end, the last that is known.

        Raises:
            GuestEnded: it was killed before it told anything.
        """
        if self._last is None:
            self._order("report")
            return Truth.from_json(self._await(lambda event: event["event"] == "report")["truth"])
        return Truth.from_json(self._last)

    @property
    def lives(self) -> list[Life]:
        """All its lives, the present one last."""
        return self.truth.lives

    @property
    def said(self) -> int:
        """How many bytes it printed in its present life."""
        return self.lives[-1].said

    @property
    def visits(self) -> list[Visit]:
        """All its clients, over all lives."""
        return [visit for life in self.lives for visit in life.visits]

    @property
    def typed(self) -> bytes:
        """All that any client typed and it received."""
        return b"".join(bytes(visit.typed) for visit in self.visits)

    # Waiting.

    def wait_until(
        self, claim: Callable[[Truth], object], *, timeout_s: float = PATIENCE_S
    ) -> Truth:
        """The truth once `claim` of it holds.

        Raises:
            TimeoutError: it does not within `timeout_s`.
            GuestEnded: the guest ended before.
        """
        deadline = time.monotonic() + timeout_s
        while not claim(truth := self.truth):
            if self._last is not None:
                raise GuestEnded(f"{self.kind} ended, and it is not so: {claim}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {timeout_s} s: {claim}; {truth}")
            self._take(_LOOK_S)
        return truth

    def wait_for_client(self, number: int = 1, *, timeout_s: float = PATIENCE_S) -> Visit:
        """The visit of the client of that number, over all lives, once it is being served."""
        self.wait_until(
            lambda truth: any(v.number >= number for life in truth.lives for v in life.visits),
            timeout_s=timeout_s,
        )
        return next(visit for visit in self.visits if visit.number == number)

    def wait_until_said(self, *, timeout_s: float = PATIENCE_S) -> Truth:
        """The truth once its present life has said all of its speech."""
        return self.wait_until(lambda truth: truth.is_all_said, timeout_s=timeout_s)

    def wait(self, timeout_s: float) -> None:
        """Return once it has ended by itself.

        Raises:
            TimeoutError: it has not within `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        while self._last is None and self.is_running:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.kind} lives on")
            self._take(_LOOK_S)
        self._child.wait(max(1.0, deadline - time.monotonic()))

    # Telling.

    def say(self, data: bytes) -> None:
        """Have it print this after its speech."""
        self._order("say", hex=data.hex())

    def hang_up(self) -> None:
        """Have it end the present visit."""
        self._order("hang-up")

    def freeze(self) -> None:
        """Have it print nothing until it is to go on."""
        self._order("freeze")

    def go_on(self) -> None:
        """Let it print again."""
        self._order("go-on")

    def down(self, *, leaves_file: bool = False) -> None:
        """End its life; return when it is not reachable any more."""
        self._order("down", leaves_file=leaves_file)
        self._await(lambda event: event["event"] == "down")

    def up(self, rebirth: Rebirth = Rebirth.UNLINK) -> None:
        """Begin its next life; return when it is reachable."""
        self._order("up", rebirth=rebirth)
        self._await(lambda event: event["event"] == "up")

    def restart(self, rebirth: Rebirth = Rebirth.UNLINK) -> None:
        """End its life and begin the next one at the same path."""
        self.down(leaves_file=rebirth is not Rebirth.UNLINK)
        self.up(rebirth)

    def exit(self, *, kill: bool = False) -> Truth:
        """End the guest; when killed, its socket's file stays. The final truth is returned."""
        if self._last is None:
            if kill:
                self.freeze()
                self._last = self.truth.to_json()
                self._child.kill()
            else:
                self._order("end")
                self._await(lambda event: event["event"] == "ended")
        self._child.wait(PATIENCE_S)
        return self.truth

    def answer(self) -> None:
        """Have `hvsock` give the OKs that it held back."""
        self._order("answer")

    def log(self, order: str) -> None:
        """Have `console-log` do `truncate`, `rotate` or `copytruncate`; return when done."""
        self._order(order)
        self._await(lambda event: event["event"] == "log")

    # The pipes.

    def _order(self, word: str, **facts: object) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps({"do": word, **facts}).encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            # It is at its end, and has told what it had to tell.
            self._drain()

    def _await(self, claim: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for event in self._take(PATIENCE_S):
                if claim(event):
                    return event
                if event["event"] == "ended":
                    return event
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.kind} does not answer")

    def _take(self, timeout_s: float) -> list[dict[str, Any]]:
        """The events that came, after waiting for one that long at most."""
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], timeout_s)
        if not ready:
            return []
        data = os.read(self._child.stdout.fileno(), 1 << 20)
        if not data:
            raise GuestEnded(f"{self.kind} on {self.address} has ended")
        *lines, self._heard = (self._heard + data).split(b"\n")
        events = [json.loads(line) for line in lines]
        for event in events:
            if event["event"] == "ended":
                self._last = event["truth"]
            if event["event"] != "report":
                self.events.append(event)
        return events

    def _drain(self) -> None:
        while self._last is None:
            self._take(PATIENCE_S)

    def _bury(self) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.kill()
        self._child.wait()
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.stdout.close()
        if self.path.is_socket() or self.path.is_symlink():
            self.path.unlink()


def _words(name: str, value: object) -> list[str]:
    option = "--" + name.replace("_", "-")
    match value:
        case bool():
            return [option] if value else []
        case tuple():
            return [option, ",".join(str(one) for one in value)]
        case _:
            return [option, str(value)]


class QemuQueue(Guest):
    """QEMU's server socket: one client, the next ones wait in the kernel's queue."""

    kind = "qemu-queue"


class ClhKick(Guest):
    """cloud-hypervisor's `--serial socket=`: the newcomer throws the old client off."""

    kind = "clh-kick"


class DragonballDrop(Guest):
    """Dragonball's console: a newcomer gets end of file at once while one is served."""

    kind = "dragonball-drop"


class PtySteal(Guest):
    """A pty, whose readers steal from each other; `address` is its name."""

    kind = "pty-steal"


class Hvsock(Guest):
    """A hybrid vsock muxer's host side."""

    kind = "hvsock"


class ConsoleLog(Guest):
    """A VMM that writes a log file."""

    kind = "console-log"


class QemuTcp(Guest):
    """QEMU's server on TCP; `address` tells the port."""

    kind = "tcp"


class QemuTelnet(Guest):
    """QEMU's server on TCP with telnet's bytes."""

    kind = "telnet"


class Dial(Guest):
    """QEMU as the client, which dials again."""

    kind = "dial"
