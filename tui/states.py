"""What a sandbox's state looks like, and why its pane is empty.

A state is a glyph, a word and a tone, never a colour alone. Here and nowhere else
facts become words for the list, the details and the panes.
"""

from __future__ import annotations

from typing import NamedTuple

from core.console import SafeStr, safe_text
from core.proxy.types import ProxyType
from core.sandboxes.model import AlertFacts, ConsoleState, ProxyState, SandboxFacts
from core.settings import Severity
from tui.actions import STOCK, Keymap

LIVE_S = 5.0
"""A console that gave a byte within this many seconds is live; else it is silent."""

ALERT_GLYPH = "▲"
SILENT_GLYPH = "◐"

_SENTENCE_LIMIT = 1500


class Sign(NamedTuple):
    """A state as it is shown."""

    glyph: str
    """One character, one column wide: no emoji, and no rarer than the lines of a border."""
    word: SafeStr
    tone: str
    """live, silent, waiting, off, ended or failed: the theme colours it `$gw-<tone>`."""


TONES = ("live", "silent", "waiting", "off", "ended", "failed")


def _sign(glyph: str, word: str, tone: str) -> Sign:
    return Sign(glyph, safe_text(word), tone)


_LIVE = _sign("●", "live", "live")
_STOPPED = _sign("○", "stopped", "off")
_STARTING = _sign("◇", "starting", "waiting")
_FAILED = _sign("✘", "failed", "failed")
_ALERT = _sign(ALERT_GLYPH, "panic", "failed")
_SIGNS = {
    ConsoleState.ABSENT: _sign("◇", "absent", "waiting"),
    ConsoleState.CONNECTING: _sign("◇", "connecting", "waiting"),
    ConsoleState.WAITING: _sign("◇", "waiting", "waiting"),
    ConsoleState.HELD: _sign("◆", "held", "waiting"),
    ConsoleState.ENDED: _sign("■", "ended", "ended"),
    ConsoleState.FAILED: _FAILED,
    ConsoleState.NOT_WATCHED: _sign("○", "not watched", "off"),
}


def sign_of(facts: SandboxFacts, now: float) -> Sign:
    """The state of a sandbox at a glance.

    Args:
        facts: what capture told last.
        now: seconds since the epoch, UTC.
    """
    if facts.proxy.state is ProxyState.FAILED:
        return _FAILED
    if (alert := gravest(facts)) is not None:
        return _sign(_ALERT.glyph, _kind(alert), _ALERT.tone)
    state = facts.console.state
    if state is ConsoleState.CONNECTED:
        silent_s = silent_for(facts, now)
        if silent_s <= LIVE_S:
            return _LIVE
        return _sign(SILENT_GLYPH, f"silent {duration(silent_s)}", "silent")
    if state is ConsoleState.NOT_WATCHED:
        if facts.proxy.state is ProxyState.STOPPED:
            return _STOPPED
        if facts.proxy.state is ProxyState.STARTING:
            return _STARTING
    return _SIGNS[state]


def gravest(facts: SandboxFacts) -> AlertFacts | None:
    """The alert that says the present guest is dead or dying; None when there is none."""
    last = facts.scan.last
    if last is None or last.generation != facts.generation:
        return None
    return last if last.severity is Severity.CRITICAL else None


def _kind(alert: AlertFacts) -> str:
    """What an alert is called, in the list's width."""
    return safe_text(alert.kind.replace("-", " "), limit=24)


def why_empty(facts: SandboxFacts, now: float, keys: Keymap = STOCK) -> SafeStr:
    """Why there is nothing to see in this sandbox's pane, and what to do about it.

    Args:
        facts: what capture told last.
        now: seconds since the epoch, UTC.
        keys: which key does it.
    """
    console = facts.console
    if facts.proxy.state is ProxyState.FAILED:
        hint = console.hint or f"{keys.press('toggle-proxy')} to try again"
        return sentences("The proxy failed", facts.proxy.reason, hint)
    match console.state:
        case ConsoleState.ABSENT:
            return sentences(
                "There is no console yet",
                console.reason or f"Nothing is at {facts.spec.console}",
                console.hint,
                "It is attached to as soon as it appears",
            )
        case ConsoleState.CONNECTING:
            return safe_text(f"Connecting. {facts.spec.console}", limit=_SENTENCE_LIMIT)
        case ConsoleState.WAITING:
            return sentences("Waiting for its turn", console.reason, console.hint or _CLOSE_OTHER)
        case ConsoleState.HELD:
            reason = "" if console.consequence else console.reason
            return sentences(
                f"The console is held by {_holder(facts)}",
                reason,
                console.consequence,
                console.hint,
                _take(facts, keys),
            )
        case ConsoleState.CONNECTED:
            silent_s = silent_for(facts, now)
            if silent_s <= LIVE_S:
                return sentences("Connected", "Nothing was printed yet")
            return sentences(
                f"Connected, and silent for {duration(silent_s)}",
                "Press a key in the guest, or boot it with console=ttyS0 if it prints elsewhere",
            )
        case ConsoleState.ENDED:
            return sentences("The console ended", console.reason, console.hint)
        case ConsoleState.FAILED:
            return sentences("The console failed", console.reason, console.hint)
        case ConsoleState.NOT_WATCHED:
            return _not_watched(facts, keys)


