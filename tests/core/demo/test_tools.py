"""What a real guest takes is found, or said to be missing with the line that installs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.demo import tools
from core.demo.initramfs import ConsoleDevice
from core.demo.qemu import GuestSetup
from core.demo.tools import KERNEL_VARIABLE, Tools, find_tools
from core.errors import ToolsMissing

KERNEL = b"\x00" * 0x202 + b"HdrS" + b"\x00" * 64


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without anything: an empty PATH and an empty /boot."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv(KERNEL_VARIABLE, raising=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "boot").mkdir()
    return tmp_path


def install(folder: Path, name: str, content: bytes = b"#!/bin/sh\n") -> Path:
    path = folder / name
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_everything_missing_is_named_with_the_line_that_installs_it(bare: Path) -> None:
    with pytest.raises(ToolsMissing) as caught:
        find_tools(boot=bare / "boot")
    text = f"{caught.value} {caught.value.hint}"
    assert "qemu-system-x86_64" in caught.value.missing
    assert "sudo apt-get install --no-install-recommends qemu-system-x86 " in text
    assert "linux-image-cloud-amd64" in text
    assert "cpio" in text
    assert caught.value.exit_code == 1


def test_newest_kernel_is_taken_by_version(bare: Path) -> None:
    for name in ("vmlinuz-6.9.0-1", "vmlinuz-6.10.0-1", "vmlinuz-5.10.0-9", "vmlinuz-6.10.0-1.old"):
        install(bare / "boot", name, KERNEL)
    install(bare / "boot", "vmlinuz-7.0-arm", b"MZ" + KERNEL[2:0x202] + b"ARM\x64")
    assert tools._kernel(bare / "boot") == bare / "boot/vmlinuz-6.10.0-1.old"
    (bare / "boot/vmlinuz-6.10.0-1.old").unlink()
    assert tools._kernel(bare / "boot") == bare / "boot/vmlinuz-6.10.0-1"


def test_named_kernel_goes_before_the_newest(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bare / "boot", "vmlinuz-6.10", KERNEL)
    mine = install(bare, "bzImage", KERNEL)
    monkeypatch.setenv(KERNEL_VARIABLE, str(mine))
    assert tools._kernel(bare / "boot") == mine


def test_named_kernel_that_is_none_is_said_so(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bare / "boot", "vmlinuz-6.10", KERNEL)
    monkeypatch.setenv(KERNEL_VARIABLE, str(bare / "nothing"))
    with pytest.raises(ToolsMissing, match="nothing cannot be read") as caught:
        find_tools(boot=bare / "boot")
    assert KERNEL_VARIABLE in caught.value.hint


def test_kernel_that_may_not_be_read_is_told_apart_from_none(bare: Path) -> None:
    install(bare / "boot", "vmlinuz-6.10", b"not a kernel")
    with pytest.raises(ToolsMissing, match=r"vmlinuz-6\.10 is not") as caught:
        find_tools(boot=bare / "boot")
    assert "chmod a+r" in caught.value.hint
    assert "linux-image" not in caught.value.hint


def test_only_a_static_busybox_will_do(qemu_tools: Tools) -> None:
    assert tools._is_static(qemu_tools.busybox)
    assert not tools._is_static(qemu_tools.cpio)
    assert not tools._is_static(Path(__file__))
    assert not tools._is_static(Path("/nonexistent"))


def setup(folder: Path, device: ConsoleDevice = ConsoleDevice.SERIAL) -> GuestSetup:
    programs = Tools(Path("/q"), Path("/k"), Path("/b"), Path("/c"))
    return GuestSetup(
        tools=programs, initramfs=Path("/i"), console=folder / "a,b.sock", device=device
    )


def test_console_is_a_socket_that_waits_for_nobody(tmp_path: Path) -> None:
    argv = setup(tmp_path).argv()
    assert argv[argv.index("-chardev") + 1] == (
        f"socket,id=con,path={tmp_path}/a,,b.sock,server=on,wait=off"
    )
    assert "isa-serial,chardev=con" in argv
    assert argv[argv.index("-append") + 1] == "console=ttyS0 panic=-1 rdinit=/init"
    assert "-no-reboot" in argv


def test_virtconsole_is_the_other_choice(tmp_path: Path) -> None:
    argv = setup(tmp_path, ConsoleDevice.VIRTCONSOLE).argv()
    assert "virtconsole,chardev=con" in argv
    assert argv[argv.index("-append") + 1].startswith("console=hvc0 ")
