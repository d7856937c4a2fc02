"""The first look at whole blocks misses no line that a closer look would take."""

from __future__ import annotations

import pytest

from core.console.alerts import Rules
from core.console.alerts.message import message_of
from core.console.alerts.openers import is_boot, login_prompt, opener_of
from tests.core.console.alerts.texts import TEXTS, Text

RULES = Rules()


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_line_that_begins_an_alert_is_a_candidate(text: Text) -> None:
    for line in text.data.split(b"\n"):
        said = message_of(line).text
        if opener_of(said) is not None or login_prompt(said) or is_boot(said):
            assert RULES.candidates.search(line) is not None, line


def test_few_lines_of_a_boot_are_candidates() -> None:
    (boot,) = (text for text in TEXTS if text.name == "near-recorded-boot")
    lines = boot.data.split(b"\n")
    candidates = [line for line in lines if RULES.candidates.search(line) is not None]
    assert len(candidates) < 0.02 * len(lines)
