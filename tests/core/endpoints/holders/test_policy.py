"""Whether a console may be attached to, and what a person is told: pure."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.endpoints import parse_console_url
from core.endpoints.holders import (
    Chardev,
    Holder,
    Holding,
    Kind,
    Owner,
    Standing,
    judge,
)
from core.sandboxes.model import ConsoleState
from core.settings import Auto

SOCAT = Holder(123, "socat", 1, 0)
SHIM = Holder(124, "containerd-shim", 1, 0)


def holding(url: str = "unix:/c", kind: Kind = Kind.SOCKET, **facts: Any) -> Holding:  # noqa: ANN401 (its fields)
    return Holding(parse_console_url(url), kind, **facts)


QEMU = holding(family="qemu", is_listened=True)

HARMLESS = [
    holding("file:/c.log", Kind.FILE),
    holding("listen:/c", Kind.DIALED),
    holding("pty:/dev/pts/3", Kind.TERMINAL),
    QEMU,
    holding(family="qemu", owner=Owner.KATA),
    holding(family=""),
    holding(family="kata"),
    holding(kind=Kind.ABSENT),
    holding("tcp:127.0.0.1:4555", Kind.NETWORK),
]

HARMFUL = [
    holding("pty:/dev/pts/3", Kind.TERMINAL, holders=(SOCAT,)),
    holding("pty:/dev/pts/3", Kind.TERMINAL, is_known=False, hidden=3),
    holding("pty:/dev/pts/3", Kind.TERMINAL, owner=Owner.LIBVIRT),
    holding(family="qemu", holders=(SOCAT,)),
    holding(family="qemu", ahead=SOCAT, waiting=1),
    holding(family="qemu", owner=Owner.LIBVIRT),
    holding(family="qemu", owner=Owner.KATA_DEBUG),
    holding(family="qemu", chardev=Chardev(waits=True)),
    holding(family="qemu", is_known=False),
    holding(family="clh", holders=(SOCAT,)),
    holding(family="clh"),
    holding(family="kata", holders=(SOCAT,)),
    holding(family="", holders=(SOCAT,)),
    holding("tcp:192.0.2.1:4555", Kind.NETWORK),
    holding("hvsock:/clh.sock:1026", Kind.GUEST_PORT),
    holding("vsock:3:1026", Kind.GUEST_PORT),
    holding("vsock:3:1025", Kind.GUEST_PORT),
]


@pytest.mark.parametrize("found", HARMLESS)
def test_what_harms_nobody_is_attached_to_unasked(found: Holding) -> None:
    verdict = judge(found, Auto.SAFE)
    assert (verdict.may_attach, verdict.state) == (True, Standing.FREE)
    assert (verdict.reason, verdict.consequence) == ("", "")


@pytest.mark.parametrize("found", HARMFUL)
def test_whatever_may_harm_somebody_waits_for_a_yes_and_says_why(found: Holding) -> None:
    verdict = judge(found, Auto.SAFE)
    assert not verdict.may_attach
    assert verdict.state is not Standing.FREE
    assert verdict.reason
    assert verdict.consequence.endswith(".")
    assert (verdict.holder is None) == (verdict.state is Standing.NOT_WATCHED)


@pytest.mark.parametrize("found", HARMLESS)
def test_off_attaches_to_nothing_and_says_so(found: Holding) -> None:
    verdict = judge(found, Auto.OFF)
    assert (verdict.may_attach, verdict.state) == (False, Standing.NOT_WATCHED)
    assert "off" in verdict.reason
    assert verdict.can_take


@pytest.mark.parametrize("found", HARMFUL)
def test_off_still_says_who_has_it(found: Holding) -> None:
    safe = judge(found, Auto.SAFE)
    assert judge(found, Auto.OFF) == safe


@pytest.mark.parametrize("found", HARMLESS + HARMFUL)
def test_all_attaches_wherever_it_can_succeed(found: Holding) -> None:
    verdict = judge(found, Auto.ALL)
    is_dropped = found.family == "kata" and bool(found.holders)
    assert verdict.may_attach is not is_dropped
    assert verdict.can_take is not is_dropped


def test_reason_names_the_holder_and_those_who_wait() -> None:
    for waiting, text in [(0, ""), (1, "; 1 waits"), (2, "; 2 wait")]:
        found = holding(family="qemu", holders=(SOCAT,), waiting=waiting)
        assert judge(found, Auto.SAFE).reason == f"held by pid 123 (socat){text}"
    several = holding(family="", holders=(SOCAT, SHIM))
    assert judge(several, Auto.SAFE).reason == "held by pid 123 (socat) and 1 more"


def test_holder_without_a_process_says_how_to_see_it() -> None:
    found = holding(family="qemu", holders=(Holder(uid=7),))
    assert judge(found, Auto.SAFE).reason == (
        "held by another client of user 7 (its process cannot be seen;"
        " run guestwatch with sudo to see it)"
    )
    by_root = dataclasses.replace(found, as_root=True, holders=(Holder(),))
    assert judge(by_root, Auto.SAFE).reason == (
        "held by another client (its process cannot be seen; it runs elsewhere)"
    )


def test_each_vmm_has_words_of_its_own_for_the_second_client() -> None:
    def consequence(family: str, **facts: Any) -> str:  # noqa: ANN401 (fields)
        return judge(holding(family=family, holders=(SOCAT,), **facts), Auto.SAFE).consequence

    assert consequence("clh") == (
        "Taking it throws socat (pid 123) off: cloud-hypervisor serves one client and drops the"
        " old one."
    )
    assert consequence("qemu") == (
        "Attaching throws nobody off: it waits behind socat (pid 123), and is next, before whoever"
        " wants to come back."
    )
    assert consequence("qemu", waiting=2) == (
        "Attaching throws nobody off: it waits behind socat (pid 123) and 2 more, and is last in"
        " the queue."
    )
    assert "hangs up on every newcomer" in consequence("kata")
    assert "may throw socat (pid 123) off" in consequence("")


def test_kata_with_debug_on_sends_to_the_journal() -> None:
    held = holding(family="qemu", owner=Owner.KATA_DEBUG, holders=(SHIM,))
    assert "journalctl -t kata" in judge(held, Auto.SAFE).remedy
    assert "journalctl -t kata" in judge(dataclasses.replace(held, holders=()), Auto.SAFE).remedy
    # A debug switch that the command line does not show.
    hidden = holding(family="qemu", owner=Owner.KATA, holders=(SHIM,))
    assert "journalctl -t kata" in judge(hidden, Auto.SAFE).remedy


def test_log_that_qemu_writes_is_offered_instead() -> None:
    found = holding(family="qemu", holders=(SOCAT,), chardev=Chardev(logfile="/l"))
    assert judge(found, Auto.SAFE).remedy.endswith("watch file:/l")


def test_mux_is_noted() -> None:
    found = holding(family="qemu", chardev=Chardev(is_mux=True))
    verdict = judge(found, Auto.SAFE)
    assert verdict.may_attach
    assert "^A" in verdict.note


def test_states_are_those_that_capture_shows() -> None:
    assert ConsoleState(Standing.HELD) is ConsoleState.HELD
    assert ConsoleState(Standing.NOT_WATCHED) is ConsoleState.NOT_WATCHED


HOLDERS = st.builds(
    Holder, st.integers(0, 2**22), st.text(max_size=20), st.integers(0), st.none() | st.integers(0)
)


@given(
    url=st.sampled_from(["unix:/c", "pty:/dev/pts/1", "tcp:192.0.2.1:1", "vsock:3:1026"]),
    kind=st.sampled_from(Kind),
    auto=st.sampled_from(Auto),
    is_known=st.booleans(),
    family=st.sampled_from(["", "qemu", "clh", "kata", "firecracker", "x"]),
    owner=st.sampled_from(Owner),
    chardev=st.none() | st.builds(Chardev, waits=st.booleans(), is_mux=st.booleans()),
    holders=st.lists(HOLDERS, max_size=3).map(tuple),
    waiting=st.integers(0, 3),
)
def test_whatever_is_not_attached_to_says_why_and_names_no_free_holder(
    url: str,
    kind: Kind,
    auto: Auto,
    **facts: Any,  # noqa: ANN401 (a holding's fields)
) -> None:
    found = holding(url, kind, **facts)
    verdict = judge(found, auto)
    if not verdict.may_attach:
        assert verdict.reason
        assert verdict.state is not Standing.FREE
    if verdict.state is Standing.HELD:
        assert verdict.holder == found.holder
    if auto is Auto.OFF:
        assert not verdict.may_attach
    if verdict.may_attach and auto is Auto.SAFE and kind in (Kind.SOCKET, Kind.TERMINAL):
        assert not found.holders
        assert found.is_known
