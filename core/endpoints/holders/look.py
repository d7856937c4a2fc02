"""One look at a console: who serves it, who has it, who waits. Blocks: for a thread."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from core.endpoints.holders.clients import Clients, clients_of
from core.endpoints.holders.cmdline import Owner, QemuLine, parse_qemu
from core.endpoints.holders.inet import clients_of_port
from core.endpoints.holders.locks import LOCKS, flock_holders, uucp_holder
from core.endpoints.holders.model import Evidence, Holder, Holding, Kind
from core.endpoints.holders.procfs import (
    Opener,
    Process,
    SocketOwners,
    command_line,
    is_open_in,
    openers,
    socket_owners,
)
from core.endpoints.holders.qemu import QEMU, qemu_serving, with_qemu
from core.endpoints.sock_diag import UnixSocket, unix_socket, unix_sockets
from core.endpoints.url import ConsoleUrl, Scheme
from core.sandboxes.vmm import family_of

_KINDS = {
    Scheme.FILE: Kind.FILE,
    Scheme.LISTEN: Kind.DIALED,
    Scheme.HVSOCK: Kind.GUEST_PORT,
    Scheme.VSOCK: Kind.GUEST_PORT,
    Scheme.TCP: Kind.NETWORK,
    Scheme.TELNET: Kind.NETWORK,
}


def look(
    url: ConsoleUrl,
    *,
    ours: Collection[int] = (),
    ask_monitor: bool = True,
    lock_folder: str = LOCKS,
) -> Holding:
    """What there is to know of the console at `url` without touching it.

    Blocks: for 2 ms to 10 ms as a rule; with very many processes for `MAX_SCAN_S`
    (`MAX_OPENERS_S` for a terminal); for `ANSWER_S` more where a QEMU's monitor hangs.

    Args:
        ours: pids whose connections are never a holder's, beside our own.
        ask_monitor: whether a QEMU's free monitor may be asked, when nobody seems to
            have the console.
        lock_folder: where UUCP locks are.

    Raises:
        OSError: this process has no descriptor left to look with.
    """
    (found,) = look_all([url], ours=ours, ask_monitor=ask_monitor, lock_folder=lock_folder)
    return found


def look_all(
    urls: Sequence[ConsoleUrl],
    *,
    ours: Collection[int] = (),
    ask_monitor: bool = True,
    lock_folder: str = LOCKS,
) -> list[Holding]:
    """What `look` says of each of these consoles, in order, at the price of few looks.

    Those on unix sockets share one look at the kernel's table and one at all processes:
    a thousand of them together take some 0.2 s instead of 40 s.

    Args:
        urls: the consoles'.
        ours, ask_monitor, lock_folder: as for `look`.

    Raises:
        OSError: this process has no descriptor left to look with.
    """
    ours = frozenset({*ours, os.getpid()})
    files = [_file_at(url) for url in urls]
    on_sockets = [
        (url, found)
        for url, found in zip(urls, files, strict=True)
        if found is not None and stat.S_ISSOCK(found.st_mode)
    ]
    seen = _see(on_sockets, ours) if on_sockets else None
    holdings = []
    for url, found in zip(urls, files, strict=True):
        if found is not None and seen is not None and stat.S_ISSOCK(found.st_mode):
            holdings.append(_look_at_socket(url, found, seen, ours, ask_monitor=ask_monitor))
        elif found is not None and stat.S_ISCHR(found.st_mode):
            holdings.append(_look_at_terminal(url, found, ours, lock_folder))
        else:
            holdings.append(_look_elsewhere(url, found, ours))
    return holdings


def _file_at(url: ConsoleUrl) -> os.stat_result | None:
    """What is at a console's path; None where nothing is, or it has none."""
    if url.scheme in _KINDS:
        return None
    try:
        follows = url.is_bare or url.scheme is Scheme.PTY
        return os.stat(url.path, follow_symlinks=follows)  # noqa: PTH116 (verbatim path)
    except (OSError, ValueError):
        return None


