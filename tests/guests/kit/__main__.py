"""Run one simulated guest: `python -m tests.guests.kit qemu-queue PATH --say seeded --size 10MB`.

It narrates on standard error; SIGINT or SIGTERM ends it, and then it tells on standard
output, as JSON, what it said, to whom, and what was lost.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from .console import Console
from .hvsock import Hvsock
from .logfile import ConsoleLog
from .script import Afterwards, Device, Ok, Rebirth, Script
from .sockets import ClhKick, Dial, DragonballDrop, OneClient, QemuQueue, QemuTcp
from .speech import Kind, Speech, size_of
from .terminal import PtySteal

SIMULATIONS: dict[str, type[Console]] = {
    "qemu-queue": QemuQueue,
    "clh-kick": ClhKick,
    "dragonball-drop": DragonballDrop,
    "pty-steal": PtySteal,
    "hvsock": Hvsock,
    "console-log": ConsoleLog,
    "tcp": QemuTcp,
    "telnet": QemuTcp,
    "dial": Dial,
}

PRESETS: dict[str, tuple[type[OneClient], dict[str, Any]]] = {
    "flood": (QemuQueue, {"wait": True}),
    "drip": (QemuQueue, {"wait": True, "piece": 1, "every_ms": 10.0}),
    "endless-line": (
        QemuQueue,
        {"wait": True, "say": Kind.ENDLESS_LINE, "size": 100_000_000},
    ),
    "mid-sequence": (
        QemuQueue,
        {"wait": True, "say": Kind.MID_ESCAPE, "afterwards": Afterwards.HANG_UP},
    ),
    "restart": (QemuQueue, {"wait": True, "lives": 3, "downtime_s": (0.0, 0.1, 1.0)}),
}
"""Guests that are known by what they do: qemu-queue with other defaults."""


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.split(","))


def _ports(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser("python -m tests.guests.kit", description=__doc__)
    line.add_argument("kind", choices=[*SIMULATIONS, *PRESETS])
    line.add_argument("path", help="socket or file; ADDRESS:PORT for tcp and telnet")
    line.add_argument("--control", action="store_true", help="orders and events as JSON lines")
    line.add_argument("--say", type=Kind, choices=list(Kind), default=Kind.LINES)
    line.add_argument("--size", type=size_of, default=64_000, help="10MB, 64KiB, 640")
    line.add_argument("--seed", type=int, default=0)
    line.add_argument("--wait", action="store_true", help="silent until the first client")
    line.add_argument("--anew", action="store_true", help="all again for each client")
    line.add_argument("--device", type=Device, choices=list(Device), default=Device.SERIAL16550)
    line.add_argument("--every-ms", type=float, default=0.0)
    line.add_argument("--piece", type=size_of, default=64 * 1024)
    line.add_argument(
        "--afterwards", type=Afterwards, choices=list(Afterwards), default=Afterwards.STAY
    )
    line.add_argument("--lives", type=int, default=1)
    line.add_argument("--downtime-s", type=_numbers, default=(0.0,))
    line.add_argument("--rebirth", type=Rebirth, choices=list(Rebirth), default=Rebirth.UNLINK)
    line.add_argument("--ring", type=size_of, default=1 << 20)
    line.add_argument("--telnet", action="store_true", help=argparse.SUPPRESS)
    line.add_argument("--reconnect-s", type=float, default=1.0)
    line.add_argument("--ports", type=_ports, default=(1026,))
    line.add_argument("--ok", type=Ok, choices=list(Ok), default=Ok.PLAIN)
    line.add_argument("--late-s", type=float, default=0.0)
    line.add_argument("--refusals", type=int, default=0)
    line.add_argument("--tolerant", action="store_true")
    line.add_argument("--limit", type=int, default=1023)
    line.add_argument("--overwrite", action="store_true")
    return line


def simulation(words: Sequence[str]) -> Console:
    """The guest that the words describe."""
    line = parser()
    kind = next((word for word in words if not word.startswith("-")), "")
    making, defaults = PRESETS.get(kind, (SIMULATIONS.get(kind, QemuQueue), {}))
    line.set_defaults(**defaults)
    chosen = vars(line.parse_args(words))
    control = chosen.pop("control")
    speech = Speech(chosen.pop("say"), chosen.pop("size"), chosen.pop("seed"))
    chosen["telnet"] = chosen["telnet"] or kind == "telnet"
    return making(Script(say=speech, **chosen), control=control)


if __name__ == "__main__":
    simulation(sys.argv[1:]).run()
