"""Stamps and alarms in lines of the kernel's log."""

from __future__ import annotations

import pytest

from core.console import Role, Run, Style, render_line
from tests.core.console.checks import check_line


def parts_of(text: str) -> list[tuple[str, Role]]:
    line = render_line(text.encode())
    check_line(line)
    assert line.text == text
    parts, at = [], 0
    for run in line.runs:
        parts.append((text[at : at + run.length], run.role))
        at += run.length
    return parts


@pytest.mark.parametrize(
    "stamp",
    [
        "[    0.000000] ",
        "[   12.345678] ",
        "[123456.789012] ",
        "[   12.345678][    T1] ",
        "[   12.345678][T12345] ",
        "[   12.345678][    C0] ",
        "<4>[   12.345678] ",
        "<191>[   12.345678][  T77] ",
    ],
)
def test_a_stamp_is_set_apart_from_the_message(stamp: str) -> None:
    assert parts_of(stamp + "Run /init as init process") == [
        (stamp, Role.STAMP),
        ("Run /init as init process", Role.TEXT),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("[  OK  ] Started x", "[12.34] x", "[   12.345678]x", "[ 12.3456789] x", "<4>x", "["),
        *("<4> [   12.34] x", "[   12.345678", "[12:34:56.789] x", "[-1.000000] x", "x[0]"),
    ],
)
def test_what_only_resembles_a_stamp_is_text(text: str) -> None:
    assert parts_of(text) == [(text, Role.TEXT)]


def test_a_stamp_without_a_message_is_a_stamp() -> None:
    assert parts_of("[   12.345678]") == [("[   12.345678]", Role.STAMP)]
    assert parts_of("[   12.345678] ") == [("[   12.345678] ", Role.STAMP)]


@pytest.mark.parametrize(
    "message",
    [
        "Kernel panic - not syncing: sysrq triggered crash",
        "BUG: unable to handle page fault for address: ffffc90000abc000",
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "BUG: KASAN: use-after-free in kfree+0x1/0x2",
        "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:1]",
        "NMI watchdog: Watchdog detected hard LOCKUP on cpu 0",
        "kernel BUG at mm/slub.c:4000!",
        "Oops: 0000 [#1] PREEMPT SMP PTI",
        "Oops: Oops: 0002 [#1] SMP",
        "Internal error: Oops: 96000004 [#1] SMP",
        "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000",
        "general protection fault, probably for non-canonical address 0xdead000000000108",
        "traps: PANIC: double fault, error_code: 0x0",
        "rcu: INFO: rcu_preempt self-detected stall on CPU",
        "INFO: rcu_sched detected stalls on CPUs/tasks:",
        "INFO: task jbd2/vda1-8:123 blocked for more than 120 seconds.",
        "Out of memory: Killed process 77 (stress)",
        "Memory cgroup out of memory: Killed process 77 (stress)",
    ],
)
def test_the_first_line_of_a_crash_is_an_alarm(message: str) -> None:
    stamp = "[   12.779326] "
    assert parts_of(stamp + message) == [(stamp, Role.STAMP), (message, Role.ALARM)]
    assert parts_of(message) == [(message, Role.ALARM)]


@pytest.mark.parametrize(
    "message",
    [
        "---[ end Kernel panic - not syncing: sysrq triggered crash ]---",
        "Call Trace:",
        " panic+0x118/0x2f4",
        "sysrq: Trigger a crash",
        "PCI: Using host bridge windows; if necessary, report a BUG: here",
        "Debugging: on",
        "systemd[1]: Oops: nothing",
    ],
)
def test_other_lines_of_a_crash_and_lines_that_mention_one_are_no_alarm(message: str) -> None:
    assert parts_of("[   12.779326] " + message)[1] == (message, Role.TEXT)


def test_a_panic_behind_a_login_prompt_is_an_alarm() -> None:
    assert parts_of("debian login: [   99.000001] Kernel panic - not syncing: x") == [
        ("debian login: ", Role.TEXT),
        ("[   99.000001] ", Role.STAMP),
        ("Kernel panic - not syncing: x", Role.ALARM),
    ]


def test_roles_and_colours_of_the_guest_go_together() -> None:
    line = render_line(b"\x1b[32m[    1.000000] sys\x1b[1mtemd\x1b[0m[1]: up")
    green = Style(fg=2)
    assert line.text == "[    1.000000] systemd[1]: up"
    assert line.runs == (
        Run(15, green, Role.STAMP),
        Run(3, green),
        Run(4, green._replace(bold=True)),
        Run(7),
    )


def test_a_stamp_torn_by_a_colour_is_still_one() -> None:
    line = render_line(b"[    1.0\x1b[1m00000] x")
    assert [run.role for run in line.runs] == [Role.STAMP, Role.STAMP, Role.TEXT]


def test_a_line_of_nothing_but_brackets_is_text() -> None:
    for text in ("[" * 16384, "[ " * 8192, "[    1" * 2730):
        assert parts_of(text) == [(text, Role.TEXT)]
