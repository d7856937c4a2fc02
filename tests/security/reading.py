"""Reads recordings from elsewhere with everything that reads recordings.

`python -m tests.security.reading HOME` reads every sandbox below HOME and prints, as
JSON, how far memory rose above what it took before, and what each reader made of it.
`--naive FILE` reads one file as a program would that believes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from core.console import Transcript, safe_text
from core.console.alerts import Rules
from core.errors import GuestwatchError
from core.recording import (
    CourseReader,
    Events,
    GenerationReader,
    History,
    Ledger,
    Recorder,
    RecordingClock,
    Timeline,
    last_heard,
    read_account,
    read_meta,
)
from core.recording import export as exports
from core.recording.compress import compress_generation
from core.recording.export import Source
from core.recording.stock import Stock
from core.recording.zstd import ZstdDecompressor
from core.scanner.cursor import Cursor
from tests.core.recording.made import moment
from tui.opened.recorded import Recorded

READ_BYTES = 24 * 1024 * 1024
"""How much of each recording is read, from its start and before its end."""

STEPS = 40
"""How many pieces of an export and steps of compressing are enough to tell."""


def generations(sandbox: Path) -> Iterator[Path]:
    for generation in History(sandbox).generations:
        yield generation.folder


def read(sandbox: Path) -> None:
    for folder in generations(sandbox):
        reader = GenerationReader(folder)
        with contextlib.closing(reader):
            for begin in (reader.start, max(reader.start, reader.end - READ_BYTES)):
                for at in range(begin, min(begin + READ_BYTES, reader.end), 256 * 1024):
                    with contextlib.suppress(GuestwatchError):
                        reader.read(at, 256 * 1024)


def date(sandbox: Path) -> None:
    for folder in generations(sandbox):
        reader, clock = GenerationReader(folder), RecordingClock(folder)
        with contextlib.closing(reader), contextlib.closing(clock):
            for at in (0, reader.start, (reader.start + reader.end) // 2, reader.end - 1):
                clock.at(at)
                clock.elapsed(at)
                clock.dated(at)


def ledger(sandbox: Path) -> None:
    for folder in (*generations(sandbox), sandbox):
        opened = Ledger(folder)
        with contextlib.closing(opened):
            for _entry in opened.read_all():
                pass


def happened(sandbox: Path) -> None:
    for folder in generations(sandbox):
        events = Events(folder)
        while events.refresh():
            pass
        events.entries(list(islice(events.forward(0), 300)))


def shape(sandbox: Path) -> None:
    for folder in generations(sandbox):
        reader = CourseReader(folder)
        for _ in range(STEPS):
            reader.refresh()
        Timeline([reader.course], [0]).edges(200)


def account(sandbox: Path) -> None:
    read_account(sandbox)
    last_heard(sandbox.parent, sandbox.name)


def meta(sandbox: Path) -> None:
    for folder in generations(sandbox):
        read_meta(folder)


def opened(sandbox: Path) -> Iterator[Source]:
    known = read_account(sandbox)
    for generation in History(sandbox).generations:
        with Source(generation, known, is_announced=True) as source:
            yield source


Form = Callable[[Iterable[Source]], Iterable[object]]


def exporting(form: Form) -> Callable[[Path], None]:
    def export(sandbox: Path) -> None:
        for _piece in islice(form(opened(sandbox)), STEPS):
            pass

    return export


def scan(sandbox: Path) -> None:
    for folder in generations(sandbox):
        cursor = Cursor(folder, 0, Rules(()))
        with contextlib.closing(cursor):
            cursor.size = READ_BYTES
            while cursor.is_behind:
                cursor.scan()
            cursor.finish()


def view(sandbox: Path) -> None:
    for generation in History(sandbox).generations:
        recorded = Recorded(generation)
        with contextlib.closing(recorded):
            transcript = Transcript([(generation.sequence, recorded, safe_text(""))])
            transcript.backward(transcript.last, 300)
            transcript.forward(transcript.first, 300)
            recorded.refresh()


def look(sandbox: Path) -> None:
    Stock(sandbox.parent).look(())


def tidy(sandbox: Path) -> None:
    for folder in generations(sandbox):
        steps = compress_generation(folder, moment(10_000))
        with contextlib.closing(steps):
            for _ in islice(steps, STEPS):
                pass


def go_on(sandbox: Path) -> None:
    for folder in generations(sandbox):
        known = read_meta(folder)
        recorder = Recorder.begin(
            sandbox.parent, sandbox.name, life=known.life, meta=known, at=moment(20_000)
        )
        recorder.write(b"and on", moment(20_001))
        recorder.close()


READERS: dict[str, Callable[[Path], None]] = {
    "GenerationReader": read,
    "RecordingClock": date,
    "Ledger": ledger,
    "events": happened,
    "course": shape,
    "read_account": account,
    "read_meta": meta,
    "export text": exporting(exports.text),
    "export raw": exporting(exports.raw),
    "export jsonl": exporting(exports.jsonl),
    "export cast": exporting(lambda s: exports.cast(s, title="x", started=0.0)),
    "export typescript": exporting(lambda s: exports.typescript(s, started=0.0)),
    "scanner": scan,
    "dashboard": view,
    "quotas": look,
    # These write; so they come last.
    "compression": tidy,
    "repair": go_on,
}


def memory(name: str) -> int:
    """A field of this process's status, in bytes: not that of whoever started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def naively(path: Path) -> None:
    data = path.read_bytes()
    if path.suffix == ".zst":
        data = ZstdDecompressor().decompress(data)
    json.loads(data)


def main() -> None:
    """Read, and print the findings."""
    before = memory("VmRSS")
    if "--naive" in sys.argv:
        try:
            naively(Path(sys.argv[2]))
        except (ValueError, RecursionError) as error:
            print(json.dumps({"grown": memory("VmHWM") - before, "error": type(error).__name__}))
        return
    home = Path(sys.argv[1])
    refused: dict[str, int] = dict.fromkeys(READERS, 0)
    sandboxes = sorted(path for path in home.iterdir() if path.is_dir())
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for sandbox in sandboxes:
        for name, reader in READERS.items():
            try:
                reader(sandbox)
            except GuestwatchError:
                refused[name] += 1
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208
    grown = memory("VmHWM") - before
    print(json.dumps({"grown": grown, "sandboxes": len(sandboxes), "refused": refused}))


if __name__ == "__main__":
    main()