def in_trouble(facts: SandboxFacts) -> bool:
    """Whether somebody should look: it failed, others have it, it panicked, or is not whole."""
    return (
        ProxyState.FAILED is facts.proxy.state
        or facts.console.state in (ConsoleState.FAILED, ConsoleState.WAITING)
        or _is_elsewhere(facts)
        or gravest(facts) is not None
        or bool(facts.recording_trouble)
    )


def _is_elsewhere(facts: SandboxFacts) -> bool:
    """Whether a stranger has the console; what a kata-proxy of ours reads is recorded."""
    is_held = facts.console.state is ConsoleState.HELD
    return is_held and facts.spec.proxy_type is not ProxyType.KATA


def silent_for(facts: SandboxFacts, now: float) -> float:
    """Seconds since the last byte, or since the console was attached when none came yet."""
    return max(0.0, now - max(facts.traffic.last_byte_at, facts.console.since))


def duration(seconds: float) -> SafeStr:
    """A span of time in its largest unit: `9s`, `4m`, `3h`, `2d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return safe_text(f"{int(seconds // size)}{unit}")
    return safe_text(f"{int(seconds)}s")


def state_words(keys: Keymap = STOCK) -> tuple[tuple[Sign, str], ...]:
    """Each sign with what it means, for the help screen."""
    start, take = keys.press("toggle-proxy"), keys.press("take")
    return (
        (_LIVE, "The guest printed something in the last 5 seconds"),
        (_sign(SILENT_GLYPH, "silent 9s", "silent"), "Connected; nothing was printed for so long"),
        (_SIGNS[ConsoleState.ABSENT], "Nothing is at the console's path yet"),
        (_SIGNS[ConsoleState.WAITING], "Another client has the console; we are next"),
        (_SIGNS[ConsoleState.HELD], "Another process reads the console"),
        (_SIGNS[ConsoleState.ENDED], "The guest or its VMM went away"),
        (_ALERT, "What the guest printed says that it is dead or dying"),
        (_FAILED, "The pane says why, and what to do"),
        (_STOPPED, f"The proxy does not run. {start} to start it"),
        (
            _SIGNS[ConsoleState.NOT_WATCHED],
            f"Debug is off, or watching it needs your yes. {take} to attach it",
        ),
    )


_CLOSE_OTHER = (
    "Another client has this console. QEMU serves one at a time and lets the next one wait"
    " without a word; ss -xp finds the other, and when it is closed this one is served"
)


def what_helps(facts: SandboxFacts, keys: Keymap = STOCK) -> SafeStr:
    """What to do about a console that others have, and which key does it."""
    return sentences(facts.console.hint, _take(facts, keys))


def _take(facts: SandboxFacts, keys: Keymap) -> str:
    is_takeable = facts.console.is_takeable
    return f"{keys.press('take')} to attach it all the same" if is_takeable else ""


def _not_watched(facts: SandboxFacts, keys: Keymap) -> SafeStr:
    if facts.proxy.state is ProxyState.STOPPED:
        return sentences("The proxy is stopped", f"{keys.press('toggle-proxy')} to start it")
    if facts.proxy.state is ProxyState.STARTING:
        return sentences("The proxy is starting")
    if not facts.spec.debug:
        return sentences("Debug watching is off", f"{keys.press('toggle-debug')} to turn it on")
    console = facts.console
    return sentences(
        "Not watched", console.reason, console.consequence, console.hint, _take(facts, keys)
    )


def _holder(facts: SandboxFacts) -> str:
    pid, name = facts.console.holder_pid, facts.console.holder_name
    if not pid:
        return name or "another process"
    return f"pid {pid} ({name})" if name else f"pid {pid}"


def sentences(*parts: str) -> SafeStr:
    """The parts that say something, each as a sentence, in one safe line."""
    said = [part.strip() for part in parts if part.strip()]
    ended = [part if part[-1] in ".!?…" else f"{part}." for part in said]
    return safe_text(" ".join(_begun(part) for part in ended), limit=_SENTENCE_LIMIT)


def _begun(sentence: str) -> str:
    """`sentence` with a capital, unless it begins with a path, a URL or a name."""
    word = sentence.partition(" ")[0].rstrip(".,;:?!")
    is_word = word.isalpha() and word.islower()
    return sentence[0].upper() + sentence[1:] if is_word else sentence
