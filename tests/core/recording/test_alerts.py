"""Alerts as the ledgers have them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from core.recording import History
from core.recording.alerts import Ledgers, alert_beside, alert_near, alert_of
from core.recording.events import Events
from core.recording.ledger import Fact, LedgerEntry
from tests.core.recording.made import begin, moment

STARTS = {"one": (10, 400, 400, 900), "two": (5,), "three": ()}


@pytest.fixture
def ledgers(tmp_path: Path) -> Ledgers:
    """Three lives; alerts where `STARTS` says, and a claim that nobody should believe."""
    for n, (life, starts) in enumerate(STARTS.items()):
        with closing(begin(tmp_path, life=life, at=float(100 * n))) as recorder:
            recorder.write(b"x" * 1000, moment(100 * n + 1))
            for at, start in enumerate(starts):
                facts: dict[str, Fact] = {"kind": "oops", "title": f"{life} {at}", "start": start}
                recorder.enter("alert", moment(100 * n + 2), **facts, end=start + 5)
            recorder.enter("alert", moment(100 * n + 2), kind=7, title="forged", start=500)
            recorder.enter("alert", moment(1), kind="login", title="in", start=3, severity="note")
    found = [(each, Events(each.folder)) for each in History(tmp_path / "vm1").generations]
    for _, events in found:
        while events.refresh():
            pass
    return found


@pytest.mark.parametrize(
    ("sequence", "offset", "title"),
    [
        (1, 0, "one 0"),
        (1, 10, "one 0"),
        (1, 399, "one 0"),
        (1, 600, "one 2"),
        (2, 0, "one 3"),
        (2, 5, "two 0"),
        (3, 999, "two 0"),
    ],
)
def test_the_nearest_is_the_last_one_before_or_else_the_next(
    ledgers: Ledgers, sequence: int, offset: int, title: str
) -> None:
    found = alert_near(ledgers, sequence, offset)
    assert found is not None
    assert found.title == title


def test_one_can_walk_through_all_of_them_and_back(ledgers: Ledgers) -> None:
    alert = alert_near(ledgers, 1, 0)
    titles = []
    while alert is not None:
        titles.append(alert.title)
        alert = alert_beside(ledgers, last := alert, 1)
    # Of two that begin at one place, a step shows one.
    assert titles == ["one 0", "one 1", "one 3", "two 0"]
    alert, titles = last, []
    while alert is not None:
        titles.append(alert.title)
        alert = alert_beside(ledgers, alert, -1)
    assert titles == ["two 0", "one 3", "one 2", "one 0"]


def test_no_ledgers_no_alerts() -> None:
    assert alert_near([], 1, 0) is None


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"kind": "oops"},
        {"kind": "oops", "title": "x", "start": 9, "end": 3},
        {"kind": "oops", "title": "x", "start": -1},
        {"kind": "oops", "title": "x", "wall": 1e12},
        {"kind": "oops", "title": "x", "severity": "grim"},
    ],
)
def test_what_claims_too_much_is_no_alert(facts: dict[str, Fact]) -> None:
    assert alert_of(LedgerEntry(1.0, 0, "alert", facts), "000001-x") is None
