"""Why nobody hears a guest, and since when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.capture.watching.absence import MAX_GAPS, Absence
from core.recording import Cause, Gap


def spans(gaps: list[Gap]) -> list[tuple[str, float, float]]:
    return [(str(gap.cause), gap.start, gap.end) for gap in gaps]


def heard(at: float = 10.0) -> Absence:
    """One that was open from second 10 on and has ended at once."""
    absence = Absence(at)
    absence.end(at, known=0, born=0)
    return absence


def test_a_console_that_is_younger_than_its_sandbox_misses_only_its_own_beginning() -> None:
    gaps = Absence(10.0).end(20.0, known=0, born=19.0)
    assert spans(gaps) == [("not attached", 19.0, 20.0)]
    assert gaps[0].evidence == "nothing was attached yet"


def test_a_console_that_was_there_before_its_sandbox_was_named_has_been_missed_since() -> None:
    gaps = Absence(10.0).end(11.0, known=0, born=3.0)
    assert spans(gaps) == [("no capture ran", 3.0, 11.0)]


def test_what_was_recorded_before_says_until_when_the_guest_was_heard() -> None:
    gaps = Absence(10.0).end(11.0, known=7.0, born=3.0)
    assert spans(gaps) == [("no capture ran", 7.0, 11.0)]
    assert gaps[0].evidence == "the recording ends there"


def test_a_holder_is_told_apart_from_the_time_before() -> None:
    absence = Absence(10.0)
    absence.begin(Cause.HELD, 12.0, "pid 7 (socat)")
    gaps = absence.end(20.0, known=0, born=11.0)
    assert spans(gaps) == [("not attached", 11.0, 12.0), ("held by another client", 12.0, 20.0)]
    assert gaps[1].evidence == "pid 7 (socat)"


def test_the_same_cause_goes_on_and_another_holder_does_not() -> None:
    absence = heard()
    absence.begin(Cause.HELD, 12.0, "pid 7 (socat)")
    absence.begin(Cause.HELD, 13.0, "pid 7 (socat)")
    absence.begin(Cause.HELD, 14.0, "pid 8 (tio)")
    absence.begin(Cause.NOT_ATTACHED, 15.0, "debug was turned off")
    absence.begin(Cause.NOT_ATTACHED, 16.0, "debug was turned on")
    assert absence.end(20.0, known=0, born=0) == [
        Gap(Cause.HELD, 12.0, 14.0, "pid 7 (socat)"),
        Gap(Cause.HELD, 14.0, 15.0, "pid 8 (tio)"),
        Gap(Cause.NOT_ATTACHED, 15.0, 20.0, "debug was turned off"),
    ]


def test_an_end_that_was_a_restart_is_one_gap() -> None:
    absence = heard()
    absence.begin(Cause.CLOSED, 12.0, "end of file")
    absence.recast(Cause.RESTARTED, "another console is there")
    gaps = absence.end(15.0, known=0, born=14.0)
    assert gaps == [Gap(Cause.RESTARTED, 12.0, 15.0, "another console is there")]


@pytest.mark.parametrize("cause", [Cause.HELD, Cause.WAITING, Cause.NOT_ATTACHED])
def test_a_restart_does_not_make_forgotten_who_had_the_console_before(cause: Cause) -> None:
    absence = heard()
    absence.begin(cause, 12.0, "pid 7 (socat)")
    absence.recast(Cause.RESTARTED, "another console is there")
    assert absence.end(15.0, known=0, born=0) == [Gap(cause, 12.0, 15.0, "pid 7 (socat)")]


def test_before_the_guest_was_heard_nothing_is_a_restart() -> None:
    absence = Absence(10.0)
    absence.recast(Cause.RESTARTED, "another console is there")
    assert spans(absence.end(15.0, known=0, born=0)) == [("not attached", 10.0, 15.0)]


def test_a_wall_clock_that_was_set_back_makes_no_gap_negative() -> None:
    absence = heard(100.0)
    absence.begin(Cause.CLOSED, 120.0)
    (gap,) = absence.end(50.0, known=0, born=0)
    assert (gap.start, gap.end, gap.seconds) == (120.0, 120.0, 0.0)


def test_what_no_recording_tells_of_is_left_behind_once() -> None:
    absence = Absence(10.0)
    absence.begin(Cause.HELD, 12.0, "pid 7 (socat)")
    assert spans(absence.unentered(20.0)) == [("held by another client", 12.0, 20.0)]
    assert absence.unentered(30.0) == []


_CAUSES = st.sampled_from(list(Cause))


@given(st.lists(st.tuples(_CAUSES, st.floats(0, 5)), max_size=3 * MAX_GAPS))
def test_gaps_lie_one_behind_the_other_and_leave_nothing_out(
    steps: list[tuple[Cause, float]],
) -> None:
    absence = heard(0.0)
    at, began = 0.0, None
    for cause, pause in steps:
        at += pause
        began = at if began is None else began
        absence.begin(cause, at)
    gaps = absence.end(at + 1, known=0, born=0)
    assert len(gaps) <= MAX_GAPS
    assert all(one.end == other.start for one, other in pairwise(gaps))
    if began is not None:
        assert (gaps[0].start, gaps[-1].end) == (began, at + 1)
