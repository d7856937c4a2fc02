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
        *("[  UP  ] Started x", "[12.34] x", "[   12.345678]x", "[ 12.3456789] x", "<4>x", "["),
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
    parts = parts_of("[   12.779326] " + message)
    assert Role.ALARM not in {role for _, role in parts}
    assert "".join(text for text, _ in parts[1:]) == message


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
        Run(3, green, Role.SOURCE),
        Run(4, green._replace(bold=True), Role.SOURCE),
        Run(4, role=Role.SOURCE),
        Run(3),
    )


def test_a_stamp_torn_by_a_colour_is_still_one() -> None:
    line = render_line(b"[    1.0\x1b[1m00000] x")
    assert [run.role for run in line.runs] == [Role.STAMP, Role.STAMP, Role.TEXT]


def test_a_line_of_nothing_but_brackets_is_text() -> None:
    for text in ("[" * 16384, "[ " * 8192, "[    1" * 2730):
        assert parts_of(text) == [(text, Role.TEXT)]


@pytest.mark.parametrize(
    ("number", "level", "message"),
    [
        *(("<0>", Role.ERROR, Role.ERROR), ("<3>", Role.ERROR, Role.ERROR)),
        *(("<4>", Role.WARN, Role.WARN), ("<6>", Role.INFO, Role.TEXT)),
        *(("<30>", Role.INFO, Role.TEXT), ("<191>", Role.DEBUG, Role.TEXT)),
    ],
)
def test_a_number_has_the_look_of_its_level(number: str, level: Role, message: Role) -> None:
    assert parts_of(number + "[   12.345678][    T1] of 3 bytes") == [
        (number, level),
        ("[   12.345678][    T1] ", Role.STAMP),
        ("of 3 bytes", message),
    ]


def test_facility_and_level_in_words_are_set_apart() -> None:
    assert parts_of("kern  :warn  : [    0.000000] tsc: slow") == [
        ("kern  ", Role.SOURCE),
        (":", Role.TEXT),
        ("warn  ", Role.WARN),
        (": ", Role.TEXT),
        ("[    0.000000] ", Role.STAMP),
        ("tsc:", Role.SOURCE),
        (" ", Role.TEXT),
        ("slow", Role.WARN),
    ]
    assert parts_of("daemon:err   : [Tue Nov 24 18:37:30 2026] x")[4:] == [
        ("[Tue Nov 24 18:37:30 2026] ", Role.STAMP),
        ("x", Role.ERROR),
    ]
    assert parts_of("local7:info  : of 3 bytes")[4:] == [("of 3 bytes", Role.TEXT)]


@pytest.mark.parametrize(
    "source",
    [
        *("usb 1-1:", "pci 0000:00:1f.0:", "e1000e 0000:00:19.0 eth0:", "EXT4-fs (vda1):"),
        *("ACPI:", "x86/fpu:", "random:", "BIOS-e820:", "systemd[1]:", "virtio_blk virtio0:"),
    ],
)
def test_who_says_it_is_set_apart(source: str) -> None:
    assert parts_of(f"[    1.000000] {source} does: it")[1:] == [
        (source, Role.SOURCE),
        (" ", Role.TEXT),
        ("does: it", Role.TEXT),
    ]


@pytest.mark.parametrize(
    "message",
    [
        *(
            "CPU: 0 PID: 1 Comm: init Not tainted",
            "RIP: 0010:panic+0x1/0x2",
            "RAX: 0000000000000000",
        ),
        *("CR2: 0000000000000000 CR3: 00", "Code: 48 89 e5", "FS:  0000", "Command line: a=b"),
        *("Linux version 6.1: x", "no colon", "a :b", ": x", "x:y"),
    ],
)
def test_what_is_no_subsystem_is_text(message: str) -> None:
    assert parts_of(f"[    1.000000] {message}")[1:] == [(message, Role.TEXT)]


def test_a_subsystem_needs_the_kernel_and_a_process_does_not() -> None:
    assert parts_of("Debian: a system") == [("Debian: a system", Role.TEXT)]
    assert parts_of("systemd[1]: hello")[0] == ("systemd[1]:", Role.SOURCE)


@pytest.mark.parametrize(
    ("word", "role"),
    [
        *(("  OK  ", Role.OK), ("FAILED", Role.ERROR), (" TIME ", Role.ERROR)),
        *(("DEPEND", Role.WARN), (" SKIP ", Role.OK)),
    ],
)
def test_a_status_of_systemd_has_its_look(word: str, role: Role) -> None:
    assert parts_of(f"[{word}] Started x") == [
        ("[", Role.TEXT),
        (word, role),
        ("] Started x", Role.TEXT),
    ]


def test_a_word_that_tells_the_level_has_its_look() -> None:
    assert parts_of("[    1.000000] WARNING: CPU: 0")[1:] == [
        ("WARNING:", Role.WARN),
        (" CPU: 0", Role.TEXT),
    ]
    assert parts_of("kata-agent[9]: error: x") == [
        ("kata-agent[9]:", Role.SOURCE),
        (" ", Role.TEXT),
        ("error:", Role.ERROR),
        (" x", Role.TEXT),
    ]
    assert parts_of("EXT4-fs error (device vda1): x")[0] == ("EXT4-fs error", Role.ERROR)
