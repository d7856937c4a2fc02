"""How a dashboard was left: what is kept, and that nothing of it can do harm."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SessionError
from core.session import (
    EMPTY,
    MAX_BYTES,
    MAX_SANDBOXES,
    NAME,
    VERSION,
    Session,
    Value,
    load_session,
    save_session,
)

VALUES = st.one_of(
    st.booleans(),
    st.integers(-(1 << 53), 1 << 53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=5),
)
RECORDS = st.dictionaries(st.sampled_from(["gutter", "raw", "top", "search"]), VALUES)
SESSIONS = st.builds(
    Session,
    theme=st.sampled_from(["", "light"]),
    selected=st.sampled_from(["", "vm1"]),
    layout=RECORDS,
    sandboxes=st.dictionaries(st.sampled_from(["a", "b", "c"]), RECORDS),
)


@given(SESSIONS)
def test_what_is_written_is_read(session: Session) -> None:
    with tempfile.TemporaryDirectory() as folder:
        save_session(Path(folder, "state"), session)
        assert load_session(Path(folder, "state")) == (session, "")


def test_nothing_was_left_before_the_first_time(tmp_path: Path) -> None:
    assert load_session(tmp_path / "none") == (EMPTY, "")
    assert load_session(tmp_path) == (EMPTY, "")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_it_is_its_users_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        save_session(tmp_path / "a" / "state", Session(selected="vm1"))
        save_session(tmp_path / "a" / "state", Session(selected="vm2"))
    finally:
        os.umask(before)
    path = tmp_path / "a" / "state" / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_session(path.parent).session.selected == "vm2"
    assert [each.name for each in path.parent.iterdir()] == [NAME]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is damaged"),
        (b"{", "is damaged"),
        (b"[]", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b'{"version":1,"selected":3}', "is damaged"),
        (b'{"version":1,"sandboxes":{"a":{"x":{"y":1}}}}', "is damaged"),
        (b'{"version":2}', "of version 2, not 1"),
        (b'{"version":0}', "of version 0"),
        (b" " * (MAX_BYTES + 1), "too large"),
    ],
)
def test_what_cannot_be_used_is_told_and_left_alone(tmp_path: Path, raw: bytes, words: str) -> None:
    (tmp_path / NAME).write_bytes(raw)
    session, trouble = load_session(tmp_path)
    assert session == EMPTY
    assert trouble.startswith(f"{tmp_path / NAME} is not heeded: ")
    assert words in trouble
    save_session(tmp_path, Session(selected="vm1"))
    assert load_session(tmp_path).session.selected == "vm1"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_session_or_an_empty_one(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, NAME).write_bytes(raw)
        session, trouble = load_session(Path(folder))
        assert session == EMPTY or not trouble


def test_what_a_later_version_added_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps({"version": VERSION, "selected": "a", "new": [1]}))
    assert load_session(tmp_path).session.selected == "a"


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_what_others_may_write_is_not_heeded(tmp_path: Path, mode: int) -> None:
    save_session(tmp_path, Session(selected="vm1"))
    (tmp_path / NAME).chmod(mode)
    session, trouble = load_session(tmp_path)
    assert session == EMPTY
    assert "others may write it" in trouble


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")
def test_another_users_is_not_heeded(tmp_path: Path) -> None:
    save_session(tmp_path, Session(selected="vm1"))
    os.chown(tmp_path / NAME, 65534, 65534)
    assert "another user's" in load_session(tmp_path).trouble


def test_a_planted_link_or_pipe_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text('{"version":1,"selected":"vm1"}')
    for plant in (lambda path: path.symlink_to(target), os.mkfifo, Path.mkdir):
        state = tmp_path / f"state{len(list(tmp_path.iterdir()))}"
        state.mkdir(mode=0o700)
        plant(state / NAME)
        session, trouble = load_session(state)
        assert session == EMPTY
        assert "no plain file" in trouble
        with pytest.raises(SessionError, match="Cannot remember"):
            save_session(state, Session(selected="vm2"))
    assert "vm1" in target.read_text()


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(SessionError, match="Cannot remember how the dashboard was left"):
        save_session(tmp_path / "state", EMPTY)


def test_it_stays_small_and_keeps_what_was_looked_at_last(tmp_path: Path) -> None:
    texts: Value = ["x" * 1000] * 10
    many = {f"vm{n}": {f"field{k}": texts for k in range(50)} for n in range(MAX_SANDBOXES + 50)}
    save_session(tmp_path, Session(sandboxes=many, selected="y" * 5000))
    assert (tmp_path / NAME).stat().st_size <= MAX_BYTES
    session = load_session(tmp_path).session
    assert len(session.selected) == 1000
    assert f"vm{MAX_SANDBOXES + 49}" in session.sandboxes
    assert "vm0" not in session.sandboxes


def test_even_the_largest_record_leaves_the_rest(tmp_path: Path) -> None:
    emoji: Value = ["\U0001f600" * 1000] * 20
    layout = {f"field{k}": emoji for k in range(24)}
    wide = Session(theme="light", layout=layout, sandboxes={"a": layout, "b": layout})
    save_session(tmp_path, wide)
    assert load_session(tmp_path).session == Session(theme="light")


def test_texts_that_are_none_do_not_stop_it(tmp_path: Path) -> None:
    odd: dict[str, Value] = {
        "search": "a\udcffb",
        "n": 1 << 70,
        "f": float("nan"),
    }
    save_session(tmp_path, Session(layout=odd))
    assert load_session(tmp_path).session.layout == {"search": "a?b", "n": 1 << 53, "f": 0.0}


def test_a_hostile_file_is_cut_to_size_too(tmp_path: Path) -> None:
    raw = msgspec.json.encode({"version": 1, "layout": {"a": "x" * 9000}})
    (tmp_path / NAME).write_bytes(raw)
    assert load_session(tmp_path).session.layout == {"a": "x" * 1000}


def test_the_last_one_wins(tmp_path: Path) -> None:
    for selected in ("a", "b", "a"):
        save_session(tmp_path, Session(selected=selected))
    assert load_session(tmp_path).session.selected == "a"
