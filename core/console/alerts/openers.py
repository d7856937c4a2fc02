"""Which lines begin an alert.

Each form is the kernel's own printk format, anchored: a line that only speaks of a
panic, a command line that asks for one and a sysctl that counts to one do not fire.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from core.console.alerts.model import Kind

_LEAD = r"(?:(?:NMI )?watchdog: |rcu: |traps: (?=PANIC))?(?:CPU\d{1,5}: )?"

_FORMS: tuple[tuple[Kind, str], ...] = (
    (Kind.PANIC, r"Kernel panic - not syncing|Kernel panic: "),
    (Kind.SANITIZER, r"BUG: K(?:ASAN|CSAN|MSAN|FENCE): |UBSAN: [\w-]{1,64} in "),
    (Kind.SOFT_LOCKUP, r"BUG: soft lockup - CPU#\d"),
    (Kind.HARD_LOCKUP, r"Watchdog detected hard LOCKUP on cpu"),
    (
        Kind.OOPS,
        r"BUG: unable to handle |BUG: kernel NULL pointer dereference|BUG: stack guard page was hit"
        r"|Oops: |Oops \[#\d|Oops - |general protection fault(?:[:,]| ?\[#)|PANIC: double fault"
        r"|Unable to handle kernel |Internal error: \S.{0,80}\[#\d"
        r"|(?:invalid opcode|divide error|double fault|int3|stack segment|bounds): \d{4} \[#\d",
    ),
    (Kind.BUG, r"kernel BUG at \S"),
    (
        Kind.BUG,
        r"BUG: (?:scheduling while atomic|sleeping function called from|Bad page |Bad rss-counter"
        r"|spinlock |rwlock |using \S{1,40} in preemptible|workqueue lockup|non-zero pgtables"
        r"|workqueue leaked|held lock freed|MAX_LOCKDEP|atomic counter underflow|recent printk)",
    ),
    (
        Kind.RCU_STALL,
        r"INFO: rcu\w{0,24} (?:self-)?detected (?:expedited )?stalls? on CPU",
    ),
    (
        Kind.HUNG_TASK,
        r"INFO: task .{1,64}:\d{1,10} blocked.{0,48} for more than \d{1,10} seconds",
    ),
    (
        Kind.OOM,
        r".{1,32} invoked oom-killer: |(?:Memory cgroup out|Out) of memory"
        r"(?: \([\w ]{1,48}\))?: Kill(?:ed)? process \d|Out of memory and no killable processes",
    ),
    (
        Kind.WARNING,
        r"WARNING: (?:CPU: \d{1,5} PID: \d{1,10} at |\S{1,200}:\d{1,6} at \S"
        r"|possible (?:circular|recursive|irq) lock|inconsistent lock state"
        r"|suspicious RCU usage|bad unlock balance|stack recursion)",
    ),
    (
        Kind.FILESYSTEM,
        r"EXT[234]-fs error|EXT[234]-fs \([^)]{1,64}\): (?:Remounting filesystem read-only"
        r"|failed to convert unwritten|error loading journal)"
        r"|XFS \([^)]{1,64}\): (?:.{0,80}[Cc]orruption|Internal error|log I/O error"
        r"|.{0,40}I/O [Ee]rror|.{0,80}has been shut down|.{0,40}Shutting down filesystem"
        r"|metadata I/O error)"
        r"|BTRFS(?:: | )(?:error|critical)|BTRFS info \([^)]{1,64}\): forced readonly"
        r"|Aborting journal on device |JBD2: (?:Error|Detected) "
        r"|(?:F2FS|FAT|SQUASHFS|NTFS|EROFS)(?:-fs)? (?:error|\([^)]{1,64}\): error)"
        r"|(?:(?:blk_update_request|print_req_error): )?"
        r"(?:I/O error|critical \w{1,24} error), dev \S|Buffer I/O error on dev"
        r"|end_request: I/O error",
    ),
    (
        Kind.AGENT,
        r"thread '[^']{0,128}' (?:\(\d{1,10}\) )?panicked at "
        r"|(?:systemd\[\d{1,10}\]: )?kata-agent\.service: (?:Main process exited, code="
        r"(?:exited, status=(?!0/)|killed|dumped)|Failed with result )",
    ),
    (
        Kind.SHELL,
        r"\(initramfs\) ?$|(?:dracut|switch_root|emergency|rescue):[/~]{1,2}# ?$"
        r"|(?:\[FAILED\] .{0,80})?(?:Entering|You are in) (?:emergency|rescue) mode"
        r"|Give root password for (?:maintenance|system maintenance)"
        r"|Press Enter for (?:system )?maintenance"
        r"|(?:ALERT!? .{0,200})?[Dd]ropping to a shell|Cannot open access to console, the root"
        r"|initramfs emergency recovery shell launched|Generating \"/run/initramfs/rdsosreport",
    ),
)

_ALL = re.compile(_LEAD + "(?:" + "|".join(f"({form})" for _, form in _FORMS) + ")")

_AGENT_CRITICAL = re.compile(r'"level"\s*:\s*"(?:CRIT|PANIC|FATAL|EMERG)"', re.IGNORECASE)
_AGENT_PANIC = re.compile(r"\"msg\"\s*:\s*\"(?:thread '[^']{0,128}' )?panicked at ")

_LOGIN = re.compile(r"(?!(?:Last|last) )([A-Za-z0-9][A-Za-z0-9._-]{0,63}) login: ?")
_LOGIN_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?(?: \(automatic login\))?\s*")

_BOOT = re.compile(r"Linux version \d")


class Opener(NamedTuple):
    """What a line begins."""

    kind: Kind
    is_aftermath: bool = False
    """Whether it also comes as the second line of a report that has begun: `Oops: 0002 [#1]`."""


_AFTERMATH = re.compile(
    r"Oops|Internal error: |invalid opcode|general protection|int3|double fault: "
    r"|(?:Memory cgroup out|Out) of mem"
)


def opener_of(text: str) -> Opener | None:
    """What a line that says `text` begins; None for almost every line."""
    found = _ALL.match(text)
    if found is None:
        return _agent_opener(text)
    assert found.lastindex is not None
    kind = _FORMS[found.lastindex - 1][0]
    return Opener(kind, _AFTERMATH.match(text) is not None)


def _agent_opener(text: str) -> Opener | None:
    if not text.startswith("{"):
        return None
    is_grave = "kata-agent" in text and _AGENT_CRITICAL.search(text) is not None
    if is_grave or _AGENT_PANIC.search(text):
        return Opener(Kind.AGENT)
    return None


def login_prompt(text: str) -> int:
    """How many characters of `text` are a login prompt, 0 when it is none.

    The name that somebody types behind it may follow; a sentence may not.
    """
    found = _LOGIN.match(text)
    if found is None:
        return 0
    rest = text[found.end() :]
    return found.end() if not rest.strip() or _LOGIN_NAME.fullmatch(rest) else 0


def is_boot(text: str) -> bool:
    """Whether a kernel says hello."""
    return _BOOT.match(text) is not None


LITERALS = (
    r"Kernel panic",
    r"BUG: ",
    r"UBSAN: ",
    r"hard LOCKUP",
    r"Oops",
    r"general protection fault",
    r"PANIC: double fault",
    r"Unable to handle kernel ",
    r"Internal error: ",
    r": \d{4} \[#",
    r"kernel BUG at",
    r"detected stall",
    r"detected expedited stall",
    r"INFO: task ",
    r"invoked oom-killer",
    r" of memory",
    r"WARNING: ",
    r"EXT[234]-fs (?:error|\([^)\n]{1,64}\): (?:Rem|fai|err))",
    r"XFS \(.{1,160}(?:rror|orrupt|hut)",
    r"BTRFS",
    r"Aborting journal",
    r"JBD2: ",
    r"(?:F2FS|FAT|SQUASHFS|NTFS|EROFS)(?:-fs)? (?:err|\()",
    r"I/O error",
    r"critical \w{1,24} error, dev",
    r"panicked at ",
    r"kata-agent\.service: ",
    r'"level"\s?:\s?"(?i:CRIT|PANIC|FATAL|EMERG)',
    r"\(initramfs\)",
    r"(?:dracut|switch_root|emergency|rescue):[/~]",
    r"(?:emergency|rescue) mode",
    r"maintenance",
    r"ropping to a shell",
    r"Cannot open access to console",
    r"emergency recovery shell",
    r"rdsosreport",
    r" login:",
    r"Linux version ",
    r"\[ cut here \]",
    r"={64}",
)
"""RE2 for a first look at whole blocks: every line that any form above matches holds one
of these, and few others do."""
