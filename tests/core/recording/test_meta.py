from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import boot_id
from core.errors import RecordingError
from core.recording import Meta, read_meta
from core.recording.meta import decode, encode
from core.sandboxes.model import SandboxSpec

from .made import begin, moment

Texts = st.text(max_size=100)
Moments = st.floats(0, 1e10, allow_nan=False)


@given(
    st.builds(
        Meta,
        id=Texts,
        name=Texts,
        family=Texts,
        hypervisor=Texts,
        pid=st.integers(0, 2**31),
        console=Texts,
        proxy_type=Texts,
        life=Texts,
        boot_id=Texts,
        started_wall=Moments,
        started_boot=Moments,
    )
)
def test_meta_data_are_ascii_and_are_read_back(meta: Meta) -> None:
    data = encode(meta)
    assert all(0x20 <= byte < 0x7F or byte == 0x0A for byte in data)
    assert decode(data) == meta


def test_a_name_that_is_no_unicode_is_kept() -> None:
    assert decode(encode(Meta(id="x", name="a\udcffb"))) == Meta(id="x", name="a\udcffb")


def test_an_endless_name_is_cut() -> None:
    assert len(encode(Meta(id="x", name="n" * 10_000_000))) < 64 * 1024


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"{",
        b"[]",
        b"{}",
        b'{"id": 5}',
        b'{"id": "x", "pid": "y"}',
        b'{"id": "x", "pid": ' + b"9" * 10_000 + b"}",
        b'{"id": "x", "started_wall": 1e999}',
        b'{"id": "x", "started_wall": NaN}',
        b'{"id": "x", "started_boot": -1}',
        b'{"id": "x", "started_wall": 1e300}',
        b'{"id": "x", "more": ' + b"[" * 50_000,
        b"[" * 50_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_meta_data_is_none(data: bytes) -> None:
    assert decode(data) is None


@given(st.binary(max_size=100))
def test_decoding_never_raises(noise: bytes) -> None:
    decode(noise)


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert decode(b'{"id": "x", "weather": {"wind": 5}}') == Meta(id="x")


def test_they_are_made_from_what_was_asked_for() -> None:
    spec = SandboxSpec(id="vm1", console="unix:/run/vm1.sock", family="qemu")
    meta = Meta.of(spec, life="a life", pid=812, at=moment(1))
    assert (meta.id, meta.name, meta.console) == ("vm1", "vm1", "unix:/run/vm1.sock")
    assert (meta.family, meta.pid, meta.life) == ("qemu", 812, "a life")
    assert meta.proxy_type == str(spec.proxy_type)
    assert meta.started == moment(1)
    assert meta.boot_id == boot_id() != ""
    assert Meta.of(spec, life="", family="kata", at=moment(1)).family == "kata"


def test_a_generation_says_who_it_is(tmp_path: Path) -> None:
    recorder = begin(tmp_path, at=2)
    recorder.close()
    meta = read_meta(recorder.folder)
    assert (meta.id, meta.name, meta.life) == ("vm1", "a name", "one")
    assert meta.started == moment(2)
    json.loads((recorder.folder / "meta.json").read_bytes())


def test_new_meta_data_keep_the_generations_beginning(tmp_path: Path) -> None:
    recorder = begin(tmp_path, at=2)
    recorder.update_meta(Meta(id="vm1", pid=77, life="other", started_wall=5.0, boot_id="z"))
    recorder.close()
    meta = read_meta(recorder.folder)
    assert (meta.pid, meta.life, meta.boot_id) == (77, "one", "this-boot")
    assert meta.started == moment(2)
    assert sorted(path.name for path in recorder.folder.iterdir()) == [
        "console.index",
        "console.log",
        "console.timing",
        "events.jsonl",
        "meta.json",
    ]


@pytest.mark.parametrize("data", [None, b"{}", b"x" * 100_000])
def test_reading_what_is_not_there_says_so(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "meta.json").write_bytes(data)
    with pytest.raises(RecordingError) as raised:
        read_meta(tmp_path)
    assert str(tmp_path / "meta.json") in str(raised.value)
