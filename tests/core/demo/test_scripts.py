"""What the demo's guests do: real boots at their pace, then life for ever."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice, takewhile

import pytest

from core.demo import scripts
from core.demo.chatter import agent_calls, ci_jobs, web_requests
from core.demo.recordings import load_recording
from core.demo.step import Reboot, Say, Step

MANY = 4000
ENDLESS = [scripts.web, scripts.build, scripts.kata, scripts.crasher]


def said(steps: Iterator[Step]) -> bytes:
    return b"".join(step.data for step in steps if isinstance(step, Say))


def is_say(step: Step) -> bool:
    return isinstance(step, Say)


@pytest.mark.parametrize("script", ENDLESS)
def test_guest_is_alive_for_ever(script: Callable[[], Iterator[Step]]) -> None:
    steps = list(islice(script(), MANY))
    assert len(steps) == MANY
    assert sum(step.delay_s for step in steps[MANY // 2 :]) > 60


@pytest.mark.parametrize("script", [*ENDLESS, scripts.quiet])
def test_script_says_the_same_each_time(script: Callable[[], Iterator[Step]]) -> None:
    assert list(islice(script(), MANY)) == list(islice(script(), MANY))


@pytest.mark.parametrize("script", [*ENDLESS, scripts.quiet])
def test_boot_is_heard_from_its_first_byte_on(script: Callable[[], Iterator[Step]]) -> None:
    boot = list(islice(script(), 500))
    assert said(iter(boot)).startswith(b"[    0.000000] Linux version")
    assert boot[0].delay_s == scripts.FIRMWARE_S
    assert all(step.delay_s >= 0 for step in boot)


def test_web_boots_systemd_to_its_login_prompt_and_serves() -> None:
    text = said(islice(scripts.web(), MANY))
    boot, _, after = text.partition(b"guest login: ")
    assert b"\x1b[0;32m  OK  \x1b[0m] Reached target" in boot
    assert b"nginx[412]: 10.0.3." in after
    assert b"heartbeat[611]: up " in after
    assert b"(automatic login)" not in after


def test_build_shows_progress_that_overwrites_itself_and_colours() -> None:
    text = said(islice(scripts.build(), MANY))
    assert re.search(rb"\rReceiving objects:  52% \(\d+/\d+\), ", text)
    assert b"\r\x1b[K  CC      kernel/panic.o\r\n" in text
    assert "\x1b[32m████".encode() in text
    assert b"\x1b[1;35mwarning:\x1b[0m" in text
    assert b"\x1b[31mnot ok\x1b[0m" in text
    assert b"job 4712" in text


def test_kata_prints_one_json_object_a_line_after_the_kernel() -> None:
    _, _, text = said(islice(scripts.kata(), MANY)).partition(b"Run /init as init process\r\n")
    lines = [line for line in text.split(b"\r\n")[:-1] if not line.startswith(b"[")]
    entries = [json.loads(line) for line in lines]
    assert len(entries) > 1000
    assert {"msg", "level", "ts", "subsystem", "name", "pid", "source"} <= set(entries[0])
    assert {entry["level"] for entry in entries} == {"DEBG", "INFO", "WARN", "ERRO"}
    assert all(entry["name"] == "kata-agent" for entry in entries)


def test_crasher_fuzzes_for_20_s_panics_is_silent_for_5_s_and_boots_anew() -> None:
    guest = scripts.crasher()
    first = list(takewhile(is_say, guest))
    text = said(iter(first))
    assert b"fuzz 20\r\n" in text
    assert b"Kernel panic - not syncing: sysrq triggered crash" in text
    assert text.endswith(b"Rebooting in 5 seconds..\r\n")
    assert 20 < sum(step.delay_s for step in first) < 40
    second = list(takewhile(is_say, guest))
    assert second == first


def test_crasher_reboots_after_its_silence() -> None:
    reboot = next(step for step in scripts.crasher() if isinstance(step, Reboot))
    assert reboot.delay_s == 5.0
    assert reboot.off_s > 0


def test_quiet_boots_and_says_nothing_more() -> None:
    steps = list(scripts.quiet())
    assert said(iter(steps)) == load_recording("linux61-initramfs-boot").log
    assert sum(step.delay_s for step in steps) < 5


def test_web_stamps_agree_with_its_delays() -> None:
    now = 16.0
    for step in islice(web_requests(uptime_s=16.0), 500):
        now += step.delay_s
        stamp = re.match(rb"\[ *(\d+\.\d{6})\] ", step.data)
        # Only systemd's own lines carry none; the next stamped line starts after them.
        if stamp is None:
            break
        assert float(stamp[1]) == pytest.approx(now, abs=1e-5)


def test_agent_stamps_agree_with_its_delays() -> None:
    now = scripts.STARTED
    for step in islice(agent_calls(started=scripts.STARTED), 200):
        now += step.delay_s
        at = datetime.fromisoformat(json.loads(step.data)["ts"]).timestamp()
        assert at == pytest.approx(now, abs=1e-3)


def test_every_job_compiles_tests_and_ends() -> None:
    text = said(islice(ci_jobs(), 1000)).decode()
    jobs = text.split("▶ job ")[1:-1]
    assert len(jobs) >= 5
    assert all("vmlinux" in job and "KTAP" in job and "finished" in job for job in jobs)
