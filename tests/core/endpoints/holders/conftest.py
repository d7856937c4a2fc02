"""Real peers: a QEMU whose guest stands still, and clients of its consoles."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from core.endpoints import parse_console_url
from core.endpoints.holders import Holding, look
from tests.guests.client import until
from tests.guests.needed import needed


class Run(Protocol):
    """Runs a program that ends with the test."""

    def __call__(self, *argv: str, cwd: Path | None = None) -> subprocess.Popen[bytes]: ...


@pytest.fixture
def run() -> Iterator[Run]:
    with contextlib.ExitStack() as running:

        def start(*argv: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )

            def end() -> None:
                process.kill()
                process.communicate()

            running.callback(end)
            return process

        yield start


@dataclass(frozen=True, slots=True)
class Clients:
    """Makes clients of a console's socket: socats that read and say nothing."""

    run: Run
    socat: str

    def join(self, path: Path) -> subprocess.Popen[bytes]:
        """One more client; connected when this returns."""
        before = _on(path)
        client = self.run(self.socat, "-u", f"UNIX-CONNECT:{path}", "OPEN:/dev/null")
        until(lambda: _on(path) == before + 1)
        return client


def _on(path: Path) -> int:
    """How many are connected to the socket or wait to be."""
    holding = look_at(path)
    return len(holding.holders) + holding.waiting


@pytest.fixture
def clients(run: Run) -> Clients:
    return Clients(run, needed("socat", "socat"))


class StartQemu(Protocol):
    """Starts a QEMU with these arguments beside the common ones."""

    def __call__(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]: ...


@pytest.fixture
def qemu(run: Run, qemu_binary: str) -> StartQemu:
    """A QEMU whose guest is stopped before its first instruction."""

    def start(*arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        common = ("-accel", "tcg", "-nodefaults", "-nographic", "-S", "-m", "32")
        return run(qemu_binary, *common, *arguments, cwd=cwd)

    return start


def chardev(path: Path | str, *more: str) -> tuple[str, ...]:
    """A console on a socket that QEMU serves."""
    words = ("socket", "id=c", f"path={path}", "server=on", *(more or ("wait=off",)))
    return ("-chardev", ",".join(words), "-device", "isa-serial,chardev=c")


def look_at(url: Path | str, *, ask_monitor: bool = False) -> Holding:
    """What is found of a console; its monitor is left alone unless the test is of it."""
    return look(parse_console_url(str(url)), ask_monitor=ask_monitor)


def until_served(path: Path) -> None:
    """Until somebody listens at the path."""
    until(lambda: path.is_socket() and look_at(path).is_listened is True)
