"""What a real guest is booted with, and where it is on this machine."""

from __future__ import annotations

import os
import re
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from core.errors import ToolsMissing

KERNEL_VARIABLE = "GUESTWATCH_KERNEL"
"""Names a kernel to boot instead of the newest one in /boot."""

_BOOT = Path("/boot")


@dataclass(frozen=True, slots=True)
class Tools:
    """All that a real guest takes."""

    qemu: Path
    kernel: Path
    """A bzImage this user may read."""
    busybox: Path
    """Statically linked: an initramfs holds no libraries."""
    cpio: Path


@dataclass(frozen=True, slots=True)
class _Lack:
    """Something that is not there, and what provides it."""

    what: str
    package: str = ""
    hint: str = ""


def find_tools(*, boot: Path = _BOOT) -> Tools:
    """Where QEMU, a kernel (the newest in `boot`), busybox and cpio are.

    Raises:
        ToolsMissing: some are not there; its hint is the line that installs them.
    """
    qemu = _program("qemu-system-x86_64", "qemu-system-x86")
    kernel = _kernel(boot)
    busybox = _busybox()
    cpio = _program("cpio", "cpio")
    if (
        isinstance(qemu, Path)
        and isinstance(kernel, Path)
        and isinstance(busybox, Path)
        and isinstance(cpio, Path)
    ):
        return Tools(qemu, kernel, busybox, cpio)
    raise _missing([found for found in (qemu, kernel, busybox, cpio) if isinstance(found, _Lack)])


def _missing(lacks: list[_Lack]) -> ToolsMissing:
    whats = tuple(lack.what for lack in lacks)
    packages = [lack.package for lack in lacks if lack.package]
    hints = (
        [f"sudo apt-get install --no-install-recommends {' '.join(packages)}"] if packages else []
    )
    hints += [lack.hint for lack in lacks if lack.hint]
    return ToolsMissing(
        f"No real guest can be booted without {', '.join(whats)}",
        missing=whats,
        hint="; ".join(hints),
    )


def _program(name: str, package: str) -> Path | _Lack:
    found = shutil.which(name)
    return Path(found) if found else _Lack(name, package)


def _kernel(boot: Path) -> Path | _Lack:
    named = os.environ.get(KERNEL_VARIABLE)
    if named:
        path = Path(named)
        if _is_kernel(path):
            return path
        return _Lack(
            f"a kernel ({KERNEL_VARIABLE}={named} cannot be read as one)",
            hint=f"{KERNEL_VARIABLE} must name an x86 bzImage that this user may read",
        )
    found = sorted(boot.glob("vmlinuz-*"), key=_version, reverse=True)
    for path in found:
        if _is_kernel(path):
            return path
    if found:
        return _Lack(
            f"a readable kernel ({found[0]} is not)",
            hint=f"sudo chmod a+r {found[0]}, or name another one with {KERNEL_VARIABLE}",
        )
    return _Lack(f"a kernel in {boot}", "linux-image-cloud-amd64")


def _version(path: Path) -> list[tuple[int, str]]:
    """Orders 6.10 above 6.9."""
    parts = re.findall(r"\d+|\D+", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _is_kernel(path: Path) -> bool:
    # "HdrS" at 0x202: Documentation/arch/x86/boot.rst.
    try:
        with path.open("rb") as file:
            return file.read(0x206)[0x202:] == b"HdrS"
    except OSError:
        return False


def _busybox() -> Path | _Lack:
    named = [shutil.which("busybox"), "/bin/busybox", "/usr/lib/initramfs-tools/bin/busybox"]
    for path in (Path(name) for name in named if name):
        if _is_static(path):
            return path
    return _Lack("a static busybox", "busybox-static")


def _is_static(path: Path) -> bool:
    """Whether an ELF64 program asks for no interpreter (elf(5), PT_INTERP is 3)."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        if head[:5] != b"\x7fELF\x02":
            return False
        (offset,) = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        kinds = [struct.unpack_from("<I", head, offset + n * size)[0] for n in range(count)]
    except (OSError, struct.error):
        return False
    return 3 not in kinds
