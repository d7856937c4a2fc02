"""What the dashboard knows of the sandboxes, without a screen."""

from __future__ import annotations

import msgspec
import pytest

from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts, Traffic
from tests.fakes import sandbox
from tui.roster import Roster, has_pane, is_running, is_watched


def roster(*facts: SandboxFacts) -> Roster:
    known = Roster()
    known.replace(facts)
    return known


def ids(facts: tuple[SandboxFacts, ...]) -> list[str]:
    return [each.id for each in facts]


def test_none_known_is_not_none_there() -> None:
    assert not Roster().is_known
    assert roster().is_known
    assert roster().selected is None


def test_sandboxes_stay_in_the_order_they_appeared() -> None:
    known = roster(sandbox("b"), sandbox("a"))
    known.take(sandbox("c"))
    known.take(sandbox("b", ConsoleState.ENDED))
    assert ids(known.all) == ["b", "a", "c"]
    assert known.all[0].console.state is ConsoleState.ENDED


def test_the_first_is_selected_until_another_is() -> None:
    known = roster(sandbox("a"), sandbox("b"))
    assert known.selected == known.all[0]
    assert known.select("b")
    assert not known.select("b")
    assert not known.select("never named")
    known.replace([sandbox("b"), sandbox("a")])
    assert known.selected == known.all[0]


def test_a_selected_sandbox_that_is_gone_leaves_the_first() -> None:
    known = roster(sandbox("a"), sandbox("b"))
    known.select("b")
    known.replace([sandbox("a")])
    assert known.selected == known.all[0]


@pytest.mark.parametrize(("by", "expected"), [(1, "b"), (-1, "a"), (99, "c"), (-99, "a")])
def test_the_selection_moves_and_stops_at_the_ends(by: int, expected: str) -> None:
    known = roster(sandbox("a"), sandbox("b"), sandbox("c"))
    known.move(by)
    assert known.selected is not None
    assert known.selected.id == expected


def test_nothing_moves_where_there_is_nothing() -> None:
    assert not roster().move(1)


def test_traffic_of_sandboxes_nobody_told_of_is_ignored() -> None:
    known = roster(sandbox("a"))
    known.count({"a": Traffic(bytes=5, bytes_per_s=2.0), "ghost": Traffic(bytes=9)})
    assert ids(known.all) == ["a"]
    assert known.all[0].traffic.bytes_per_s == 2.0


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (sandbox("a"), True),
        (sandbox("a", ConsoleState.ABSENT), True),
        (sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.STARTING), True),
        (sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.FAILED), True),
        (sandbox("a", ConsoleState.NOT_WATCHED), False),
        (sandbox("a", ConsoleState.NOT_WATCHED, proxy=ProxyState.RUNNING, debug=False), False),
        (sandbox("a", ConsoleState.NOT_WATCHED, recordings="/state/recordings/a"), True),
    ],
)
def test_a_pane_is_for_what_is_watched_or_was_recorded(facts: SandboxFacts, expected: bool) -> None:
    assert has_pane(facts) is expected
    assert bool(roster(facts).shown) is expected


def test_watched_means_a_running_proxy_with_debug_on() -> None:
    running = sandbox("a")
    without = msgspec.structs.replace(
        running, spec=msgspec.structs.replace(running.spec, debug=False)
    )
    assert is_watched(running)
    assert not is_watched(without)
    assert not is_watched(sandbox("a", ConsoleState.NOT_WATCHED))
    assert is_running(without)


def test_without_capture_no_console_is_read_but_what_is_over_stays_over() -> None:
    known = roster(*(sandbox(state.name, state, bytes_per_s=9.0) for state in ConsoleState))
    known.lose()
    states = {facts.id: facts.console.state for facts in known.all}
    over = {ConsoleState.ENDED, ConsoleState.FAILED, ConsoleState.NOT_WATCHED}
    assert set(states.values()) == over
    assert states["CONNECTED"] is ConsoleState.NOT_WATCHED
    assert states["FAILED"] is ConsoleState.FAILED
    assert all(
        facts.traffic.bytes_per_s == 0.0
        for facts in known.all
        if facts.console.reason == "capture is gone"
    )


def test_watched_and_troubled_are_counted() -> None:
    known = roster(
        sandbox("a"), sandbox("b", ConsoleState.FAILED), sandbox("c", ConsoleState.NOT_WATCHED)
    )
    assert (len(known), known.watched, known.troubled) == (3, 2, 1)
