"""A real QEMU whose guest prints what a test tells it to, in a twentieth of a second.

The guest is 73 bytes of machine code in the place of the BIOS, a bridge between three
serial ports: what comes in on the second is printed on the first, and the third, which
QEMU writes to a file, tells what was typed on the first and has an `ACK` for each byte
printed. So reality can be given the script that a simulation is given, without a kernel.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.guests.client import TIMEOUT_S, connect_soon, until
from tests.guests.needed import needed

ACK = 0xFE

_CODE = bytes.fromhex(
    "fa"  # cli
    "bafd03 ec a801 7414"  # loop: nothing typed on COM1? then talk
    "baf803 ec 88c3"  # bl = what was typed
    "baed03 ec a820 74fb"  # wait for room at COM3
    "bae803 88d8 ee"  # tell it
    "bafd02 ec a801 74dc"  # talk: nothing to print from COM2? then loop
    "baf802 ec 88c3"  # bl = what to print
    "bafd03 ec a820 74fb"  # wait for room at COM1
    "baf803 88d8 ee"  # print it
    "baed03 ec a820 74f8"  # wait for room at COM3
    "bae803 b0fe ee"  # acknowledge
    "ebb8"  # loop
)
_RESET = bytes.fromhex("ea000000f0")  # jmp f000:0000
_ROM_BYTES = 64 * 1024


def _rom() -> bytes:
    rom = bytearray(_CODE.ljust(_ROM_BYTES, b"\x90"))
    rom[-16 : -16 + len(_RESET)] = _RESET
    return bytes(rom)


class Bridge:
    """The guest; use it in a `with` block, which ends it.

    Args:
        chardev: what COM1 is, as QEMU's `-chardev` has it, without the id:
            `socket,path=…,server=on,wait=off`, `pty`.
    """

    def __init__(self, folder: Path, chardev: str) -> None:
        self._folder = folder
        self._chardev = chardev
        self._asked = 0

    def __enter__(self) -> Self:
        program = needed("qemu-system-x86_64", "qemu-system-x86")
        rom, control, told = (self._folder / f"bridge.{name}" for name in ("rom", "sock", "told"))
        rom.write_bytes(_rom())
        told.touch()
        words = f"-machine isapc -accel tcg -cpu 486 -m 1 -nodefaults -display none -bios {rom}"
        # The control side first: with wait=on, QEMU goes no further than the console.
        words += f" -chardev socket,id=control,path={control},server=on,wait=off"
        words += f" -chardev file,id=told,path={told} -chardev {self._chardev},id=console"
        for name in ("console", "control", "told"):
            words += f" -device isa-serial,chardev={name}"
        self._child = subprocess.Popen(
            [program, *words.split()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
        )
        self._connection = contextlib.ExitStack()
        try:
            self._control = self._connection.enter_context(connect_soon(control))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._connection.close()
        self._child.kill()
        self._child.wait()
        assert self._child.stdout is not None
        self._child.stdout.close()

    def pty(self) -> Path:
        """The pty that QEMU made for the console."""
        assert self._child.stdout is not None
        heard = b""
        while not (found := re.search(rb"redirected to (\S+)", heard)):
            line = self._child.stdout.readline()
            assert line, heard
            heard += line
        return Path(found[1].decode())

    def say_soon(self, data: bytes) -> None:
        """Have it print this, as soon as it can."""
        self._asked += len(data)
        self._control.sendall(data)

    def say(self, data: bytes) -> None:
        """Have it print this; return when it has."""
        self.say_soon(data)
        until(lambda: self._told().count(ACK) == self._asked)

    def wait_for_typed(self, data: bytes) -> None:
        """Return when the guest was typed exactly this, in all its time.

        Raises:
            TimeoutError: it was not.
        """
        until(lambda: self.typed == data)

    @property
    def typed(self) -> bytes:
        """What it was typed so far."""
        return self._told().replace(bytes([ACK]), b"")

    def _told(self) -> bytes:
        return (self._folder / "bridge.told").read_bytes()

    def exit(self, *, kill: bool = False) -> None:
        """End it, cleanly or not; return when it has ended."""
        if kill:
            self._child.kill()
        else:
            self._child.terminate()
        self._child.wait(TIMEOUT_S)
