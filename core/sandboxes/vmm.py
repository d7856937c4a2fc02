"""What can be said of a virtual machine monitor by its process."""

from __future__ import annotations

from pathlib import Path

_FAMILIES = {
    "qemu": "qemu",
    "cloud-hypervis": "clh",
    "firecracker": "firecracker",
    "stratovirt": "stratovirt",
    "dragonball": "dragonball",
    "containerd-shim": "kata",
    "crosvm": "crosvm",
    "lkvm": "kvmtool",
}
"""Beginnings of process names (the kernel keeps 15 characters) and the family each tells."""


def family_of(pid: int, *, proc: Path = Path("/proc")) -> str:
    """The family of the VMM with this pid, or the empty string."""
    try:
        name = (proc / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""
    return family_named(name)


def family_named(name: str) -> str:
    """The family of a VMM whose process has this name, or the empty string."""
    return next((family for start, family in _FAMILIES.items() if name.startswith(start)), "")


def is_alive(pid: int, *, proc: Path = Path("/proc")) -> bool:
    """Whether a process with this pid runs (a zombie does not).

    Says nothing of whether it is the same process as before.
    """
    try:
        stat = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return False
    # The name may hold spaces and brackets; the state follows its last bracket.
    return stat.rpartition(")")[2].split()[:1] not in (["Z"], ["X"])
