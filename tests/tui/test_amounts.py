"""Numbers for a glance."""

from __future__ import annotations

import pytest

from tui import amounts


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.0 kB"),
        (1_234, "1.2 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (48_000_000, "48 MB"),
        (1e15, "1000 TB"),
    ],
)
def test_sizes_have_two_or_three_digits(count: float, words: str) -> None:
    assert amounts.size(count) == words


def test_a_rate_says_nothing_when_nothing_comes() -> None:
    assert amounts.rate(0.4) == ""
    assert amounts.rate(1_234) == "1.2 kB/s"


@pytest.mark.parametrize("power", range(13))
def test_a_short_rate_fits_its_column(power: int) -> None:
    for factor in (1, 9.96, 99.96):
        assert len(amounts.short_rate(factor * 10**power)) <= 5


@pytest.mark.parametrize(
    ("lines", "words"), [(0, ""), (1, "+1"), (1_204, "+1,204"), (35_000, "+35k"), (2e6, "+2.0M")]
)
def test_unseen_lines_are_told_with_a_plus(lines: int, words: str) -> None:
    assert amounts.unseen(lines) == words


@pytest.mark.parametrize("power", range(12))
def test_unseen_lines_fit_their_column(power: int) -> None:
    assert len(amounts.unseen(10**power * 9)) <= 6
