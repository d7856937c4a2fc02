"""Precision and recall, over real guests' texts and near misses."""

from __future__ import annotations

from collections import Counter

import pytest

from core.console.alerts import Alert, Detector, Kind
from tests.core.console.alerts.texts import FOLDER, TEXTS, Text


def alerts_of(data: bytes) -> list[Alert]:
    detector = Detector()
    return detector.feed(0, data) + detector.flush()


def test_the_corpus_is_large_and_says_where_each_text_is_from() -> None:
    assert len(TEXTS) >= 80
    assert sum(not text.expected for text in TEXTS) >= 20
    for path in FOLDER.iterdir():
        header = path.read_bytes().partition(b"---\n")[0].decode()
        assert header.startswith(("# Recorded", "# Composed", "# Near miss", "# After a report"))


def test_every_kind_is_in_the_corpus() -> None:
    kinds = {expected.kind for text in TEXTS for expected in text.expected}
    assert kinds == {str(kind) for kind in Kind}


def test_what_only_comes_near_an_alert_expects_none() -> None:
    for text in TEXTS:
        assert text.name.startswith("near-") == (not text.expected), text.name


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_a_text_raises_what_it_must_and_nothing_else(text: Text) -> None:
    found = sorted(alerts_of(text.data), key=lambda alert: alert.start)
    seen = [(a.kind, a.title, a.lines, a.start, a.end) for a in found]
    assert len(found) == len(text.expected), seen
    for expected, alert in zip(text.expected, found, strict=True):
        assert expected.is_met_by(alert), (expected, seen)


def test_precision_and_recall_over_the_corpus_are_one() -> None:
    right: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for text in TEXTS:
        found = alerts_of(text.data)
        for expected in text.expected:
            met = next((alert for alert in found if expected.is_met_by(alert)), None)
            if met is None:
                missed[expected.kind] += 1
            else:
                found.remove(met)
                right[expected.kind] += 1
        wrong.update(alert.kind for alert in found)
    for kind in sorted(right | missed | wrong):
        print(f"{kind:16} {_figures(right[kind], wrong[kind], missed[kind])}")
    print(f"{'all':16} {_figures(right.total(), wrong.total(), missed.total())}")
    assert not missed
    assert not wrong


def _figures(right: int, wrong: int, missed: int) -> str:
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    return f"{right:4} right, precision {precision:.2f}, recall {recall:.2f}"
