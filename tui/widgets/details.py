"""All that is known of the selected sandbox, and what is wrong with it."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.reactive import reactive

from core.console import SafeStr, safe_text
from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts
from tui import amounts
from tui.actions import Keymap, keymap_of
from tui.literal import literal
from tui.states import gravest, in_trouble, sentences, sign_of, what_helps, why_empty
from tui.widgets.ink import Inked, middle_cut

_LABEL_COLUMNS = 9
_REASON_LINES = 6
_LAG_BYTES = 1_000_000
"""A scanner that is less behind than this is told within a blink."""


class Details(Inked):
    """The block below the list."""

    DEFAULT_CSS = """
    Details {
        height: auto;
        max-height: 60%;
        padding: 0 1;
        border-top: solid $gw-frame;
    }
    """

    facts: reactive[SandboxFacts | None] = reactive(None, layout=True)
    now: reactive[float] = reactive(0.0, repaint=False)
    """Seconds since the epoch, UTC."""

    def render(self) -> Content:
        """One line a fact, then why the sandbox is in trouble."""
        facts = self.facts
        width = self.size.width
        if facts is None or width < _LABEL_COLUMNS + 4:
            return Content("")
        lines = [self._pair(label, value, width) for label, value in _pairs(facts)]
        reason, hint = _trouble(facts, self.now, keymap_of(self.app))
        is_held = facts.console.state is ConsoleState.HELD
        tone = "failed" if in_trouble(facts) and not is_held else sign_of(facts, self.now).tone
        paragraphs = self._wrapped(reason, tone, width) + self._wrapped(hint, "quiet", width)
        if paragraphs:
            lines += [Content(""), *paragraphs]
        return Content("\n").join(lines)

    def _pair(self, label: str, value: SafeStr, width: int) -> Content:
        name = self.own(label, "quiet").truncate(_LABEL_COLUMNS, pad=True)
        return name + self.ink(middle_cut(value, width - _LABEL_COLUMNS), "plain")

    def _wrapped(self, text: SafeStr, ink: str, width: int) -> list[Content]:
        if not text:
            return []
        lines = literal(text).wrap(width)
        if len(lines) > _REASON_LINES:
            last = lines[_REASON_LINES - 1].truncate(width - 1) + literal(safe_text("…"))
            lines = [*lines[: _REASON_LINES - 1], last]
        style = self.get_visual_style(f"ink--{ink}", partial=True)
        return [line.stylize(style) for line in lines]


def _pairs(facts: SandboxFacts) -> list[tuple[str, SafeStr]]:
    spec, proxy = facts.spec, facts.proxy
    state = proxy.state.value
    if proxy.state is ProxyState.RUNNING and proxy.pid:
        state = f"{state} · pid {proxy.pid}"
    pairs = [("proxy", safe_text(spec.proxy_type.value)), ("", safe_text(state))]
    if facts.name != facts.id:
        pairs.insert(0, ("id", safe_text(facts.id)))
    pairs.append(("console", safe_text(spec.console or "none", limit=4096)))
    pairs.append(("debug", safe_text("on" if spec.debug else "off")))
    if facts.vmm_pid:
        pairs.append(("vmm", safe_text(f"pid {facts.vmm_pid}")))
    if facts.generation:
        pairs.append(("boot", _generation(facts.generation)))
        if facts.traffic.bytes:
            pairs.append(("recorded", amounts.size(facts.traffic.bytes)))
    if facts.disk_bytes:
        pairs.append(("on disk", safe_text(f"{amounts.size(facts.disk_bytes)}, all boots")))
    pairs += _alerts(facts)
    return pairs


def _alerts(facts: SandboxFacts) -> list[tuple[str, SafeStr]]:
    """What the scanner found, and how far it is behind when that is much."""
    scan, pairs = facts.scan, []
    if scan.alerts:
        pairs.append(("alerts", safe_text(f"{scan.alerts:,}")))
    if scan.last is not None:
        when = f"{datetime.fromtimestamp(scan.last.wall):%H:%M:%S}"
        pairs.append(("last", safe_text(f"{scan.last.kind} at {when}", limit=64)))
    if scan.lag_bytes >= _LAG_BYTES:
        pairs.append(("scan", safe_text(f"{amounts.size(scan.lag_bytes)} behind")))
    return pairs


def _generation(name: str) -> SafeStr:
    """`000002-20261123T120133.123Z` as its number and when it began, by the local clock."""
    number, _, began = name.partition("-")
    try:
        moment = datetime.strptime(f"{began}+0000", "%Y%m%dT%H%M%S.%fZ%z").astimezone()
        return safe_text(f"{int(number)}, at {moment:%H:%M:%S}")
    except (ValueError, OverflowError):
        return safe_text(name)


def _trouble(facts: SandboxFacts, now: float, keys: Keymap) -> tuple[SafeStr, SafeStr]:
    """Why the sandbox is as it is, and what to do about it."""
    if facts.recording_trouble:
        return sentences(facts.recording_trouble), safe_text("")
    if facts.proxy.state is ProxyState.FAILED:
        return sentences(facts.proxy.reason), sentences(facts.console.hint)
    if (alert := gravest(facts)) is not None:
        return sentences(alert.title), safe_text("")
    if facts.console.state is ConsoleState.CONNECTED:
        return sentences(facts.console.note), safe_text("")
    if facts.console.state is ConsoleState.HELD or facts.console.is_takeable:
        # The pane says what that would do to others.
        return sentences(facts.console.reason), what_helps(facts, keys)
    if facts.console.state is ConsoleState.NOT_WATCHED:
        return why_empty(facts, now, keys), safe_text("")
    return sentences(facts.console.reason), sentences(facts.console.hint)
