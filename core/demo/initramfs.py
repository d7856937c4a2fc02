"""A root file system for a small real guest: static busybox, an init script, no image.

With a virtconsole the kernel needs modules (Debian's cloud kernel builds the 16550
in and virtio not), so they are packed too and loaded by the init script.
"""

from __future__ import annotations

import enum
import lzma
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.demo.tools import Tools
from core.errors import DemoError


class ConsoleDevice(enum.StrEnum):
    """What the guest's console is, by its name in /dev."""

    SERIAL = "ttyS0"
    """A 16550: a slow reader slows the guest, nothing is lost."""
    VIRTCONSOLE = "hvc0"
    """virtio: a slow reader loses bytes, the guest is never slowed."""


_VIRTIO = (
    "virtio/virtio_ring",
    "virtio/virtio",
    "virtio/virtio_pci_legacy_dev",
    "virtio/virtio_pci_modern_dev",
    "virtio/virtio_pci",
    "char/virtio_console",
)
"""In the order they must be loaded. One that is not there is built into the kernel."""

SHELL = "while :; do setsid cttyhack sh; done"
"""A shell on the console for ever: init must not end, or the kernel panics."""

_INIT = """\
#!/bin/sh
export PATH=/bin HOME=/ TERM=vt100 PS1='guest:\\w# '
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
for module in /modules/*.ko; do
    [ -e "$module" ] && insmod "$module"
done
until (: </dev/{console}) 2>/dev/null; do usleep 20000; done
exec </dev/{console} >/dev/{console} 2>&1
hostname guest
{body}
{shell}
"""

_BUILD_S = 60.0


def build_initramfs(
    tools: Tools,
    target: Path,
    *,
    body: str = "echo guest ready",
    console: ConsoleDevice = ConsoleDevice.SERIAL,
    programs: Mapping[str, str] | None = None,
) -> Path:
    """Pack `target` for `console` and return it.

    Args:
        tools: what it is made of.
        target: the file to write.
        body: shell lines that run before the console gets its shell.
        console: the device the shell is on.
        programs: shell scripts for the guest's /bin, by name.

    Raises:
        DemoError: it could not be packed.
    """
    with tempfile.TemporaryDirectory(prefix="guestwatch-") as folder:
        root = Path(folder)
        for name in ("bin", "proc", "sys", "dev", "tmp", "modules"):
            (root / name).mkdir()
        shutil.copyfile(tools.busybox, root / "bin/busybox")
        (root / "bin/busybox").chmod(0o755)
        (root / "bin/sh").symlink_to("busybox")
        scripts = {f"bin/{name}": text for name, text in (programs or {}).items()}
        scripts["init"] = _INIT.format(console=console, body=body, shell=SHELL)
        for name, text in scripts.items():
            (root / name).write_text(text, encoding="utf-8")
            (root / name).chmod(0o755)
        if console is ConsoleDevice.VIRTCONSOLE:
            _add_modules(tools.kernel, root / "modules")
        _pack(tools.cpio, root, target)
    return target


def _add_modules(kernel: Path, folder: Path) -> None:
    release = kernel.name.removeprefix("vmlinuz-")
    drivers = Path("/lib/modules") / release / "kernel/drivers"
    for order, name in enumerate(_VIRTIO):
        target = folder / f"{order}-{Path(name).name}.ko"
        plain = drivers / f"{name}.ko"
        packed = drivers / f"{name}.ko.xz"
        if plain.exists():
            shutil.copyfile(plain, target)
        elif packed.exists():
            target.write_bytes(lzma.decompress(packed.read_bytes()))


def _pack(cpio: Path, root: Path, target: Path) -> None:
    names = [str(path.relative_to(root)) for path in sorted(root.rglob("*"))]
    try:
        with target.open("wb") as archive:
            subprocess.run(
                [cpio, "--create", "--format=newc", "--quiet", "--owner=+0:+0"],
                input="\n".join(names).encode(),
                stdout=archive,
                stderr=subprocess.PIPE,
                cwd=root,
                check=True,
                timeout=_BUILD_S,
            )
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip()
        raise DemoError(f"Cannot pack {target}: {reason}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DemoError(f"Cannot pack {target}: {error}") from error
