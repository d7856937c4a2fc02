"""What a report says of itself."""

from __future__ import annotations

from dataclasses import astuple, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.console.alerts.about import About, about, kernel_of
from tests.core.console.alerts.texts import FOLDER, load

DEBIAN = "6.1.0-56-cloud-amd64"

ARM_PLACE = "mydrv_init+0x14/0x1000 [mydrv]"

SAID = {
    "oops-null-std": About(DEBIAN, "tee", "412", "1", "GOE", "mydrv_write+0x1f/0x40 [mydrv]"),
    "oops-null-ansi": About(DEBIAN, "tee", "412", "1", "GOE", "mydrv_write+0x1f/0x40 [mydrv]"),
    "oops-null-kata": About(DEBIAN, "tee", "412", "1", "GOE", "mydrv_write+0x1f/0x40 [mydrv]"),
    "oops-gpf-new": About("6.12.9", "kworker/0:1", "9", "0", "", "mydrv_write+0x1f/0x40 [mydrv]"),
    "oops-arm64": About("6.1.0-arm64", "insmod", "301", "2", "GO", ARM_PLACE),
    "kasan": About(DEBIAN, "tee", "412", "1", "GOE", "mydrv_write+0x1f/0x40 [mydrv]"),
    "bug-at": About(DEBIAN, "tee", "412", "1", "GOE", "fs/ext4/inode.c:2847"),
    "agent-panic-new": About(place="src/rpc.rs:812:31"),
    "agent-panic": About(place="src/main.rs:190:14"),
    "recorded-no-root": About(DEBIAN, "swapper/0", "1", "0"),
    "recorded-rcu-stall": About(DEBIAN, "init", "90", "1", "", "native_safe_halt+0xb/0x10"),
    "soft-lockup-old": About(DEBIAN, "swapper/0", "1", "0", "GOE"),
    # Who noticed is another task, on another CPU.
    "hung-task": About(DEBIAN, "jbd2/vda1-8", "213"),
    "hung-task-panic": About(DEBIAN, "sync", "512"),
    "oom-cgroup": About(DEBIAN, "java", "2214", "", "GOE"),
    "panic-from-hypervisor": About(),
}


@pytest.mark.parametrize("name", SAID)
def test_a_report_says_its_kernel_task_and_place(name: str) -> None:
    text = load(FOLDER / f"{name}.txt")
    first = text.expected[0]
    said = about(text.data[first.start : first.end].split(b"\n"))
    # The machine is in many of them, and in none of them says anything of the trouble.
    assert astuple(said)[:-1] == astuple(SAID[name])[:-1]


def test_words_of_taint_stand_as_they_are() -> None:
    line = b"CPU: 3 UID: 0 PID: 9 Comm: kworker/3:1 Tainted: [W]=WARN, [O]=OOT_MODULE 6.12.9 #1"
    assert about([line]) == About("6.12.9", "kworker/3:1", "9", "3", "[W]=WARN, [O]=OOT_MODULE")


def test_a_boot_says_its_kernel() -> None:
    assert kernel_of(b"noise\xff\n[    0.000000] Linux version 6.1.38 (root@x) #1\n") == "6.1.38"
    assert kernel_of(b"") == ""


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_no_bytes_are_too_strange(lines: list[bytes]) -> None:
    said = about(lines)
    assert all(isinstance(getattr(said, each.name), str) for each in fields(said))
