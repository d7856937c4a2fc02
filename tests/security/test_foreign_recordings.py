"""T16: a recording from elsewhere may hold anything. It costs no memory and no traceback.

Every kind of damage is read by everything that reads recordings, in a process of its own
whose memory is then this damage's. What was not damaged is there.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from core.errors import RecordingError
from core.recording import GenerationReader
from core.recording.compress import compress_generation
from core.recording.zstd import compress
from tests.core.recording.made import begin, moment
from tests.core.recording.test_seekable import LIES, console_text
from tests.figures import Figure

ROOT = Path(__file__).parents[2]
LIMIT = 64 * 1024 * 1024
CUT_EVERY = 1000
FLIPS = 100
"""Enough to meet each part of each file; a thousand take five minutes."""

TEXT = console_text(150_000)
SEGMENT = 50_000
DOCUMENTS = ("console.index", "console.timing", "events.jsonl", "meta.json")


class Original(NamedTuple):
    folder: Path
    text: bytes


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """A generation with two compressed segments, one that grows, and all other files."""
    home = tmp_path_factory.mktemp("original")
    recorder = begin(home, segment_bytes=SEGMENT)
    for number, at in enumerate(range(0, 110_000, 500)):
        recorder.write(TEXT[at : at + 500], moment(number / 10))
    recorder.close()
    for _ in compress_generation(recorder.folder, moment(1000)):
        pass
    recorder = begin(home, segment_bytes=10 * SEGMENT, at=2000)
    recorder.enter("attached", moment(2000), pid=1)
    for number, at in enumerate(range(110_000, len(TEXT), 500)):
        recorder.write(TEXT[at : at + 500], moment(2000 + number / 10))
        recorder.enter("alert", moment(2000 + number / 10), title="panic", kind="panic")
    recorder.close()
    return Original(recorder.folder, TEXT)


def copied(original: Original, home: Path, name: str) -> Path:
    """The generation's folder in a copy that is the sandbox `name`'s."""
    folder = home / name / original.folder.name
    shutil.copytree(original.folder, folder)
    return folder


def reading(*arguments: str) -> dict[str, object]:
    """What a process that reads says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.reading", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def check(home: Path, figure: Figure, what: str) -> None:
    found = reading(str(home))
    grown = found["grown"]
    assert isinstance(grown, int)
    assert grown < LIMIT, found
    readers = found["refused"]
    assert isinstance(readers, dict)
    figure(
        "T16",
        f"{what}: {found['sandboxes']} recordings x {len(readers)} readers, 0 tracebacks, "
        f"at most {grown / 2**20:.0f} MiB more",
    )


def assert_true_as_far_as_it_goes(folder: Path, text: bytes, *, whole: bool) -> None:
    """Each byte that is read is the one that was recorded; all of them are there if `whole`."""
    with closing(GenerationReader(folder)) as reader:
        for at in range(reader.start, reader.end, 5000):
            try:
                piece = reader.read(at, 5000)
            except RecordingError:
                assert not whole
                continue
            assert piece == text[at : at + len(piece)]
        if whole:
            assert (reader.start, reader.end) == (0, len(text))


def test_files_that_were_cut_anywhere_give_what_is_before_the_cut(
    tmp_path: Path, original: Original, figure: Figure
) -> None:
    for path in sorted(original.folder.iterdir()):
        for cut in range(0, path.stat().st_size, CUT_EVERY):
            folder = copied(original, tmp_path, f"{path.name}.{cut}".replace("_", "-"))
            os.truncate(folder / path.name, cut)
            text = original.text
            if path.name == "console.log":
                text = text[: len(text) - path.stat().st_size + cut]
            assert_true_as_far_as_it_goes(folder, text, whole=".log.zst" not in path.name)
    check(tmp_path, figure, f"files cut at every {CUT_EVERY:,}th byte")


def test_flipped_bits_change_no_byte_that_is_read(
    tmp_path: Path, original: Original, figure: Figure
) -> None:
    some = random.Random(11)
    names = sorted(p.name for p in original.folder.iterdir() if p.name != "console.log")
    for number in range(FLIPS):
        name = names[number % len(names)]
        folder = copied(original, tmp_path, f"flip{number}")
        data = bytearray((folder / name).read_bytes())
        bit = some.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        (folder / name).write_bytes(data)
        whole = ".log.zst" not in name
        assert_true_as_far_as_it_goes(folder, original.text, whole=whole)
    check(tmp_path, figure, "flipped bits")


