"""A VMM that writes its guest's console to a file, and what is done to such files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .console import Console, Watch
from .script import Script


class ConsoleLog(Console):
    """Writes PATH; each order moves what was written so far.

    * `truncate`: the VMM starts anew, with O_TRUNC.
    * `rotate`: PATH becomes PATH.1, and the VMM opens PATH again.
    * `copytruncate`: PATH is copied to PATH.1 and cut to nothing while the VMM writes on.
      With `overwrite` the VMM keeps its position, so that the file has a hole of NULs.
    """

    def __init__(self, script: Script, *, control: bool) -> None:
        self._file = -1
        super().__init__(script, control=control)

    def open(self) -> None:
        self._open(0)

    def _open(self, extra: int) -> None:
        mode = 0 if self.script.overwrite else os.O_APPEND
        flags = os.O_WRONLY | os.O_CREAT | mode | extra
        self._file = os.open(self.script.path, flags, 0o600)

    def close(self, *, leaves_file: bool) -> None:
        os.close(self._file)

    def watch(self) -> Iterator[Watch]:
        return iter(())

    def accept_print(self, data: bytes) -> int | None:
        return os.write(self._file, data)

    def obey(self, order: dict[str, Any]) -> None:
        path = Path(self.script.path)
        beside = path.with_name(path.name + ".1")
        match order["do"]:
            case "truncate":
                os.close(self._file)
                self._open(os.O_TRUNC)
            case "rotate":
                path.rename(beside)
                os.close(self._file)
                self._open(0)
            case "copytruncate":
                shutil.copyfile(path, beside)
                os.truncate(path, 0)
            case _:
                super().obey(order)
                return
        self.emit("log", done=order["do"])
