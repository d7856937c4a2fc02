"""What a state looks like, and what an empty pane says."""

from __future__ import annotations

import unicodedata
from itertools import product

import msgspec
import pytest
from rich.cells import cell_len

from core.proxy.types import ProxyType
from core.sandboxes.model import (
    AlertFacts,
    ConsoleState,
    ProxyState,
    SandboxFacts,
    ScanFacts,
)
from core.settings import Severity
from tests.fakes import NOON, sandbox
from tests.tui.stage import HOSTILE
from tui.actions import STOCK, Keymap
from tui.states import TONES, duration, in_trouble, sentences, sign_of, state_words, why_empty


def alerting(kind: str, severity: Severity, *, generation: str = "now") -> SandboxFacts:
    """A live guest in which the scanner found something."""
    alert = AlertFacts(kind=kind, title="it said so", severity=severity, generation=generation)
    facts = sandbox("vm1", generation="now")
    return msgspec.structs.replace(facts, scan=ScanFacts(alerts=1, last=alert))


EVERY_STATE = [
    sandbox("vm1", state, proxy=proxy, debug=debug)
    for state, proxy, debug in product(ConsoleState, ProxyState, (True, False))
]


def seen(facts: SandboxFacts) -> tuple[str, str]:
    sign = sign_of(facts, NOON)
    return sign.word, sign.tone


@pytest.mark.parametrize("facts", EVERY_STATE)
def test_every_state_has_glyph_word_and_tone(facts: SandboxFacts) -> None:
    sign = sign_of(facts, NOON)
    assert cell_len(sign.glyph) == len(sign.glyph) == 1
    assert sign.word
    assert sign.tone in TONES


@pytest.mark.parametrize("facts", EVERY_STATE)
def test_an_empty_pane_always_says_why(facts: SandboxFacts) -> None:
    said = why_empty(facts, NOON)
    assert ". " in said or said.endswith(".")
    assert said[0].isupper()


def test_no_glyph_is_wider_or_rarer_than_a_border() -> None:
    glyphs = {sign.glyph for sign, _ in state_words()} | {
        sign_of(facts, NOON).glyph for facts in EVERY_STATE
    }
    for glyph in glyphs:
        # "Ambiguous" is what the lines of a border are; wide and emoji ones are not there.
        assert unicodedata.east_asian_width(glyph) in ("N", "A")
        assert unicodedata.category(glyph) == "So"


def test_help_shows_every_sign_there_is() -> None:
    known = {sign.glyph for sign, _ in state_words()}
    panic = alerting("panic", Severity.CRITICAL)
    assert known == {sign_of(facts, NOON).glyph for facts in (*EVERY_STATE, panic)} | {"◐"}


def test_a_dying_guest_is_called_by_what_kills_it() -> None:
    facts = alerting("soft-lockup", Severity.CRITICAL)
    assert seen(facts) == ("soft lockup", "failed")
    assert seen(alerting("\x1b[2J[b]x", Severity.CRITICAL))[0].isprintable()


def test_an_alert_of_a_life_before_says_nothing_of_this_one() -> None:
    assert seen(alerting("panic", Severity.CRITICAL, generation="an earlier one"))[0] == "live"


@pytest.mark.parametrize(
    ("silent_s", "word", "tone"),
    [
        (0.0, "live", "live"),
        (5.0, "live", "live"),
        (5.9, "silent 5s", "silent"),
        (9.0, "silent 9s", "silent"),
    ],
)
def test_live_means_a_byte_within_five_seconds(silent_s: float, word: str, tone: str) -> None:
    assert seen(sandbox("vm1", silent_s=silent_s)) == (word, tone)


def test_a_console_without_a_byte_is_silent_since_it_was_attached() -> None:
    facts = sandbox("vm1", silent_s=NOON)
    assert sign_of(facts, facts.console.since + 42).word == "silent 42s"


