"""Finds alerts in a generation's bytes, in whatever pieces they come.

Theory of operation. A first pass over whole blocks finds the few lines that may matter
(one RE2 expression, some 700 MB/s); only these are taken apart. While a report is open
every line is. The pieces in which bytes come change nothing: the same bytes give the
same alerts, except that `idle` gives some of them earlier.

Memory is flat: of a line 8 KiB are kept, of a report a title and a few numbers, and at
most 16 reports are open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.console.alerts import rules as rules_module
from core.console.alerts.message import MAX_LINE_BYTES, Message, message_of, plain
from core.console.alerts.model import MAX_TITLE_CHARS, Alert, Kind, severity_of
from core.console.alerts.openers import is_boot, login_prompt, opener_of
from core.console.alerts.rules import Rules
from core.console.alerts.traces import Traces
from core.settings import AlertPattern

MAX_OF_A_KIND = 256
"""A generation raises no more alerts of one kind: the 257th tells nobody anything new, and
a guest could fill the ledger with them."""

_LOOKS = 2
"""A line without an end is a prompt once it stood still from one `idle` to the next."""


class Detector:
    """Finds the alerts of one generation.

    Args:
        patterns: the user's own; or rules that many detectors share.

    Raises:
        InvalidAlertPattern: a pattern cannot be used.
    """

    def __init__(self, patterns: Sequence[AlertPattern] | Rules = ()) -> None:
        self._rules = patterns if isinstance(patterns, Rules) else Rules(patterns)
        self._traces = Traces()
        self._raised: Counter[str] = Counter()
        self._next = 0
        self._line = b""
        """What is kept of the line that has no end yet."""
        self._line_start = 0
        self._line_length = 0
        self._looks = 0
        """How often `idle` found that line as it was."""
        self._told_milestones: set[Kind] = set()

    @property
    def is_waiting(self) -> bool:
        """Whether `idle` may have something to tell."""
        return self._traces.is_untold or (self._line_length > 0 and self._looks < _LOOKS)

    @property
    def resume(self) -> int:
        """Where another detector would have to begin to miss nothing that was not told."""
        line = self._line_start if self._line_length else self._next
        return min(line, self._traces.first_untold(line))

    def feed(self, offset: int, data: bytes) -> list[Alert]:
        """The alerts that are certain once `data` was seen.

        Args:
            offset: where `data` begins. Bytes left out before it end whatever was open.
            data: the next bytes.
        """
        alerts: list[Alert] = []
        if offset != self._next:
            alerts += self._flush()
        if not self._line_length:
            self._line_start = offset
        self._next = offset + len(data)
        begin = 0
        if self._line_length:
            begin = data.find(b"\n") + 1
            if not begin:
                self._keep(data, 0)
                return self._bounded(alerts)
            self._keep(data[: begin - 1], 0)
            alerts += self._whole_line(offset + begin)
        last = data.rfind(b"\n", begin) + 1
        if last > begin:
            block = data[begin:last] if begin or last < len(data) else data
            alerts += self._block(block, offset + begin)
            begin = last
        self._line_start = offset + begin
        self._keep(data, begin)
        return self._bounded(alerts)

    def idle(self) -> list[Alert]:
        """What a quiet moment tells: reports and prompts that did not grow since the last."""
        alerts = self._traces.quiet()
        if self._line_length and self._looks < _LOOKS:
            self._looks += 1
            if self._looks == _LOOKS and self._line_length <= MAX_LINE_BYTES:
                end = self._line_start + self._line_length
                alerts += self._milestone(message_of(self._line), self._line_start, end) or []
        return self._bounded(alerts)

    def flush(self) -> list[Alert]:
        """All that is left: nothing more comes. Feeding may begin anew, anywhere."""
        return self._bounded(self._flush())

    def _flush(self) -> list[Alert]:
        alerts = self._whole_line(self._line_start + self._line_length)
        return alerts + self._traces.close_all()

    def _bounded(self, alerts: list[Alert]) -> list[Alert]:
        kept = []
        for alert in alerts:
            self._raised[alert.kind] += 1
            if self._raised[alert.kind] <= MAX_OF_A_KIND:
                kept.append(alert)
        return kept

    # Lines.

    def _keep(self, data: bytes, begin: int) -> None:
        room = MAX_LINE_BYTES - len(self._line)
        if room > 0:
            self._line += data[begin : begin + room]
        if begin < len(data):
            self._line_length += len(data) - begin
            self._looks = 0

    def _whole_line(self, end: int) -> list[Alert]:
        """The line that was kept has ended."""
        if not self._line_length:
            # Nothing was kept, or an empty line, which says nothing.
            return []
        line, start = self._line, self._line_start
        self._line, self._line_length = b"", 0
        alerts = self._user_line(line, start, end)
        if self._traces.is_open or self._rules.candidates.search(line) is not None:
            alerts += self._take(line, start, end)
        return alerts

    def _block(self, block: bytes, base: int) -> list[Alert]:
        """Whole lines, each with its newline."""
        alerts = self._user_block(block, base) if self._rules.users else []
        position = 0
        while position < len(block):
            start = position
            if not self._traces.is_open:
                found = self._rules.candidates.search(block, position)
                if found is None:
                    break
                at = found.start()
                start = max(position, block.rfind(b"\n", position, at) + 1)
                position = block.find(b"\n", at) + 1
                if at - start >= MAX_LINE_BYTES:
                    continue
            else:
                position = block.find(b"\n", position) + 1
            line = block[start : min(position - 1, start + MAX_LINE_BYTES)]
            alerts += self._take(line, base + start, base + position)
        return alerts

    def _take(self, line: bytes, start: int, end: int) -> list[Alert]:
        message = message_of(line)
        if is_boot(message.text):
            self._told_milestones.clear()
        alerts = self._milestone(message, start, end)
        if alerts is not None:
            return alerts + self._traces.take(message, None, start, end)
        return self._traces.take(message, opener_of(message.text), start, end)

    # Prompts and emergency shells: told once a boot, however often they are seen.

    def _milestone(self, message: Message, start: int, end: int) -> list[Alert] | None:
        """The alert of a prompt that is reached; None when the line is no prompt."""
        text = message.text
        if length := login_prompt(text):
            return self._reached(Kind.LOGIN, text[:length], start, end)
        opener = opener_of(text)
        if opener is not None and opener.kind is Kind.SHELL:
            return self._reached(Kind.SHELL, text, start, end)
        return None

    def _reached(self, kind: Kind, title: str, start: int, end: int) -> list[Alert]:
        if kind in self._told_milestones:
            return []
        self._told_milestones.add(kind)
        return [Alert(kind, title.strip()[:MAX_TITLE_CHARS], severity_of(kind), start, end)]

    # A user's own.

    def _user_block(self, block: bytes, base: int) -> list[Alert]:
        alerts: list[Alert] = []
        bare = plain(block)
        for rule in self._rules.users:
            start, number = 0, 0
            for wanted in rules_module.lines_that_may_match(rule, bare):
                while number < wanted:
                    start = block.find(b"\n", start) + 1
                    number += 1
                end = block.find(b"\n", start) + 1
                line = block[start : min(end - 1, start + MAX_LINE_BYTES)]
                if rules_module.matches(rule, line):
                    alerts.append(_user_alert(rule, line, base + start, base + end))
        return alerts

    def _user_line(self, line: bytes, start: int, end: int) -> list[Alert]:
        return [
            _user_alert(rule, line, start, end)
            for rule in self._rules.users
            if rules_module.matches(rule, line)
        ]


def _user_alert(rule: rules_module.UserRule, line: bytes, start: int, end: int) -> Alert:
    title = message_of(line).text.strip() or plain(line).decode("utf-8", "replace").strip()
    return Alert(rule.name, title[:MAX_TITLE_CHARS], rule.severity, start, end)
