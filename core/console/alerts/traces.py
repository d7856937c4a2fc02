"""The reports that are open at a moment, and which of them a line belongs to.

Theory of operation. With printk's caller ids every task and CPU has a report of its
own, however their lines interleave. Without them there is one report at a time:
the reports of two CPUs that oops together become one alert of their joint extent, or,
when the second begins behind the first one's call trace, two alerts that follow each
other; either way no line between is missing. A panic that follows anything is the same
event: the graver kind and its line take over, the extent is that of both.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from core.console.alerts.message import Message
from core.console.alerts.model import GRAVITY, Alert, Kind
from core.console.alerts.openers import Opener
from core.console.alerts.trace import Trace

MAX_OPEN = 16
"""A guest with more CPUs in trouble than this loses the ends of the oldest reports."""

_UNSTAMPED = "-"

_FOREWORD = re.compile(r"-{8,}\[ cut here \]|={64,}$")
_KILLED = re.compile(r"(?:Memory cgroup out|Out) of memory(?: \([\w ]+\))?: Kill")

_CRASHES = frozenset({Kind.PANIC, Kind.OOPS, Kind.BUG})
"""What `Oops: 0002 [#1]` and its like come behind, and say nothing new of."""


class Traces:
    """Open reports, at most `MAX_OPEN`."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Trace] = OrderedDict()

    @property
    def is_open(self) -> bool:
        """Whether a line may belong to one."""
        return bool(self._open)

    @property
    def is_untold(self) -> bool:
        """Whether one has an alert to give."""
        return any(trace.kind is not None and not trace.is_told for trace in self._open.values())

    def first_untold(self, otherwise: int) -> int:
        """Where the first report begins whose alert is still to be given."""
        untold = (trace.start for trace in self._open.values() if not trace.is_told)
        return min(untold, default=otherwise)

    def take(self, message: Message, opener: Opener | None, start: int, end: int) -> list[Alert]:
        """Put a line in its place; returns the alerts of reports that are over by it."""
        # What a program prints is not part of what the kernel, which stamps, reports.
        key = message.caller or ("" if message.is_stamped else _UNSTAMPED)
        if opener is not None:
            return self._open_one(key, message.text, opener, start, end)
        trace = self._open.get(key) or self._newest(is_stamped=message.is_stamped)
        is_foreword = _FOREWORD.match(message.text) is not None
        if is_foreword and (trace is None or trace.kind is not Kind.SANITIZER):
            done = self._close(key) if key in self._open else []
            return done + self._add(Trace(key, start, end))
        if trace is not None and trace.takes(message.text):
            if trace.extend(message.text, end):
                return self._close(trace.caller)
            return self._missed(but=trace)
        if not message.text.strip() and message.is_stamped:
            return []
        return self._missed()

    def quiet(self) -> list[Alert]:
        """Tell of the reports that have not grown since the last call, or for some if their end
        is still to come.
        """
        told = []
        for trace in self._open.values():
            if trace.look() and trace.kind is not None and not trace.is_told:
                trace.is_told = True
                told.append(trace.alert())
        return told

    def close_all(self) -> list[Alert]:
        """Nothing more comes."""
        alerts: list[Alert] = []
        while self._open:
            alerts += self._close(next(iter(self._open)))
        return alerts

    def _open_one(self, key: str, text: str, opener: Opener, start: int, end: int) -> list[Alert]:
        trace = self._open.get(key)
        if trace is not None and _is_same(trace, opener):
            if trace.is_told and not _is_news(trace, opener):
                trace.extend(text, end)
                return []
            if not trace.is_told:
                if trace.kind is Kind.OOM and _KILLED.match(text):
                    trace.retitle(text)
                if not (opener.is_aftermath and trace.kind in _CRASHES):
                    trace.becomes(opener.kind, text)
                trace.extend(text, end)
                return self._missed(but=trace)
        done = self._close(key) if trace is not None else []
        fresh = Trace(key, start, end)
        fresh.becomes(opener.kind, text)
        return done + self._add(fresh)

    def _add(self, trace: Trace) -> list[Alert]:
        self._open[trace.caller] = trace
        alerts = self._missed(but=trace)
        if len(self._open) > MAX_OPEN:
            alerts += self._close(next(iter(self._open)))
        return alerts

    def _missed(self, but: Trace | None = None) -> list[Alert]:
        """A line went by that was not theirs."""
        over = []
        for trace in self._open.values():
            if trace is not but:
                trace.misses += 1
            if trace.is_over or (trace.kind is None and trace.misses > 2):
                over.append(trace.caller)
        return [alert for caller in over for alert in self._close(caller)]

    def _newest(self, *, is_stamped: bool) -> Trace | None:
        for key, trace in reversed(self._open.items()):
            if trace.kind is not None and (key != _UNSTAMPED) == is_stamped:
                return trace
        return None

    def _close(self, caller: str) -> list[Alert]:
        trace = self._open.pop(caller)
        return [trace.alert()] if trace.kind is not None and not trace.is_told else []


def _is_same(trace: Trace, opener: Opener) -> bool:
    """Whether a line that could begin a report goes on with this one."""
    if trace.kind is None or opener.kind is Kind.PANIC:
        return True
    if opener.kind is Kind.FILESYSTEM or trace.kind is Kind.FILESYSTEM:
        return opener.kind is trace.kind
    if trace.kind is Kind.OOM:
        return opener.kind is Kind.OOM and opener.is_aftermath
    if opener.kind is trace.kind is Kind.AGENT:
        return True
    if trace.has_body:
        return False
    # Without caller ids two CPUs that crash together are told from one by nothing.
    return opener.is_aftermath or opener.kind is trace.kind is Kind.OOPS


def _is_news(trace: Trace, opener: Opener) -> bool:
    """Whether a report that was told of has become worse."""
    return trace.kind is None or GRAVITY[opener.kind] < GRAVITY[trace.kind]
