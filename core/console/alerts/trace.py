"""A report of many lines, from the line that opens it to its last one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.console.alerts.model import GRAVITY, MAX_TITLE_CHARS, Alert, Kind, severity_of

MAX_LINES = 4096
"""A longer report ends here: an OOM kill lists every task of the guest, and has fewer."""

MAX_MISSES = 24
"""So many lines of others in a row, and a report is over."""

_LINES = re.compile(
    r"""
    .{0,80}\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}
  | \ ?</?(?:TASK|IRQ|NMI|SOFTIRQ|EOI|\#[A-Z]{2}|[A-Z]{2,12})> | [Cc]all\ [Tt]race | Backtrace
  | Stack( from)?:? | Exception\ stack | Code: | \[<[0-9a-f]{8,16}>\]
  | (?:[RE]IP|[RE]SP|[RE][ABCD]X|[RE]BP|[RE][SD]I|R\d\d|CR2|DR0|DR3|[FCDEG]S|PKRU|EFLAGS)[:\ ]
  | Modules\ linked\ in | Hardware\ name: | CPU:?\ ?\#?\d | Tainted: | Not\ tainted
  | \ +(?:Not\ )?[Tt]ainted | Workqueue: | pstate:
  | (?:pc|lr|sp|sepc|epc|ra|ps|tp|gp|t\d|s\d{1,2}|a\d)\ ?:\  | x\d{1,2}\ ?: | Kernel\ Offset:
  | ---\[\ end | -{8,}\[\ cut\ here | \#PF: | PGD\  | (?:\[[0-9a-f]{8,16}\]\ )?\*?pgd\ ?=
  | Mem\ abort\ info | Data\ abort\ info
  | \ {2}(?:ESR|EC|SET|EA|FSC|ISV|CM|GCS|DABT|Exception\ class)\b | (?:user|swapper)\ pgtable
  | Rebooting\ in | Sending\ NMI | NMI\ backtrace | Shutting\ down\ cpus
  | note:\ \S{1,32}\[\d+\]\ exited | Fixing\ recursive\ fault | Kernel\ panic | SMP:
  | PREEMPT | task:\S | "echo\ 0\ >\ /proc
  | (?:rcu:\ ?)?\s{1,9}(?:\d{1,5}-|\((?:detected\ by|t=)) | rcu:\ (?!INFO) | Task\ dump\ for
  | (?:RCU\ grace-period\ )?kthread\  | irq\ event\ stamp | hard?irqs\ last | softirqs\ last
  | Showing\ all\ locks | \d+\ locks?\ held\ by | \ \#\d+:\  | Preemption\ disabled\ at
  | INFO:\ (?:lockdep|NMI\ handler) | PHYS_OFFSET | CPU\ features:
  | Memory\ Limit: | in_atomic\(\) | preempt_count: | RCU\ nest\ depth | last_sysfs_file
  | Dumping\ ftrace | Last\ Breaking | Oops | invalid\ opcode | RSP:\  | ORIG_RAX | FAULT_
  | unwind | Process\ \S{1,32}\ \(pid | Internal\ error | Insufficient\ stack
  | note:\ run\ with
""",
    re.VERBOSE,
)
"""What the kernel prints after the line that says what happened, on any architecture."""

_SANITIZER = re.compile(
    r"""
    ={20,} | -{20,}$
  | (?:Read|Write|Free|[Rr]ace|[Oo]ut-of-bounds|[Uu]se-after-free|[Ii]nvalid
    |write|read)\b.{0,160}\b(?:size|at|to|of|by)\b
  | (?:Allocated|Freed|allocated|freed)\ by | The\ buggy\ address | \ ?which\ belongs\ to
  | \ ?\d+-byte\ region
  | located\ \d+\ bytes | Memory\ state\ around | [\ >]{0,2}[0-9a-f]{8,16}:\  | \ +\^
  | page:| raw:\  | flags:\  | head:\  | page\ dumped | Last\ potentially | Second\ to\ last
  | The\ (?:variable|stack) | kfence- | Reported\ by | value\ changed | index\ -?\d+\ is\ out
  | (?:signed|unsigned|shift|load|member|division|left|right)\  | Uninit\ was | Local\ variable
  | Bytes?\ \d | Memory\ access\ of | \s*this\ frame\ has | \ \[\d+,\ \d+\) | Adding\ \d+
  | Disabling\ lock
""",
    re.VERBOSE,
)

_OOM = re.compile(
    r"""
    Mem-Info | \ ?\w{0,24}(?:active_|inactive_|isolated_|slab_|mapped:|free:|unevictable:)\S*
  | \ ?\w{2,32}:\d | Node\ \d+ | lowmem_reserve | \d+\ (?:total\ )?pages? | \d+\ pages\b
  | Swap\ cache
  | (?:Free|Total)\ swap | Tasks\ state | \[\ +pid\ +\] | \[\ {0,9}\d+\]\ +\d+\ +\d+
  | oom-kill:| oom_reaper: | Out\ of\ memory | Memory\ cgroup
  | (?:memory|swap|kmem|memory\+swap):\ usage | \w{2,40}\ \d{1,20}$ | Unreclaimable\ slab
  | Name\ +Used | \w\S{0,48}\ +\d+KB\ +\d+KB | Killed\ process | Hugepages | DMA
""",
    re.VERBOSE,
)

_AGENT = re.compile(
    r"\s{1,8}\d{1,4}: |\s{8,}at |stack backtrace:|note: (?:run|Some)|called `|assertion |\s+left: |"
    r"\s+right: |index out of bounds|attempt to |explicit panic|kata-agent\.service: "
)

_OWN = {Kind.SANITIZER: _SANITIZER, Kind.OOM: _OOM, Kind.AGENT: _AGENT}

_BODY = re.compile(r"[Cc]all [Tt]race|Backtrace|---\[ end|stack backtrace|Mem-Info")
_PATIENCE = 8
"""How many quiet looks a report is given whose end has not come: a busy host stops its
guests in mid-line, and half a report says half of what happened."""

_RETURN = r"\ ?</TASK>|\ (?:ret_from_fork|secondary_startup|entry_SYSCALL|el0t?_)|---\[ end"
_CRASH_END = re.compile(r"---\[ end")
_LAST = {
    Kind.PANIC: re.compile(r"---\[ end Kernel|Kernel Offset|Rebooting in"),
    Kind.OOPS: _CRASH_END,
    Kind.BUG: _CRASH_END,
    Kind.WARNING: _CRASH_END,
    Kind.SANITIZER: re.compile(r"={20,}|---\[ end"),
    Kind.OOM: re.compile(r"(?:Memory cgroup out|Out) of memory|Killed process|oom_reaper: "),
    Kind.HARD_LOCKUP: re.compile(_RETURN),
    Kind.SOFT_LOCKUP: re.compile(_RETURN),
    Kind.RCU_STALL: re.compile(_RETURN),
    Kind.HUNG_TASK: re.compile(_RETURN),
}
"""With which line a report has said the most of it. A kind that is not here always has."""

_END = re.compile(r"---\[ end Kernel panic")


@dataclass(slots=True)
class Trace:
    """A report that is not over yet.

    Attributes:
        kind: None while only `[ cut here ]` or a row of `=` was seen.
        is_whole: the line came with which it has said the most of it.
        looks: how often it was found as it was the time before.
        is_told: its alert was given already; what else belongs to it raises no other one.
    """

    caller: str
    start: int
    end: int
    kind: Kind | None = None
    title: str = ""
    lines: int = 1
    misses: int = 0
    has_body: bool = False
    is_whole: bool = False
    looks: int = -1
    is_told: bool = False

    def alert(self) -> Alert:
        """The alert it makes."""
        assert self.kind is not None
        return Alert(
            self.kind, self.title, severity_of(self.kind), self.start, self.end, self.lines
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing more is waited for."""
        return self.misses >= MAX_MISSES or self.lines >= MAX_LINES

    def takes(self, text: str) -> bool:
        """Whether a line that opens nothing belongs to it."""
        if self.kind is None:
            return False
        own = _OWN.get(self.kind)
        if own is not None and own.match(text):
            return True
        return self.kind is not Kind.FILESYSTEM and _LINES.match(text) is not None

    def extend(self, text: str, end: int) -> bool:
        """Take a line; whether it is surely the last one."""
        self.end = end
        self.lines += 1
        self.misses = 0
        self.looks = -1
        self.has_body = self.has_body or _BODY.match(text) is not None
        self._notice_end(text)
        return _END.match(text) is not None

    def look(self) -> bool:
        """Look whether it still grows; whether it is time to tell of it."""
        self.looks += 1
        return self.looks >= (1 if self.is_whole else _PATIENCE)

    def _notice_end(self, text: str) -> None:
        if self.kind is not None:
            last = _LAST.get(self.kind)
            self.is_whole = self.is_whole or last is None or last.match(text) is not None

    def becomes(self, kind: Kind, text: str) -> None:
        """Take its kind from a line, unless that is less grave than what it is."""
        if self.kind is None or GRAVITY[kind] < GRAVITY[self.kind]:
            self.kind = kind
            self.title = text[:MAX_TITLE_CHARS]
            self.is_whole = False
            self._notice_end(text)

    def retitle(self, text: str) -> None:
        """A later line says better what happened."""
        self.title = text[:MAX_TITLE_CHARS]
