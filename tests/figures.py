"""Figures that tests give of what they tried, told together at the end of a run.

A test takes the fixture `figure` and calls it once: `figure("T9", "20,000 tries, ...")`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

Figure = Callable[[str, str], None]

_PROPERTY = "figure"


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Tells what a test found, under the number of the risk it is about."""

    def tell(number: str, found: str) -> None:
        record_property(_PROPERTY, f"{number:<4} {found}")

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all tests, also of those that ran in other processes."""
    found = {
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == _PROPERTY
    }
    if found:
        terminalreporter.section("figures")
        for line in sorted(found, key=lambda line: (int(line[1:4]), line)):
            terminalreporter.write_line(line)
