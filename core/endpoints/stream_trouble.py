"""What can go wrong on the way to a console over TCP or vsock, in words.

What concerns a socket file is in `trouble`.
"""

from __future__ import annotations

import errno
import os
import socket

from core.errors import (
    ConsoleBusy,
    ConsoleError,
    ConsoleForbidden,
    ConsoleRefused,
)

_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)

_NO_TRANSPORT = (errno.ENODEV, errno.EADDRNOTAVAIL, errno.ENETUNREACH)

_FORBIDDEN = (errno.EACCES, errno.EPERM)

_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)

_VHOST_REMEDY = (
    "On the VM's host: sudo modprobe vhost_vsock, and give the VM a vhost-vsock-pci device. "
    "To try it on one machine: sudo modprobe vsock_loopback, and context id 1."
)


# TCP.


def while_resolving(error: OSError, host: str) -> ConsoleError:
    """Why the name `host` leads to no address."""
    number = error.errno or 0
    if number == socket.EAI_NONAME:
        return ConsoleError(
            f"No host is named {host}", hint="Check the name; getent hosts asks as guestwatch does."
        )
    if number == socket.EAI_AGAIN:
        return ConsoleError(
            f"The name {host} cannot be looked up now: no name server answers",
            hint="Check /etc/resolv.conf, or give the host's address.",
        )
    words = error.strerror or "no reason was given"
    return ConsoleError(f"Cannot look up the name {host}: {words}", hint="Give its address.")


def name_too_slow(host: str, timeout_s: float) -> ConsoleError:
    """No name server answered within `timeout_s` seconds."""
    return ConsoleError(
        f"The name {host} was not looked up within {timeout_s:g} s",
        errno=errno.ETIMEDOUT,
        hint="Check the name servers, or give the host's address.",
    )


def tcp_queue_full(at: str, waited_s: float) -> ConsoleBusy:
    """The queue of the listener `at` was full for `waited_s` seconds."""
    return ConsoleBusy(
        f"{at} is busy: its queue of waiting clients stayed full for {waited_s:g} s",
        errno=errno.EAGAIN,
        hint="A console serves one client and a few more wait. Close some; ss -tnp lists them.",
    )


def another_listens(at: str) -> ConsoleRefused:
    """What listened `at` when it was pinned is gone."""
    return ConsoleRefused(
        f"What listened on {at} when it was looked at does so no more",
        errno=errno.ECONNREFUSED,
        hint="The VM was started again, or another one took the port. It is looked at anew.",
    )


def over_tcp(error: OSError, at: str, timeout_s: float) -> ConsoleError:
    """Why `at` could not be connected to."""
    number = error.errno or 0
    if number == errno.ECONNREFUSED:
        return ConsoleRefused(
            f"Nobody listens on {at}",
            errno=number,
            hint="Start the VM, or check the port: -serial tcp:HOST:PORT,server=on,wait=off.",
        )
    if number == errno.ECONNRESET:
        return ConsoleRefused(
            f"{at} dropped the connection before it was made",
            errno=number,
            hint="Whoever forwards this port may reach no VM. Check what listens there: ss -tlnp.",
        )
    if number == errno.ETIMEDOUT:
        return ConsoleError(
            f"{at} did not answer within {timeout_s:g} s",
            errno=number,
            hint="The host may be down, a firewall may drop this port, or the console has its one "
            "client and a full queue of waiting ones.",
        )
    if number in _UNREACHABLE:
        return ConsoleError(
            f"No way leads to {at}: {os.strerror(number)}",
            errno=number,
            hint="Check the address and this machine's routes: ip route get shows the way.",
        )
    if number in _FORBIDDEN:
        return ConsoleForbidden(
            f"Cannot connect to {at}: {os.strerror(number)}",
            errno=number,
            hint="A firewall or a security module of this machine forbids it.",
        )
    return _other(error, f"Cannot connect to {at}")


# vsock.


def over_vsock(error: OSError, cid: int, port: int, timeout_s: float) -> ConsoleError:
    """Why port `port` of the guest with context id `cid` could not be connected to."""
    number = error.errno or 0
    at = f"vsock port {port} of context id {cid}"
    if number == errno.EAFNOSUPPORT:
        return ConsoleError(
            "This kernel has no vsock",
            errno=number,
            hint=f"{_VHOST_REMEDY} Without these modules, reach the VM by another console.",
        )
    if number in _NO_TRANSPORT:
        return ConsoleError(
            f"No vsock leads to context id {cid}: {os.strerror(number)}",
            errno=number,
            hint=_VHOST_REMEDY,
        )
    if number in (errno.ECONNRESET, errno.ECONNREFUSED):
        return ConsoleRefused(
            f"Nobody listens on {at} yet",
            errno=number,
            hint="The guest may still boot. Kata's debug console has to be switched on before: "
            "debug_console_enabled = true.",
        )
    if number in (errno.ETIMEDOUT, errno.EHOSTUNREACH):
        return ConsoleError(
            f"Nothing answers on {at} within {timeout_s:g} s",
            errno=number,
            hint="No VM may have this context id, or its guest is not that far: check guest-cid= "
            "on QEMU's command line.",
        )
    if number in _FORBIDDEN:
        return ConsoleForbidden(
            f"Cannot connect to {at}: {os.strerror(number)}",
            errno=number,
            hint="A security module such as SELinux or AppArmor may forbid it.",
        )
    return _other(error, f"Cannot connect to {at}")


# Hybrid vsock.


def hybrid_refused(path: str, port: int, number: int) -> ConsoleRefused:
    """The VMM at `path` closed instead of saying OK."""
    return ConsoleRefused(
        f"Nobody listens on port {port} in the guest yet; {path} closed without an OK",
        path=path,
        errno=number,
        hint="The guest may still boot. Kata's debug console has to be switched on before: "
        "debug_console_enabled = true. It is tried again.",
    )


def hybrid_silent(path: str, port: int, timeout_s: float) -> ConsoleError:
    """The VMM at `path` took the line and said nothing."""
    return ConsoleError(
        f"{path} did not say within {timeout_s:g} s whether port {port} is open in the guest",
        path=path,
        errno=errno.ETIMEDOUT,
        hint="The VM may be paused, or its guest not far enough to answer. Check that the path is "
        "a hybrid vsock: uds_path of Firecracker, --vsock socket= of cloud-hypervisor.",
    )


def hybrid_garbage(path: str, said: bytes) -> ConsoleError:
    """Whoever listens at `path` is no hybrid vsock: it said something else than OK."""
    return ConsoleError(
        f"{path} speaks no hybrid vsock: it answered {said!r} instead of OK and a port",
        path=path,
        errno=errno.EPROTO,
        hint="Name the VMM's vsock socket (uds_path of Firecracker, --vsock socket= of "
        "cloud-hypervisor). A serial console's socket is unix:PATH.",
    )


def _other(error: OSError, what: str) -> ConsoleError:
    number = error.errno or 0
    hint = ""
    if number in _NO_DESCRIPTORS:
        hint = "Too many files are open; raise the limit with ulimit -n."
    words = os.strerror(number) if number else str(error)
    return ConsoleError(f"{what}: {words}", errno=number, hint=hint)
