"""What was asked for lately is still there, and the memory is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.pane.lately import Lately

SIZE = 4


@given(st.lists(st.integers(0, 20), max_size=80))
def test_whatever_was_asked_for_within_the_last_few_is_still_there(keys: list[int]) -> None:
    lately: Lately[int, str] = Lately(SIZE)
    asked: list[int] = []
    for key in keys:
        found = lately.get(key)
        others = set(asked[asked_since(asked, key) :]) - {key}
        if key in asked and len(others) < SIZE:
            assert found == str(key)
        assert found in (None, str(key))
        if found is None:
            assert lately.put(key, str(key)) == str(key)
        asked.append(key)
        assert len(lately) <= 2 * SIZE


def asked_since(asked: list[int], key: int) -> int:
    """Where `key` was asked for last."""
    return len(asked) - 1 - asked[::-1].index(key) if key in asked else len(asked)
