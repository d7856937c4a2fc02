"""What a QEMU was told of its consoles and monitors, by its command line.

A command line is a process's own words: hostile, and not all of what it does (a
chardev may be added or changed over the monitor). Nothing here touches the system.

Options are lists of `key=value` with commas between; a comma in a value is doubled.
A key alone is a switch: `server`, `nowait`.

Sources: qemu(1) on -chardev, -serial, -mon; util/qemu-option.c (get_opt_value),
chardev/char.c (qemu_chr_parse_compat); Kata's src/runtime/virtcontainers/
qemu_arch_base.go (kernel parameters); libvirt's src/qemu/qemu_command.c.
"""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

MAX_ARGUMENTS = 8192

_ON = frozenset({"on", "yes", "true", "y"})

_SERIALS = frozenset({"serial", "parallel", "virtioconsole", "debugcon"})
_MONITORS = frozenset({"qmp", "qmp-pretty"})
_FIELD = re.compile(r"((?:[^,]|,,)*)(?:,|$)")

_KATA_FOLDERS = ("/run/vc/", "/run/kata/")
_KATA_DEBUG = frozenset({"debug", "systemd.show_status=true", "systemd.log_level=debug"})


class Owner(enum.StrEnum):
    """Who runs a VM, when it is not simply a person."""

    NOBODY = ""
    LIBVIRT = "libvirt"
    KATA = "kata"
    KATA_DEBUG = "kata with debug on"


@dataclass(frozen=True, slots=True)
class Chardev:
    """One character device backend of a QEMU.

    Attributes:
        id: as the command line or the monitor names it; may be empty.
        backend: socket, pty, file, …
        path: of its unix socket, verbatim as QEMU was told; empty for another kind.
        port: of its TCP socket, as text; empty for another kind.
        is_server: it listens; else it dials.
        waits: the guest does not start before a client came (`wait=on`).
        is_mux: several frontends share it: a typed 0x01 is a command.
        reconnects: a dialing one dials again.
        logfile: where QEMU writes all of it as well.
        is_qmp: a QMP monitor is on it.
    """

    id: str = ""
    backend: str = ""
    path: str = ""
    port: str = ""
    is_server: bool = False
    waits: bool = False
    is_mux: bool = False
    reconnects: bool = False
    logfile: str = ""
    is_qmp: bool = False


@dataclass(frozen=True, slots=True)
class QemuLine:
    """What a QEMU's command line tells."""

    chardevs: tuple[Chardev, ...] = ()
    owner: Owner = Owner.NOBODY

    @property
    def monitors(self) -> tuple[Chardev, ...]:
        """The QMP monitors that listen on a unix socket."""
        return tuple(c for c in self.chardevs if c.is_qmp and c.is_server and c.path)

    def at(self, *paths: str) -> Chardev | None:
        """The listening chardev whose socket is at one of these paths, as QEMU was told it."""
        for chardev in self.chardevs:
            if chardev.is_server and chardev.path and chardev.path in paths:
                return chardev
        return None


def parse_options(text: str) -> dict[str, str]:
    """The options in `text`: `socket,id=a,path=/x,,y,nowait`.

    The first one, when it is a value alone, is under the empty key. A switch alone is
    `on`, one that begins with `no` is `off`. The last of two wins, as in QEMU.
    """
    options: dict[str, str] = {}
    for number, match in enumerate(_FIELD.finditer(text)):
        field = match[1]
        key, equals, value = field.partition("=")
        if equals and "," not in key:
            options[key] = value.replace(",,", ",")
        elif number == 0:
            options[""] = field.replace(",,", ",")
        elif key.startswith("no"):
            options[key[2:]] = "off"
        elif key:
            options[key] = "on"
    return options


def parse_qemu(argv: Sequence[str]) -> QemuLine:
    """What `argv`, a QEMU's command line, tells; never fails."""
    chardevs: dict[str, Chardev] = {}
    qmp: set[str] = set()
    shared: list[str] = []
    words = list(argv[1 : MAX_ARGUMENTS + 1])
    for word, value in itertools.pairwise(words):
        option = word.removeprefix("-").removeprefix("-") if word.startswith("-") else ""
        name = f"?{len(chardevs)}"
        if option == "chardev":
            chardev = _chardev(parse_options(value))
            chardevs[chardev.id or name] = chardev
        elif option == "mon":
            options = parse_options(value)
            target = options.get("chardev") or options.get("", "")
            if options.get("mode") == "control":
                qmp.add(target)
            shared.append(target)
        elif option in _SERIALS or option in _MONITORS or option == "monitor":
            is_qmp = option in _MONITORS
            if value.startswith("chardev:"):
                target = value.removeprefix("chardev:")
                if is_qmp:
                    qmp.add(target)
                shared.append(target)
            else:
                chardevs[name] = replace(_legacy(value), is_qmp=is_qmp)
    found = (
        replace(chardev, is_qmp=True) if name in qmp else chardev
        for name, chardev in chardevs.items()
    )
    return QemuLine(tuple(found), _owner(words, chardevs))


def _chardev(options: dict[str, str]) -> Chardev:
    is_server = _is_on(options, "server")
    # Both are seconds or milliseconds; 0 is never.
    again = options.get("reconnect", options.get("reconnect-ms", "0"))
    backend = options.get("", options.get("backend", ""))
    return Chardev(
        id=options.get("id", ""),
        backend=backend,
        path=options.get("path", "") if backend == "socket" else "",
        port=options.get("port", "") if backend == "socket" else "",
        is_server=is_server,
        # A server waits unless it is told not to.
        waits=is_server and _is_on(options, "wait", otherwise=True),
        is_mux=_is_on(options, "mux"),
        reconnects=not is_server and again.strip("0") != "",
        logfile=options.get("logfile", ""),
    )


def _legacy(text: str) -> Chardev:
    """A backend as -serial and -qmp take it: `unix:/x,server,nowait`, `mon:pty`, …"""
    with_monitor = text.startswith("mon:")
    scheme, _, rest = text.removeprefix("mon:").partition(":")
    options = parse_options(rest)
    first = options.pop("", "")
    if scheme == "unix":
        options |= {"": "socket", "path": first}
    elif scheme in ("tcp", "telnet", "websocket"):
        options |= {"": "socket", "port": first.rpartition(":")[2]}
    else:
        options |= {"": scheme.partition(",")[0]}
    chardev = _chardev(options)
    return replace(chardev, is_mux=True) if with_monitor else chardev


def _is_on(options: dict[str, str], key: str, *, otherwise: bool = False) -> bool:
    return options[key] in _ON if key in options else otherwise


def _owner(words: Sequence[str], chardevs: dict[str, Chardev]) -> Owner:
    if "charmonitor" in chardevs or any("/libvirt/qemu/" in word for word in words):
        return Owner.LIBVIRT
    is_named = any(
        option in ("-name", "--name") and value.startswith("sandbox-")
        for option, value in itertools.pairwise(words)
    )
    is_there = any(chardev.path.startswith(_KATA_FOLDERS) for chardev in chardevs.values())
    if not is_there and not (is_named and "charconsole0" in chardevs):
        return Owner.NOBODY
    for option, value in itertools.pairwise(words):
        if option in ("-append", "--append") and not _KATA_DEBUG.isdisjoint(value.split()):
            return Owner.KATA_DEBUG
    return Owner.KATA
