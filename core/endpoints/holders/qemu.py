"""What a QEMU's own words add to a look: its command line, and its monitor when it is free."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from core.endpoints.holders.clients import clients_elsewhere
from core.endpoints.holders.cmdline import Owner, QemuLine, parse_qemu
from core.endpoints.holders.model import Holder, Holding
from core.endpoints.holders.monitor import query_chardev
from core.endpoints.holders.procfs import Process, command_line, owner_uid, pids, process
from core.sandboxes.vmm import family_of

QEMU = "qemu"
"""The family, as `core.sandboxes.vmm` names it."""

_MAX_PATH_TRIES = 64
"""How many VMMs' command lines are read to find whose socket this is."""


def with_qemu(
    holding: Holding,
    server: Process,
    names: set[str],
    found: os.stat_result,
    *,
    may_ask: bool,
) -> Holding:
    """The same with what a QEMU's command line and its monitor say."""
    line = parse_qemu(command_line(server.pid))
    if holding.is_listened is None:
        holding = _with_elsewhere(holding, server, line, found)
    names |= {c.path for c in line.chardevs if c.path and _leads_to(server.pid, c.path, found)}
    chardev = line.at(*names)
    if chardev is not None and chardev.logfile:
        chardev = replace(chardev, logfile=_absolute(server.pid, chardev.logfile))
    holding = replace(holding, owner=line.owner, chardev=chardev)
    # One that waits for its first client answers nobody.
    is_waiting = holding.chardev is not None and holding.chardev.waits
    is_ours_to_ask = may_ask and holding.holder is None and line.owner is Owner.NOBODY
    if is_ours_to_ask and not is_waiting:
        attached = _ask(line, server, names)
        if attached is not None:
            nobody: tuple[Holder, ...] = ()
            holders = (Holder(),) if attached else nobody
            return replace(holding, is_known=True, holders=holders, monitor=attached)
    return holding


def qemu_serving(found: os.stat_result) -> Process | None:
    """The QEMU that was told to serve the socket, by its own words.

    For one whose descriptors we may not see, or that is in another network namespace.
    """
    tries = 0
    for pid in pids():
        if family_of(pid) != QEMU:
            continue
        tries += 1
        if tries > _MAX_PATH_TRIES:
            break
        line = parse_qemu(command_line(pid))
        if any(c.is_server and c.path and _leads_to(pid, c.path, found) for c in line.chardevs):
            return process(pid)
    return None


def _leads_to(pid: int, path: str, found: os.stat_result) -> bool:
    """Whether what process `pid` calls `path` is the file that was `found`."""
    try:
        there = os.stat(_seen_from_here(pid, path), follow_symlinks=False)  # noqa: PTH116
    except (OSError, ValueError):
        return False
    return (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino)


def _absolute(pid: int, path: str) -> str:
    """What process `pid` calls `path`, from the root on where its working folder may be seen."""
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink() / path)
    except OSError:
        return path


def _seen_from_here(pid: int, path: str) -> str:
    """What process `pid` calls `path`, as a path of ours.

    By its own root and working folder where they may be seen.
    """
    inside = f"/proc/{pid}/root{path}" if path.startswith("/") else f"/proc/{pid}/cwd/{path}"
    return inside if os.path.lexists(inside) else path


def _with_elsewhere(
    holding: Holding, server: Process, line: QemuLine, found: os.stat_result
) -> Holding:
    """The same with those who are on the socket in the VMM's network namespace."""
    for chardev in line.chardevs:
        if not chardev.is_server or not _leads_to(server.pid, chardev.path, found):
            continue
        there = clients_elsewhere(server.pid, chardev.path)
        if there is not None and there.is_only_bound:
            # Looked at between bind and listen: nobody can be on it.
            return replace(holding, is_listened=False)
        if there is None or not there.is_listened:
            return replace(holding, is_known=False)
        holders = holding.holders + (Holder(),) * there.connections
        return replace(holding, is_listened=True, holders=holders)
    return holding


def _ask(line: QemuLine, server: Process, names: Iterable[str]) -> bool | None:
    """Whether a client is attached, by the word of the first monitor that gives it."""
    uid = owner_uid(server.pid)
    if uid is None:
        return None
    for monitor in line.monitors[:1]:
        backends = query_chardev(_seen_from_here(server.pid, monitor.path), vmm_uid=uid)
        for backend in backends or ():
            if any(backend.is_at(name) for name in names):
                return backend.is_attached
    return None
