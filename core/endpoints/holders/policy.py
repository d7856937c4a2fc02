"""Whether a console may be attached to unasked, and what it would do to others. Pure.

What a second client does differs (VMM by VMM, measured or read in the source):

    QEMU                 waits in the queue, and is served when the first one leaves
    cloud-hypervisor     is served, and the first one is thrown off
    Dragonball           is hung up on at once
    a terminal           takes bytes from the first one
    the guest's vsock    gets a shell of its own, which dies with its connection

so each has words of its own. `Auto.SAFE` attaches where nobody is hurt, `Auto.ALL`
everywhere, except where it cannot succeed; `Auto.OFF` nowhere.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from core.endpoints.holders.cmdline import Owner
from core.endpoints.holders.model import Holder, Holding, Kind
from core.settings import Auto

_DEBUG_CONSOLE_PORT = 1026
"""Kata's agent gives a shell there."""

_SERVERS = {
    "qemu": "QEMU",
    "clh": "cloud-hypervisor",
    "kata": "Dragonball",
    "dragonball": "Dragonball",
    "firecracker": "Firecracker",
    "stratovirt": "StratoVirt",
    "crosvm": "crosvm",
    "kvmtool": "kvmtool",
}
"""A shim that listens itself holds its VMM: that is Dragonball."""

_KICKS = "cloud-hypervisor"
_DROPS = "Dragonball"

_JOURNAL = (
    "Kata's runtime reads it with debug on: its lines are in the journal (journalctl -t kata,"
    " vmconsole=; with the Rust runtime: vm console:)."
)


