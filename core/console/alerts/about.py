"""What a report says of itself: which kernel, which process, which CPU, and where.

The forms are those of the kernel's `dump_stack_print_info` and of whatever names a task
besides: lock-ups, hung tasks, sanitizers, kills for want of memory. The first line that
says something wins; a line that names the culprit wins over one that names who noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from core.console.alerts.message import MAX_LINE_BYTES, message_of

MAX_LINES = 2048
"""More of a report says nothing new of it."""

_TASK = re.compile(
    r"(?:WARNING: )?CPU: (?P<cpu>\d{1,5}) (?:UID: \d{1,10} )?PID: (?P<pid>\d{1,10})"
    r"(?: Comm: (?P<process>.{1,64}?) (?:Not tainted|Tainted:)| at )"
)
_TAINT = re.compile(
    r"(?:Not tainted|Tainted: (?P<taint>[A-Z ]{1,40}?|\[[A-Z]\]=[A-Z_, =\[\]]{1,400}?))"
    r" +(?P<kernel>\d+\.\d\S{0,100}) "
)
_VERSION = re.compile(r"Linux version (\d\S*)")
_CULPRITS = (
    re.compile(r"INFO: task (?P<process>\S.{0,63}):(?P<pid>\d{1,10}) blocked "),
    re.compile(
        r"soft lockup - CPU#(?P<cpu>\d{1,5}) .{0,40}\[(?P<process>.{1,64}):(?P<pid>\d{1,10})\]"
    ),
    re.compile(r"[Kk]illed process (?P<pid>\d{1,10}) \((?P<process>.{1,64}?)\)"),
    re.compile(r"of size \d{1,10} at addr .{1,40} by task (?P<process>.{1,64})/(?P<pid>\d{1,10})"),
    re.compile(r"hard LOCKUP on cpu (?P<cpu>\d{1,5})"),
    re.compile(r"comm (?P<process>\S{1,64}): "),
)
_PLACES = (
    re.compile(r"(?:KASAN|KMSAN|KFENCE|KCSAN): .{1,80}? in (\S.{0,120})"),
    re.compile(r"UBSAN: .{1,80}? in (\S{1,200})"),
    re.compile(r"kernel BUG at (\S{1,200})!"),
    re.compile(r"WARNING: CPU: \d{1,5} PID: \d{1,10} at (\S.{0,200})"),
    re.compile(r"RIP: (?:0010|e030):(?!0x)(\S.{0,120})"),
    re.compile(r"pc : (\S.{0,120})"),
    re.compile(r"PC is at (\S.{0,120})"),
    re.compile(
        r"thread '.{0,64}' (?:\(\d{1,10}\) )?panicked at (?:.{1,400}, )?(\S{1,200}?:\d+:\d+)"
    ),
)
_HARDWARE = re.compile(r"Hardware name: (.{1,200})")


@dataclass(frozen=True, slots=True)
class About:
    """What a report says; each text is the guest's, hostile, and empty when it says nothing."""

    kernel: str = ""
    """Its version, as `uname -r` has it."""
    process: str = ""
    pid: str = ""
    cpu: str = ""
    taint: str = ""
    """Its letters, or its words where the kernel spells them; empty for a clean one."""
    place: str = ""
    """The function or the source line."""
    hardware: str = ""


def about(lines: Iterable[bytes]) -> About:
    """What these lines of a report say. Never raises; looks at `MAX_LINES` at most."""
    culprit: dict[str, str] = {}
    tasks: list[dict[str, str]] = []
    found: dict[str, str] = {}
    for line in islice(lines, MAX_LINES):
        text = message_of(line[:MAX_LINE_BYTES]).text
        if not culprit:
            culprit = _culprit(text)
        task = _TASK.match(text)
        if task is not None:
            tasks.append({name: word for name, word in task.groupdict().items() if word})
        for name, word in _words(text):
            found.setdefault(name, word)
    # Who noticed a hung task or wanted the memory is somebody else, on another CPU.
    pid = culprit.get("pid") or next((task["pid"] for task in tasks), "")
    for each in tasks:
        if each["pid"] == pid:
            culprit = each | culprit
    return About(**{name: word.strip() for name, word in (found | culprit).items()})


def task_words(facts: About) -> str:
    """The process and its CPU as a person says it; empty when the report names neither."""
    words = [facts.process or "?"] if facts.process or facts.pid else []
    words += [f"(pid {facts.pid})"] if facts.pid else []
    words += [f"on CPU {facts.cpu}"] if facts.cpu else []
    return " ".join(words)


def kernel_of(data: bytes) -> str:
    """The kernel's version in the first lines of a boot; empty when they do not tell."""
    found = _VERSION.search(data.decode("utf-8", "replace"))
    return found[1] if found is not None else ""


def _culprit(text: str) -> dict[str, str]:
    matches = (pattern.search(text) for pattern in _CULPRITS)
    return next((match.groupdict() for match in matches if match is not None), {})


def _words(text: str) -> Iterator[tuple[str, str]]:
    taint = _TAINT.search(text)
    if taint is not None:
        yield "kernel", taint["kernel"]
        if taint["taint"]:
            yield (
                "taint",
                taint["taint"] if "=" in taint["taint"] else taint["taint"].replace(" ", ""),
            )
    elif (version := kernel_of(text.encode())) != "":
        yield "kernel", version
    for pattern in _PLACES:
        place = pattern.search(text)
        if place is not None:
            yield "place", place[1]
    hardware = _HARDWARE.match(text)
    if hardware is not None:
        yield "hardware", hardware[1]
