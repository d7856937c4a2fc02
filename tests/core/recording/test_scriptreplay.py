"""A recording is played by the program that invented its timing format."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from tests.guests.needed import needed

from .made import begin, logs, moment


def played(log: Path) -> bytes:
    """What `scriptreplay -T console.timing -O <(echo; cat console.log)` prints, in no time."""
    done = subprocess.run(
        [
            "bash",
            "-c",
            'exec "$0" -T "$1" -O <(echo; cat "$2") -d 1000000000 -m 0.000001',
            needed("scriptreplay", "bsdutils"),
            str(log.with_suffix(".timing")),
            str(log),
        ],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    # It ends the play with a newline of its own.
    assert done.stdout.endswith(b"\n")
    return done.stdout[:-1]


CHUNKS = [
    b"SeaBIOS\r\n",
    b"\0\x1b[2J\x1b[1;31mred\x1b[0m\r",
    b"\xff\xfe\x80 no unicode \xc3",
    bytes(range(256)),
    b"\n\n\n",
    b"x" * 70_000,
    b"",
    b"no newline at the end",
]


def test_it_plays_back_exactly_what_was_read(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    for i, chunk in enumerate(CHUNKS):
        recorder.write(chunk, moment(i * 0.7))
    recorder.close()
    assert played(recorder.folder / "console.log") == b"".join(CHUNKS)


def test_it_plays_every_segment_of_a_rotated_recording(tmp_path: Path) -> None:
    rng = random.Random(5)
    recorder = begin(tmp_path, segment_bytes=20_000)
    expected = b""
    seconds = 0.0
    for _ in range(400):
        seconds += rng.choice([0, 0.001, 0.003, 0.02, 5, 86_400])
        chunk = rng.randbytes(rng.randrange(1, 500))
        recorder.write(chunk, moment(seconds))
        expected += chunk
    recorder.close()
    segments = logs(recorder.folder)
    assert len(segments) > 4
    assert b"".join(map(played, segments)) == expected


def test_it_plays_a_recording_that_was_continued_and_repaired(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.write(b"before\r\n", moment(1))
    recorder.write(b"orphaned\r\n", moment(2))
    recorder.close()
    timing = recorder.folder / "console.timing"
    timing.write_bytes(timing.read_bytes()[:-2])
    recorder = begin(tmp_path, at=86_400 * 30)
    recorder.write(b"after", moment(86_400 * 30 + 1))
    recorder.close()
    assert played(recorder.folder / "console.log") == b"before\r\norphaned\r\nafter"