def _look_elsewhere(
    url: ConsoleUrl, found: os.stat_result | None, ours: Collection[int]
) -> Holding:
    """A console that is neither a unix socket nor a terminal."""
    kind = _KINDS.get(url.scheme)
    if kind is Kind.NETWORK:
        return _look_at_port(url, ours)
    if kind is not None:
        return Holding(url, kind)
    if found is None:
        return Holding(url, Kind.ABSENT)
    return Holding(url, Kind.FILE if stat.S_ISREG(found.st_mode) else Kind.OTHER)


def is_still_held(holding: Holding) -> bool | None:
    """Whether those that `look` found still have the console, or wait for it.

    Costs 20 µs a holder: asks for the very connections and descriptors that were found.
    False says that it is worth another `look`: a client may have come that it knows not.
    None when there is no cheap way to tell: look again, and not too often. A connection
    of our own that waits in the queue counts: this is for when we have none.
    """
    evidence = holding.evidence
    if evidence.device is not None:
        return any(is_open_in(opener, evidence.device) for opener in evidence.openers)
    for inode in evidence.connections:
        if _is_connected(inode):
            return True
    if evidence.listener and (evidence.connections or not holding.holders):
        listener = unix_socket(evidence.listener)
        return listener is not None and any(listener.waiting)
    return None if holding.holders else False


def who_took(url: ConsoleUrl, *, ours: Collection[int] = ()) -> Holder | None:
    """Who has the console of which we just read the end of file.

    None when nobody has it: then it ended. A cloud-hypervisor that serves a newcomer
    hangs up on us and lives on.
    """
    holders = look(url, ours=ours, ask_monitor=False).holders
    return holders[0] if holders else None


class _Seen(NamedTuple):
    """What is known of all unix sockets at one moment."""

    is_told: bool
    """Whether the kernel told of them."""
    by_file: dict[int, list[UnixSocket]]
    """Those that are bound, by the inode of their file."""
    uids: dict[int, int | None]
    """Whose each is, by its own inode."""
    owners: SocketOwners


def _see(consoles: Iterable[tuple[ConsoleUrl, os.stat_result]], ours: Collection[int]) -> _Seen:
    """Look at the kernel's table and at the processes, once for all of these consoles."""
    sockets = unix_sockets()
    by_file: dict[int, list[UnixSocket]] = {}
    for sock in sockets or ():
        if sock.file is not None:
            by_file.setdefault(sock.file[0], []).append(sock)
    wanted: set[int] = set()
    for url, found in consoles:
        clients = _clients(url, found, by_file)
        serving = [clients.listener.inode] if clients.listener is not None else []
        ends = (inode for sock in clients.accepted for inode in (sock.inode, sock.peer or 0))
        # Whoever listens serves; where that is not seen, whoever has the accepted ends does.
        wanted |= {*serving, *clients.waiting}
        wanted |= {sock.peer or 0 for sock in clients.accepted} if serving else set(ends)
    uids = {sock.inode: sock.uid for sock in sockets or ()}
    return _Seen(sockets is not None, by_file, uids, socket_owners(wanted, first=ours))


def _clients(
    url: ConsoleUrl, found: os.stat_result, by_file: dict[int, list[UnixSocket]]
) -> Clients:
    return clients_of(url.path, found, by_file.get(found.st_ino & 0xFFFFFFFF, ()))


def _look_at_socket(
    url: ConsoleUrl,
    found: os.stat_result,
    seen: _Seen,
    ours: Collection[int],
    *,
    ask_monitor: bool,
) -> Holding:
    clients = _clients(url, found, seen.by_file)
    peers = {sock.inode: sock.peer or 0 for sock in clients.accepted}
    served = clients.listener.inode if clients.listener is not None else 0
    serving = (served,) if served else tuple(peers)
    owners, users = seen.owners.found, seen.uids
    held = {
        inode: _holder(owners.get(peer), users.get(peer))
        for inode, peer in peers.items()
        if not _is_ours(owners.get(peer), ours) and _is_connected(inode)
    }
    queue = [
        _holder(owners.get(inode), users.get(inode))
        for inode in clients.waiting
        if not _is_ours(owners.get(inode), ours)
    ]
    is_served = any(_is_ours(owners.get(peer), ours) for peer in peers.values())
    server = next(filter(None, (owners.get(inode) for inode in serving)), None)
    if server is None:
        server = qemu_serving(found)
    holding = Holding(
        url,
        Kind.SOCKET,
        is_known=seen.is_told,
        is_listened=True if served or peers else None,
        server=server,
        family=family_of(server.pid) if server is not None else "",
        holders=tuple(held.values()),
        waiting=len(queue),
        ahead=queue[0] if queue and not held and not is_served else None,
        hidden=seen.owners.hidden,
        as_root=os.geteuid() == 0,
        evidence=Evidence(tuple(held), served),
    )
    if holding.family != QEMU or server is None:
        return holding
    names = {os.fsdecode(clients.listener.name)} if clients.listener is not None else set()
    return with_qemu(holding, server, names, found, may_ask=ask_monitor and not peers)


