"""A log of some other program, followed through all that happens to logs."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from core.errors import RecordingError
from core.plain_log import MAX_LIVES, MAX_OPEN, PlainLife, PlainLog, open_plain
from core.recording.seekable import frame, seek_table
from core.recording.zstd import compress
from tests.core.recording.made import open_descriptors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "console.log"
    path.write_bytes(b"one\ntwo\n")
    return path


def text(life: PlainLife) -> bytes:
    return life.read(life.start, life.end - life.start)


def test_a_log_that_grows_stays_one_life(path: Path) -> None:
    log = PlainLog(path)
    assert text(log.lives[0]) == b"one\ntwo\n"
    assert not log.lives[0].refresh()
    with path.open("ab") as writer:
        writer.write(b"three\n")
    assert log.lives[0].refresh()
    assert not log.look()
    assert [text(life) for life in log.lives] == [b"one\ntwo\nthree\n"]
    log.close()


def test_a_cut_log_begins_another_life(path: Path) -> None:
    log = PlainLog(path)
    os.truncate(path, 0)
    assert log.look()
    assert [text(life) for life in log.lives] == [b"", b""]
    assert log.lives[0].start == log.lives[0].end == 8
    assert log.lives[1].why == "it was cut or written anew"
    path.write_bytes(b"again\n")
    assert log.lives[1].refresh()
    assert text(log.lives[1]) == b"again\n"
    log.close()


@pytest.mark.parametrize("anew", [b"another text altogether\n", b"ONE\nTWO\n"])
def test_a_log_written_anew_is_found_out_at_any_size(path: Path, anew: bytes) -> None:
    log = PlainLog(path)
    with path.open("r+b") as writer:
        writer.truncate(0)
        writer.write(anew)
        writer.flush()
        # Coarse file times: the test may be faster than they are.
        os.utime(writer.fileno(), ns=(1, 1))
    assert log.look()
    assert [text(life) for life in log.lives] == [b"", anew]
    log.close()


def test_a_rotated_log_is_read_to_its_end(path: Path) -> None:
    log = PlainLog(path)
    with path.open("ab") as writer:
        path.rename(path.with_suffix(".1"))
        path.write_bytes(b"new\n")
        writer.write(b"three\n")
        writer.flush()
        assert log.look()
        writer.write(b"four\n")
    assert log.lives[0].refresh()
    assert [text(life) for life in log.lives] == [b"one\ntwo\nthree\nfour\n", b"new\n"]
    assert log.lives[1].why == "another file took its place"
    log.close()


def test_a_log_that_is_removed_stays_readable_and_its_return_is_seen(path: Path) -> None:
    log = PlainLog(path)
    path.unlink()
    assert log.look()
    assert "is not there any more" in log.trouble
    assert text(log.lives[0]) == b"one\ntwo\n"
    assert not log.look()
    path.write_bytes(b"back\n")
    assert log.look()
    assert (log.trouble, text(log.lives[-1])) == ("", b"back\n")
    log.close()


def test_a_pipe_in_the_place_of_a_log_is_told_and_waited_out(path: Path) -> None:
    log = PlainLog(path)
    path.unlink()
    os.mkfifo(path)
    assert log.look()
    assert "is a FIFO" in log.trouble
    assert text(log.lives[0]) == b"one\ntwo\n"
    log.close()


def test_a_log_rotated_for_ever_takes_few_descriptors_and_ends_with_words(path: Path) -> None:
    before = open_descriptors()
    log = PlainLog(path)
    for number in range(MAX_LIVES + 3):
        fresh = path.with_suffix(".new")
        fresh.write_bytes(b"%d\n" % number)
        fresh.rename(path)
        log.look()
        assert open_descriptors() - before <= MAX_OPEN + 1
    assert len(log.lives) == MAX_LIVES
    assert "open it again" in log.trouble
    log.close()
    assert open_descriptors() == before


def test_a_link_that_a_person_names_is_followed(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    assert text(PlainLog(link).lives[0]) == b"one\ntwo\n"


def test_what_is_no_file_is_refused_unopened_and_with_a_remedy(tmp_path: Path) -> None:
    before = open_descriptors()
    fifo, there = tmp_path / "fifo", tmp_path / "socket"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(there))
        for path, what, remedy in (
            (fifo, "is a FIFO", "cat it into a file"),
            (there, "is a socket", f"guestwatch watch NAME={there}"),
            (Path("/dev/null"), "is a device", "guestwatch watch NAME=/dev/null"),
            (tmp_path, "is a folder", "Name a file"),
        ):
            with pytest.raises(RecordingError, match=what) as refused:
                open_plain(path)
            assert remedy in refused.value.hint
    with pytest.raises(RecordingError, match="No such file"):
        open_plain(tmp_path / "nothing")
    with pytest.raises(RecordingError, match="null"):
        open_plain(Path("a\0b"))
    assert open_descriptors() == before


def test_what_may_not_be_read_is_told_with_a_remedy(path: Path) -> None:
    path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        with pytest.raises(RecordingError, match="Permission denied") as refused:
            open_plain(path)
    finally:
        if is_root:
            os.seteuid(0)
    assert "Ask its owner" in refused.value.hint


def test_a_compressed_segment_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "console.000000000000000.log.zst"
    pieces = [b"first\n" * 1000, b"second\n"]
    frames = [frame(piece) for piece in pieces]
    sizes = [(len(f), len(p)) for f, p in zip(frames, pieces, strict=True)]
    path.write_bytes(b"".join(frames) + seek_table(sizes))
    log = PlainLog(path)
    assert text(log.lives[0]) == b"".join(pieces)
    assert not log.look()
    log.close()


def test_what_was_compressed_as_one_piece_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "other.zst"
    path.write_bytes(compress(b"x" * 3_000_000))
    with pytest.raises(RecordingError, match="as one piece") as refused:
        PlainLog(path)
    assert "zstd -d" in refused.value.hint