@pytest.mark.parametrize(
    ("facts", "word", "tone"),
    [
        (sandbox("a", ConsoleState.ABSENT), "absent", "waiting"),
        (sandbox("a", ConsoleState.CONNECTING), "connecting", "waiting"),
        (sandbox("a", ConsoleState.WAITING), "waiting", "waiting"),
        (sandbox("a", ConsoleState.HELD), "held", "waiting"),
        (sandbox("a", ConsoleState.ENDED), "ended", "ended"),
        (sandbox("a", ConsoleState.FAILED), "failed", "failed"),
        (sandbox("a", ConsoleState.NOT_WATCHED), "stopped", "off"),
        (
            sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.RUNNING, debug=False),
            "not watched",
            "off",
        ),
        (sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.STARTING), "starting", "waiting"),
        (sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.FAILED), "failed", "failed"),
    ],
)
def test_states_are_told_apart(facts: SandboxFacts, word: str, tone: str) -> None:
    assert seen(facts) == (word, tone)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            sandbox(
                "a", ConsoleState.ABSENT, reason="/run/a.sock does not exist", hint="Start it."
            ),
            ["/run/a.sock", "Start it.", "as soon as it appears"],
        ),
        (sandbox("a", ConsoleState.ABSENT, console="unix:/run/a.sock"), ["unix:/run/a.sock"]),
        (sandbox("a", ConsoleState.CONNECTING, console="unix:/run/a.sock"), ["unix:/run/a.sock"]),
        (sandbox("a", ConsoleState.WAITING), ["QEMU serves one", "closed"]),
        (sandbox("a", ConsoleState.HELD, holder=(812, "kata-proxy")), ["812 (kata-proxy)"]),
        (sandbox("a", silent_s=42.0), ["silent for 42s", "Press a key", "console=ttyS0"]),
        (sandbox("a", silent_s=1.0), ["Connected.", "Nothing was printed yet."]),
        (sandbox("a", ConsoleState.ENDED, reason="VMM exited"), ["ended", "VMM exited"]),
        (
            sandbox("a", ConsoleState.FAILED, reason="Permission denied", hint="Run it with sudo."),
            ["failed", "Permission denied", "Run it with sudo."],
        ),
        (sandbox("a", ConsoleState.NOT_WATCHED), ["stopped", "Press s"]),
        (
            sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.RUNNING, debug=False),
            ["Debug watching is off", "Press d"],
        ),
        (
            sandbox(
                "a",
                ConsoleState.NOT_WATCHED,
                proxy=ProxyState.RUNNING,
                proxy_type=ProxyType.NOOP,
                reason="a noopProxy never watches its console",
            ),
            ["A noopProxy never watches"],
        ),
        (
            sandbox(
                "a",
                ConsoleState.NOT_WATCHED,
                proxy=ProxyState.FAILED,
                proxy_reason="agent URL is missing",
            ),
            ["The proxy failed", "Agent URL is missing", "Press s to try again"],
        ),
    ],
)
def test_the_reason_names_the_thing_and_what_to_do(facts: SandboxFacts, words: list[str]) -> None:
    said = why_empty(facts, NOON)
    for each in words:
        assert each in said


@pytest.mark.parametrize("text", HOSTILE)
def test_reasons_from_outside_are_made_safe(text: str) -> None:
    said = why_empty(
        sandbox("a", ConsoleState.HELD, reason=text, hint=text, holder=(1, text)), NOON
    )
    assert said.isprintable()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86400 * 3, "3d")],
)
def test_durations_are_told_in_their_largest_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize("text", ["unix:/run/a.sock.", "/run/a.sock is gone.", "vm1 ended."])
def test_a_path_or_a_name_keeps_its_letters(text: str) -> None:
    assert sentences(text) == text


def test_sentences_begin_large_end_with_a_stop_and_leave_nothing_empty() -> None:
    assert sentences("one", "", "two.", " three? ") == "One. Two. Three?"
    assert sentences("", "  ") == ""


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (sandbox("a"), False),
        (sandbox("a", silent_s=900.0), False),
        (sandbox("a", ConsoleState.ABSENT), False),
        (sandbox("a", ConsoleState.HELD, proxy_type=ProxyType.KATA), False),
        (sandbox("a", ConsoleState.HELD), True),
        (alerting("panic", Severity.CRITICAL), True),
        (alerting("hung-task", Severity.WARNING), False),
        (alerting("panic", Severity.CRITICAL, generation="an earlier one"), False),
        (sandbox("a", ConsoleState.WAITING), True),
        (sandbox("a", ConsoleState.FAILED), True),
        (sandbox("a", proxy=ProxyState.FAILED), True),
        (sandbox("a", trouble="No space left on device"), True),
    ],
)
def test_trouble_is_what_needs_somebody(facts: SandboxFacts, expected: bool) -> None:
    assert in_trouble(facts) is expected


def test_a_moved_key_is_named_wherever_a_sentence_tells_to_press_it() -> None:
    keys = Keymap({**STOCK.keys, "toggle-proxy": ("f5",), "toggle-debug": ()})
    stopped = sandbox("a", ConsoleState.NOT_WATCHED)
    assert "Press f5 to start it" in why_empty(stopped, NOON, keys)
    unwatched = sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.RUNNING, debug=False)
    assert "Choose debug among the commands (:) to turn it on" in why_empty(unwatched, NOON, keys)
    assert any("Press f5" in meaning for _, meaning in state_words(keys))