def _look_at_terminal(
    url: ConsoleUrl, found: os.stat_result, ours: Collection[int], lock_folder: str
) -> Holding:
    seen = openers(found, ours=ours)
    master = seen.master.pid if seen.master is not None else 0
    readers = {opener.process.pid: opener for opener in seen.found}
    locked = uucp_holder(os.path.realpath(url.path), folder=lock_folder)
    for holder in (*((locked,) if locked is not None else ()), *flock_holders(found)):
        if holder.pid not in ours and holder.pid != master:
            readers.setdefault(holder.pid, Opener(holder, -1))
    return Holding(
        url,
        Kind.TERMINAL,
        is_known=seen.is_whole and not _may_others_read(found, seen.hidden),
        server=seen.master,
        family=family_of(master) if master else "",
        owner=parse_qemu(command_line(master)).owner if master else Owner.NOBODY,
        holders=tuple(Holder.of(reader.process) for reader in readers.values()),
        hidden=seen.hidden,
        as_root=os.geteuid() == 0,
        evidence=Evidence(device=found, openers=tuple(readers.values())),
    )


def _may_others_read(found: os.stat_result, hidden: int) -> bool:
    """Whether a process that we cannot look into may have the terminal, other than root's.

    A terminal of our own that only we may read is nobody else's but root's. What is
    hidden from root itself is another container's or a security module's.
    """
    is_private = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IRGRP | stat.S_IROTH)
    return hidden > 0 and not is_private and os.geteuid() != 0


def _look_at_port(url: ConsoleUrl, ours: Collection[int]) -> Holding:
    clients = clients_of_port(url.port) if url.is_local else None
    if clients is None:
        return Holding(url, Kind.NETWORK, is_known=False)
    ends = {inode for pair in clients.accepted for inode in pair}
    seen = socket_owners({clients.listener, *ends, *clients.waiting}, first=ours)
    owners = seen.found
    holders = _others((peer for _, peer in clients.accepted), owners, ours)
    queue = _others(clients.waiting, owners, ours)
    server = owners.get(clients.listener)
    line = QemuLine()
    family = family_of(server.pid) if server is not None else ""
    if server is not None and family == QEMU:
        line = parse_qemu(command_line(server.pid))
    chardev = next((c for c in line.chardevs if c.is_server and c.port == str(url.port)), None)
    return Holding(
        url,
        Kind.NETWORK,
        is_listened=True if clients.listener else None,
        server=server,
        family=family,
        owner=line.owner,
        chardev=chardev,
        holders=holders,
        waiting=len(queue),
        ahead=queue[0] if queue and not clients.accepted else None,
        hidden=seen.hidden,
        as_root=os.geteuid() == 0,
    )


def _others(
    inodes: Iterable[int], owners: dict[int, Process], ours: Collection[int]
) -> tuple[Holder, ...]:
    """The holders behind `inodes`, ourselves excluded."""
    found = (owners.get(inode) for inode in inodes)
    return tuple(_holder(owner, None) for owner in found if not _is_ours(owner, ours))


def _holder(owner: Process | None, uid: int | None) -> Holder:
    return Holder(uid=uid) if owner is None else Holder.of(owner, uid)


def _is_ours(owner: Process | None, ours: Collection[int]) -> bool:
    return owner is not None and owner.pid in ours


def _is_connected(inode: int) -> bool:
    """Whether a connection that was seen a moment ago is still there."""
    sock = unix_socket(inode)
    return sock is not None and bool(sock.peer)
