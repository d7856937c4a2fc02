"""Telnet's commands are taken out, the guest's bytes are not, however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.endpoints.iac import MAX_SUBNEGOTIATION_BYTES, QEMU_OPENING, TelnetDecoder

RFC_OPENING = b"\xff\xfd\x18"


def decoded(*pieces: bytes) -> bytes:
    decoder = TelnetDecoder()
    return b"".join([*map(decoder.decode, pieces), decoder.finish()])


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces, cut at `places` modulo its length."""
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


@pytest.mark.parametrize(
    ("sent", "guest"),
    [
        (b"login: ", b"login: "),
        (b"\xff\xfb\x01login: ", b"login: "),
        (b"a\xff\xfd\x18\xff\xfe\x01\xff\xfc\x01b", b"ab"),
        (b"a\xff\xf1b\xff\xf9c", b"abc"),
        (b"a\xff\xffb", b"a\xffb"),
        (b"\xff\xff\xff\xff", b"\xff\xff"),
        (b"a\xff\xfa\x18\x00xterm\xff\xf0b", b"ab"),
        (b"a\xff\xfa\x1f\xff\xff\xf0\xff\xf0b", b"ab"),
        (b"\xff\xfa\xff\xf0\xff\xfa\xff\xf0x", b"x"),
        (b"a\xffb", b"a\xffb"),
        (b"a\xff", b"a\xff"),
        (b"a\xff\xfb", b"a"),
        (b"\xff\xfb\x01\xff\xfb", b""),
        (b"CR\r\0NUL", b"CR\r\0NUL"),
        (b"", b""),
    ],
)
def test_command_is_taken_out_and_nothing_else(sent: bytes, guest: bytes) -> None:
    assert decoded(sent) == guest
    assert decoded(*(sent[at : at + 1] for at in range(len(sent)))) == guest


@given(st.binary(max_size=600))
@example(b"A\xffB\xff\xffC\xff\xfb\x01D\xff\xfaE\xff")
def test_guest_behind_qemus_opening_is_never_touched(guest: bytes) -> None:
    assert decoded(QEMU_OPENING + guest) == guest


@given(st.binary(max_size=600))
def test_what_a_server_escapes_comes_out_as_the_guest_printed_it(guest: bytes) -> None:
    assert decoded(RFC_OPENING + guest.replace(b"\xff", b"\xff\xff")) == guest


COMMANDS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"\xff", b"\xff\xff", b"\xff\xfa", b"\xff\xf0", b"\xff\xfb\x01", b"\xff\xf1"]),
    st.just(b"\xff\xfa" + b"x" * 300),
    st.just(QEMU_OPENING),
)


@given(st.lists(COMMANDS, max_size=12).map(b"".join), st.lists(st.integers(0, 4000), max_size=20))
def test_any_cut_of_the_stream_gives_the_same_bytes(sent: bytes, places: list[int]) -> None:
    assert decoded(*cut(sent, places)) == decoded(sent)


@given(st.lists(COMMANDS, max_size=12).map(b"".join))
def test_never_more_comes_out_than_went_in_and_little_is_held(sent: bytes) -> None:
    decoder = TelnetDecoder()
    given_out = 0
    for at in range(len(sent)):
        given_out += len(decoder.decode(sent[at : at + 1]))
        assert decoder.held < MAX_SUBNEGOTIATION_BYTES
    assert given_out + len(decoder.finish()) <= len(sent)


def test_subnegotiation_without_an_end_was_printed_by_the_guest() -> None:
    printed = b"\xff\xfa" + b"x" * 1000
    assert decoded(RFC_OPENING + printed) == printed
    short = b"\xff\xfa torn"
    assert decoded(RFC_OPENING + short) == short


def test_longest_subnegotiation_is_a_command_and_one_byte_more_is_not() -> None:
    fitting = b"\xff\xfa" + b"x" * (MAX_SUBNEGOTIATION_BYTES - 4) + b"\xff\xf0"
    assert decoded(fitting) == b""
    longer = b"\xff\xfa" + b"x" * (MAX_SUBNEGOTIATION_BYTES - 3) + b"\xff\xf0"
    # Its last two bytes are a command of their own by then.
    assert decoded(longer)[:MAX_SUBNEGOTIATION_BYTES] == longer[:MAX_SUBNEGOTIATION_BYTES]


@pytest.mark.parametrize(
    ("sent", "negotiated"),
    [
        (b"", False),
        (b"plain \xffx \xff\xff", False),
        (b"\xff\xfd\x18", True),
        (QEMU_OPENING[:3], False),
        (QEMU_OPENING[:-1], False),
        (QEMU_OPENING, True),
    ],
)
def test_negotiation_is_told_from_bytes_of_the_guest(sent: bytes, negotiated: bool) -> None:
    decoder = TelnetDecoder()
    decoder.decode(sent)
    assert decoder.has_negotiated is negotiated


def test_opening_that_only_begins_as_qemus_is_read_by_the_rfc() -> None:
    assert decoded(QEMU_OPENING[:9] + b"\xff\xfd\x18guest\xff\xff") == b"guest\xff"
    for size in range(len(QEMU_OPENING)):
        assert decoded(QEMU_OPENING[:size]) == (b"\xff" if size % 3 == 1 else b"")
