"""Who is connected to a TCP port of this machine, by /proc/net/tcp.

Of this network namespace only. Sources: proc(5) on /proc/net/tcp;
net/ipv4/tcp_ipv4.c (get_tcp4_sock): `sl local remote state queues timers retries uid
timeout inode`, addresses and ports in hexadecimal.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.endpoints.holders.procfs import PROC

_ESTABLISHED = "01"
_LISTEN = "0A"
_MAPPED = "0000000000000000FFFF0000"
"""Stands before an IPv4 address in the table of IPv6: a server that listens on both."""
_MAX_TABLE_BYTES = 16 * 1024 * 1024
"""A line takes 150 bytes: 100,000 connections."""


@dataclass(frozen=True, slots=True)
class PortClients:
    """Those on one port, by their inodes; 0 for a client that is not in this namespace.

    Attributes:
        listener: 0 when nobody listens.
        accepted: of each connection that was taken up, the server's end and the client's.
        waiting: the clients' ends of the others.
    """

    listener: int = 0
    accepted: tuple[tuple[int, int], ...] = ()
    waiting: tuple[int, ...] = ()


def clients_of_port(port: int, *, proc: str = PROC) -> PortClients | None:
    """Those connected to `port` here; None when the kernel does not say."""
    rows = _rows(proc)
    if rows is None:
        return None
    listener = 0
    # A connection within the machine is in the tables twice, once from each end.
    by_ends = {(row.local, row.remote): row.inode for row in rows if row.state == _ESTABLISHED}
    accepted, waiting = [], []
    for row in rows:
        if not row.local.endswith(f":{port:04X}"):
            continue
        client = by_ends.get((row.remote, row.local), 0)
        if row.state == _LISTEN:
            listener = row.inode
        elif row.state == _ESTABLISHED and row.inode:
            accepted.append((row.inode, client))
        elif row.state == _ESTABLISHED:
            waiting.append(client)
    return PortClients(listener, tuple(accepted), tuple(waiting))


@dataclass(frozen=True, slots=True)
class _Row:
    local: str
    remote: str
    state: str
    inode: int


def _rows(proc: str) -> list[_Row] | None:
    rows = []
    told = False
    for table in ("tcp", "tcp6"):
        try:
            with open(f"{proc}/net/{table}", "rb") as file:  # noqa: PTH123 (of /proc)
                text = file.read(_MAX_TABLE_BYTES).decode("ascii", "replace")
        except OSError:
            continue
        told = True
        for line in text.splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[9].isdecimal():
                local, remote = (end.removeprefix(_MAPPED) for end in fields[1:3])
                rows.append(_Row(local, remote, fields[3], int(fields[9])))
    return rows if told else None