class Standing(enum.StrEnum):
    """How a console stands before it is touched; the values are those of `ConsoleState`."""

    FREE = "free"
    HELD = "held"
    NOT_WATCHED = "not watched"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about a console. All texts may hold others' names: hostile.

    Attributes:
        may_attach: whether capture attaches without asking.
        state: how the console stands; what it is shown as unless it is attached to.
        holder: who has it, or is next in its queue.
        reason: why it is not attached to, in a few words.
        consequence: what attaching does to others, in a sentence for a dialog; empty
            when it hurts nobody.
        remedy: what a person can do instead.
        can_take: whether a person's yes can attach it at all.
        note: what to know of the bytes that come, once attached.
    """

    may_attach: bool = True
    state: Standing = Standing.FREE
    holder: Holder | None = None
    reason: str = ""
    consequence: str = ""
    remedy: str = ""
    can_take: bool = True
    note: str = ""


_HARMLESS = Verdict()


def judge(holding: Holding, auto: Auto) -> Verdict:
    """What to do about a console of which `holding` was found, when `auto` is wished."""
    verdict = _judge_kind(holding)
    match auto:
        case Auto.SAFE:
            return verdict
        case Auto.ALL:
            return replace(verdict, may_attach=verdict.can_take)
        case Auto.OFF if verdict.state is Standing.FREE:
            return replace(
                verdict,
                may_attach=False,
                state=Standing.NOT_WATCHED,
                reason="attaching without being asked is off (auto)",
            )
        case Auto.OFF:
            return replace(verdict, may_attach=False)


def _judge_kind(holding: Holding) -> Verdict:
    match holding.kind:
        case Kind.ABSENT | Kind.FILE | Kind.DIALED | Kind.OTHER:
            return _HARMLESS
        case Kind.GUEST_PORT:
            return _judge_guest_port(holding)
        case Kind.TERMINAL:
            return _judge_terminal(holding)
        case Kind.NETWORK if not holding.url.is_local:
            return _not_unasked(
                "it is on another machine",
                consequence=f"All that the guest prints, and all that is typed, would go over the"
                f" network to {holding.url.address} in plain text.",
                remedy="An SSH tunnel to a port of this machine keeps it private.",
            )
        case Kind.SOCKET | Kind.NETWORK:
            return _judge_server(holding)


def _judge_guest_port(holding: Holding) -> Verdict:
    if holding.url.port == _DEBUG_CONSOLE_PORT:
        return _not_unasked(
            "it is a debug console: attaching starts a shell in the guest",
            consequence="Attaching starts a shell in the guest; letting go kills that shell and"
            " what runs in it.",
        )
    return _not_unasked(
        "attaching connects to a program in the guest",
        consequence=f"Attaching connects to whatever listens on port {holding.url.port} in the"
        " guest, which may be meant for somebody else.",
    )


def _judge_terminal(holding: Holding) -> Verdict:
    if holding.holders:
        who = _names(holding)
        return _held(
            holding,
            consequence=f"Readers of a terminal take bytes from each other: {who} and this"
            " recording would each miss some.",
            remedy="Close the other reader first.",
            note=f"another reader takes some of the bytes: {who}",
        )
    if holding.owner is Owner.LIBVIRT:
        return _libvirt()
    if not holding.is_known:
        return _not_unasked(
            "it cannot be seen whether somebody reads it"
            + (f": {holding.hidden} processes are hidden from us" if holding.hidden else ""),
            consequence="If somebody reads this terminal, they and this recording would each miss"
            " some of the bytes.",
            remedy="Run guestwatch with sudo to see who has it open.",
            note="another reader, if there is one, takes some of the bytes",
        )
    if holding.hidden:
        return replace(
            _HARMLESS,
            note=f"{holding.hidden} processes cannot be looked into: one that reads this terminal"
            " takes some of the bytes",
        )
    return _HARMLESS


def _judge_server(holding: Holding) -> Verdict:
    server = _SERVERS.get(holding.family, "")
    if holding.holder is not None:
        return _judge_held_server(holding, server)
    if not holding.is_known:
        return _not_unasked(
            "the kernel does not tell who has it",
            consequence="If another client has this console, attaching may throw it off, or wait"
            " behind it.",
            remedy="Check that nobody uses it, then take it.",
        )
    if holding.owner is Owner.LIBVIRT:
        return _libvirt()
    if holding.owner is Owner.KATA_DEBUG:
        return _not_unasked(
            "Kata's runtime reads it: debug is on",
            consequence="Attaching takes the console's only place from Kata's runtime, and its"
            " lines would no longer be in the journal.",
            remedy=_JOURNAL,
        )
    if holding.chardev is not None and holding.chardev.waits:
        return _not_unasked(
            "QEMU waits for its first client (wait=on)",
            consequence="Attaching may start the VM: with wait=on it stands still until somebody"
            " connects.",
            remedy="Start QEMU with wait=off to have it run by itself.",
        )
    if server == _KICKS:
        return _not_unasked(
            "cloud-hypervisor gives what was printed so far only once",
            consequence="Attaching takes what the guest printed so far (up to 1 MiB): no other"
            " client gets it again. It is recorded here.",
        )
    return replace(_HARMLESS, note=_note(holding))


def _judge_held_server(holding: Holding, server: str) -> Verdict:
    who = _names(holding)
    if server == _KICKS:
        return _held(
            holding,
            consequence=f"Taking it throws {who} off: cloud-hypervisor serves one client and"
            " drops the old one.",
            remedy="Close the other client first.",
        )
    if server == _DROPS:
        return replace(
            _held(
                holding,
                consequence="Dragonball serves one client and hangs up on every newcomer.",
                remedy=f"Close the other client first. {_JOURNAL}",
            ),
            can_take=False,
        )
    behind = f" and {holding.waiting} more" if holding.holders and holding.waiting else ""
    next_up = "last in the queue" if behind else "next, before whoever wants to come back"
    if server == _SERVERS["qemu"]:
        return _held(
            holding,
            consequence=f"Attaching throws nobody off: it waits behind {who}{behind}, and is"
            f" {next_up}.",
            remedy=_remedy(holding),
            note=_note(holding),
        )
    return _held(
        holding,
        consequence=f"It is unknown who serves this console: attaching may throw {who} off, be"
        " hung up on, or wait.",
        remedy=_remedy(holding),
    )


def _libvirt() -> Verdict:
    return _not_unasked(
        "libvirt runs this VM",
        consequence="While this is attached virsh console and libvirt's own clients get nothing"
        " from this console.",
        remedy="virsh console shows it; with virtlogd its log is in /var/log/libvirt/qemu.",
    )


def _held(holding: Holding, *, consequence: str, remedy: str, note: str = "") -> Verdict:
    is_ahead = not holding.holders
    return Verdict(
        may_attach=False,
        state=Standing.HELD,
        holder=holding.holder,
        reason=f"{_who(holding)} waits for it already" if is_ahead else _held_by(holding),
        consequence=consequence,
        remedy=remedy,
        note=note,
    )


def _not_unasked(reason: str, *, consequence: str, remedy: str = "", note: str = "") -> Verdict:
    return Verdict(
        may_attach=False,
        state=Standing.NOT_WATCHED,
        reason=reason,
        consequence=consequence,
        remedy=remedy,
        note=note,
    )


def _held_by(holding: Holding) -> str:
    more = len(holding.holders) - 1
    waiting = f"; {holding.waiting} wait" if holding.waiting > 1 else ""
    waiting = "; 1 waits" if holding.waiting == 1 else waiting
    return f"held by {_who(holding)}{f' and {more} more' if more else ''}{waiting}"


def _who(holding: Holding) -> str:
    """Who has it, for a reason: `pid 12 (socat)`."""
    holder = holding.holder
    if holder is None or holder.pid:
        return str(holder)
    hint = "it runs elsewhere" if holding.as_root else "run guestwatch with sudo to see it"
    return f"{holder} (its process cannot be seen; {hint})"


def _names(holding: Holding) -> str:
    """Who has it, for the middle of a sentence: `socat (pid 12)`."""
    holder = holding.holder
    if holder is None or not holder.pid:
        return "another client"
    return f"{holder.name} (pid {holder.pid})" if holder.name else f"pid {holder.pid}"


def _remedy(holding: Holding) -> str:
    if holding.owner is Owner.KATA_DEBUG or _is_shim(holding.holder):
        return _JOURNAL
    remedy = "Close the other client."
    if holding.chardev is not None and holding.chardev.logfile:
        remedy += f" QEMU also writes all of it to a file: watch file:{holding.chardev.logfile}"
    return remedy


def _is_shim(holder: Holder | None) -> bool:
    return holder is not None and holder.name.startswith("containerd-shim")


def _note(holding: Holding) -> str:
    if holding.chardev is not None and holding.chardev.is_mux:
        return "QEMU's monitor is on this console as well: a typed ^A is a command to it"
    return ""
