"""One line a figure: `name value budget ok|SHORT`."""

from __future__ import annotations


def report(
    name: str, value: float, *, at_least: float | None = None, at_most: float | None = None
) -> None:
    """Print a figure beside its budget."""
    if at_least is not None:
        budget, is_met = f">={at_least:g}", value >= at_least
    else:
        assert at_most is not None
        budget, is_met = f"<={at_most:g}", value <= at_most
    verdict = "ok" if is_met else "SHORT"
    print(f"{name.replace(' ', '-')} {value:.4g} {budget} {verdict}", flush=True)