LINE = b'{"epoch": 1, "offset": 1, "kind": "gap", "facts": '
GARBAGE: dict[str, Callable[[], bytes]] = {
    "noise": lambda: random.Random(5).randbytes(300_000),
    "zeros": lambda: bytes(5_000_000),
    "depth": lambda: b"[" * 5_000_000,
    "depth-by-line": lambda: (b'{"facts": ' + b"[" * 50_000 + b"\n") * 20,
    "endless-line": lambda: b"x" * 10_000_000,
    "empty-lines": lambda: b"\n" * 20_000,
    "numbers": lambda: b"9" * 60_000 + b"\n" + b"O " + b"9" * 4000 + b" 1\n" + b"1e999999\n",
    "records-of-nothing": lambda: b"O 0.000000 0\n" * 20_000,
    "records-of-ages": lambda: b"O 999999999999.999999 999999999999999\n" * 50_000,
    "backwards": lambda: b"O -1.000000 -5\n" * 50_000,
    "facts": lambda: (LINE + b'{"cause": "disk", "lost_bytes": 1e308}}\n') * 3_000,
    "wide": lambda: (LINE + json.dumps(dict.fromkeys(map(str, range(5000)), 1)).encode()) * 30,
    "nan": lambda: b'{"started_wall": NaN, "started_boot": Infinity, "id": "\\ud800"}\n' * 9,
}


def test_garbage_in_each_document_hides_no_byte(
    tmp_path: Path, original: Original, figure: Figure
) -> None:
    for name in DOCUMENTS:
        for kind, content in GARBAGE.items():
            folder = copied(original, tmp_path, f"{name}.{kind}")
            (folder / name).write_bytes(content())
            (folder.parent / "events.jsonl").write_bytes(content())
            assert_true_as_far_as_it_goes(folder, original.text, whole=True)
    check(tmp_path, figure, "garbage in index, timing, ledger and meta data")


def planted() -> Iterator[tuple[str, Callable[[Path, Path], object]]]:
    yield "link", lambda path, target: path.symlink_to(target)
    yield "loop", lambda path, target: path.symlink_to(path)
    yield "device", lambda path, target: path.symlink_to("/dev/zero")
    yield "fifo", lambda path, target: os.mkfifo(path)
    yield "folder", lambda path, target: path.mkdir()


def test_what_is_planted_in_a_files_place_is_neither_followed_nor_waited_for(
    tmp_path: Path, original: Original, figure: Figure
) -> None:
    secret = b"somebody's secret " * 1000
    target = tmp_path / "secret"
    target.write_bytes(secret)
    home = tmp_path / "home"
    for path in sorted(original.folder.iterdir()):
        for kind, plant in planted():
            folder = copied(original, home, f"{path.name}.{kind}")
            (folder / path.name).unlink()
            plant(folder / path.name, target)
            with closing(GenerationReader(folder)) as reader:
                assert secret[:18] not in reader.read(reader.start, 1 << 20)
    check(home, figure, "links, FIFOs and folders in the place of files")
    assert target.read_bytes() == secret


def test_bombs_and_lies_do_not_go_off(tmp_path: Path, original: Original, figure: Figure) -> None:
    for number, lie in enumerate(LIES.values()):
        content = lie()
        for suffix in ("log", "timing"):
            folder = copied(original, tmp_path, f"{suffix}{number}")
            (folder / f"console.000000000000000.{suffix}.zst").write_bytes(content)
    check(tmp_path, figure, "bombs, huge windows and lying tables")


def test_ten_gigabytes_of_nothing_are_read_in_pieces(
    tmp_path: Path, original: Original, figure: Figure
) -> None:
    folder = copied(original, tmp_path, "sparse")
    os.truncate(folder / "console.log", 10 * 1000**3)
    check(tmp_path, figure, "a sparse console.log of 10 GB")


def test_who_believes_a_bomb_takes_its_memory_and_who_believes_depth_fails(
    tmp_path: Path, figure: Figure
) -> None:
    """The control: the same measure of a reader without the defences."""
    bomb, deep = tmp_path / "bomb.zst", tmp_path / "deep.json"
    bomb.write_bytes(compress(bytes(256 * 1024 * 1024)))
    deep.write_bytes(GARBAGE["depth"]())
    exploded = reading("--naive", str(bomb))
    assert isinstance(exploded["grown"], int)
    assert exploded["grown"] > 2 * LIMIT
    assert reading("--naive", str(deep))["error"] == "RecursionError"
    figure(
        "T16", f"control: a bomb that is believed takes {exploded['grown'] / 2**20:.0f} MiB more"
    )
