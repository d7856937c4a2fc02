"""The account explains every moment between the first and the last that ledgers know."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recording import Cause, Gap, LedgerEntry, Stretch
from core.recording.ledger import Fact
from core.recording.reckoning import Chapter, Reckoning

SIZE = 1_000


def entry(wall: float, kind: str, offset: int = 0, **facts: Fact) -> LedgerEntry:
    return LedgerEntry(wall, offset, kind, facts)


def chapter(
    entries: list[LedgerEntry],
    *,
    size: int = SIZE,
    sequence: int = 1,
    last_byte: float | None = None,
) -> Chapter:
    return Chapter(sequence, 0.0, size, entries, lambda offset: last_byte)


def told(stretches: list[Stretch]) -> list[tuple[str, float, float, int]]:
    """Each stretch as a cause (or heard), its times and its bytes."""
    return [(str(s.gap.cause) if s.gap else "heard", s.start, s.end, s.bytes) for s in stretches]


KINDS = [
    "attached",
    "detached",
    "ended",
    "failed",
    "repaired",
    "proxy-started",
    "proxy-stopped",
    "alert",
    "mark",
    "rotated",
    "gap",
    "gap",
    "from a later version",
]
Walls = st.floats(0, 1e5, allow_nan=False)
Entries = st.builds(
    lambda wall, offset, kind, facts: LedgerEntry(wall, offset, kind, facts),
    Walls,
    st.integers(0, 2 * SIZE),
    st.sampled_from(KINDS),
    st.fixed_dictionaries(
        {},
        optional={
            "cause": st.sampled_from([*map(str, Cause), "the proxy was stopped"]),
            "start": Walls | st.text(max_size=3),
            "end": Walls,
            "lost_bytes": st.integers(-5, 10**6),
            "evidence": st.text(max_size=5),
        },
    ),
)
Ledgers = st.lists(Entries, max_size=12)


def in_order(ledgers: list[list[LedgerEntry]]) -> list[list[LedgerEntry]]:
    """The same ledgers with a clock that was never set back."""
    walls = iter(sorted(e.wall for ledger in ledgers for e in ledger))
    return [
        [LedgerEntry(next(walls), e.offset, e.kind, e.facts) for e in ledger] for ledger in ledgers
    ]


def reckoned(
    ledgers: list[list[LedgerEntry]],
    outside: list[LedgerEntry],
    last_byte: float | None = None,
    *,
    empty: int = SIZE,
) -> Reckoning:
    """The account of generations of `SIZE` bytes, and of `empty` where the ledger is empty."""
    chapters = [
        chapter(ledger, sequence=number, last_byte=last_byte, size=SIZE if ledger else empty)
        for number, ledger in enumerate(ledgers, 1)
    ]
    return Reckoning(chapters, outside)


@given(st.lists(Ledgers, min_size=1, max_size=4), Ledgers, st.none() | Walls)
def test_whatever_the_ledgers_say_stretches_follow_each_other_and_bytes_are_heard_once(
    ledgers: list[list[LedgerEntry]], outside: list[LedgerEntry], last_byte: float | None
) -> None:
    stretches = reckoned(ledgers, outside, last_byte).stretches
    for before, after in itertools.pairwise(stretches):
        assert before.end == after.start
        assert before.generation <= after.generation
    assert all(stretch.seconds >= 0 for stretch in stretches)
    for number in range(1, len(ledgers) + 1):
        offset = 0
        for stretch in stretches:
            if stretch.generation == number:
                assert stretch.first == offset
                assert stretch.bytes == 0 or stretch.gap is None
                offset = stretch.last
        assert offset == SIZE


@given(st.lists(Ledgers, min_size=1, max_size=4).map(in_order), Ledgers)
def test_every_moment_from_the_first_to_the_last_entry_is_in_exactly_one_stretch(
    ledgers: list[list[LedgerEntry]], outside: list[LedgerEntry]
) -> None:
    (outside,) = in_order([outside])
    # Outside of a generation nobody marks anything.
    walls = [e.wall for ledger in ledgers for e in ledger if e.kind != "mark"]
    walls += [e.wall for e in outside]
    stretches = reckoned(ledgers, outside, empty=0).stretches
    for before, after in itertools.pairwise(stretches):
        assert before.end == after.start
        assert before.start <= before.end
    if not walls:
        return
    if not stretches:
        assert max(walls) - min(walls) <= 0.05
        return
    # A first gap may say that the console was there before anybody named it.
    assert stretches[0].start <= min(walls)
    if stretches[0].start < min(walls):
        gaps = [gap for ledger in [*ledgers, outside] for e in ledger if (gap := Gap.of(e))]
        assert stretches[0].start in {gap.start for gap in gaps}
    assert stretches[-1].end == max(walls)
    total = sum(stretch.seconds for stretch in stretches)
    assert total == pytest.approx(max(walls) - stretches[0].start, abs=1e-6)


@given(st.lists(Ledgers, min_size=1, max_size=3), Ledgers)
def test_every_gap_in_a_ledger_is_in_the_account(
    ledgers: list[list[LedgerEntry]], outside: list[LedgerEntry]
) -> None:
    reckoning = reckoned(ledgers, outside)
    entered = [e for ledger in [*ledgers, outside] for e in ledger if e.kind == "gap"]
    quota = [e for e in entered if e.facts.get("cause") == "quota"]
    assert len(reckoning.dropped) == len(quota)
    assert sum(s.is_entered for s in reckoning.stretches) == len(entered) - len(quota)


def test_attached_and_let_go_is_one_stretch_with_its_bytes() -> None:
    entries = [entry(10, "attached"), entry(20, "detached", 1_000, cause="debug is off")]
    reckoning = Reckoning([chapter(entries)])
    assert told(reckoning.stretches) == [("heard", 10, 20, 1_000)]
    assert not reckoning.is_heard


def test_a_gap_with_its_times_takes_the_place_of_what_followed_from_the_entries() -> None:
    entries = [
        entry(10, "attached"),
        entry(20, "detached", 400, cause="the proxy was stopped"),
        entry(50, "gap", 400, cause="not attached", start=20, end=50, evidence="stopped by root"),
        entry(50, "attached", 400),
        entry(60, "ended", 1_000),
    ]
    stretches = Reckoning([chapter(entries)]).stretches
    assert told(stretches) == [
        ("heard", 10, 20, 400),
        ("not attached", 20, 50, 0),
        ("heard", 50, 60, 600),
    ]
    assert stretches[1].gap is not None
    assert stretches[1].gap.evidence == "stopped by root"


def test_an_old_ledgers_gap_begins_where_the_stretch_before_ended() -> None:
    entries = [
        entry(10, "attached"),
        entry(20, "failed", 400, detail="Connection reset"),
        entry(50, "gap", 400, cause="failed"),
        entry(50, "attached", 400),
        entry(60, "ended", 1_000),
    ]
    stretches = Reckoning([chapter(entries)]).stretches
    assert told(stretches)[1] == ("console failed", 20, 50, 0)
    assert stretches[1].gap is not None
    assert stretches[1].gap.evidence == "Connection reset"


def test_without_a_gap_entry_the_reason_is_that_of_the_end() -> None:
    entries = [entry(10, "attached"), entry(20, "detached", 5, cause="held"), entry(30, "attached")]
    stretches = Reckoning([chapter(entries, size=5)]).stretches
    assert told(stretches) == [("heard", 10, 20, 5), ("not attached", 20, 30, 0)]
    assert not stretches[1].is_entered


def test_capture_that_was_killed_heard_the_guest_up_to_the_last_byte() -> None:
    entries = [entry(10, "attached"), entry(50, "attached", SIZE), entry(60, "ended", SIZE)]
    stretches = Reckoning([chapter(entries, last_byte=30)]).stretches
    assert told(stretches) == [
        ("heard", 10, 30, SIZE),
        ("unknown", 30, 50, 0),
        ("heard", 50, 60, 0),
    ]


@pytest.mark.parametrize("is_gap_first", [True, False])
def test_a_gap_that_was_entered_at_the_next_start_explains_the_hole(is_gap_first: bool) -> None:
    gap = entry(50, "gap", SIZE, cause="no capture ran", start=30, end=50)
    again = entry(50, "attached", SIZE)
    entries = [entry(10, "attached"), *((gap, again) if is_gap_first else (again, gap))]
    stretches = Reckoning([chapter([*entries, entry(60, "ended", SIZE)], last_byte=30)]).stretches
    assert told(stretches) == [
        ("heard", 10, 30, SIZE),
        ("no capture ran", 30, 50, 0),
        ("heard", 50, 60, 0),
    ]


def test_between_two_generations_the_vm_was_restarted() -> None:
    one = chapter([entry(10, "attached"), entry(20, "ended", SIZE)])
    two = chapter([entry(40, "attached"), entry(50, "ended", SIZE)], sequence=2)
    stretches = Reckoning([one, two]).stretches
    assert told(stretches) == [
        ("heard", 10, 20, SIZE),
        ("VM restarted", 20, 40, 0),
        ("heard", 40, 50, SIZE),
    ]
    assert [s.generation for s in stretches] == [1, 2, 2]


def test_between_two_losses_of_the_disk_the_console_is_heard_and_its_end_still_says_why() -> None:
    entries = [
        entry(10, "attached"),
        entry(50, "gap", 100, cause="disk", start=20.0, end=30.0, lost_bytes=7),
        entry(60, "gap", 300, cause="disk", start=40.0, end=41.0, lost_bytes=8),
        entry(70, "detached", 500, cause="the proxy was stopped"),
        entry(80, "proxy-started", 500),
    ]
    assert told(Reckoning([chapter(entries, size=500)]).stretches) == [
        ("heard", 10, 20, 100),
        ("disk", 20, 30, 0),
        ("heard", 30, 40, 200),
        ("disk", 40, 41, 0),
        ("heard", 41, 70, 200),
        ("not attached", 70, 80, 0),
    ]


def test_a_disk_that_lost_bytes_leaves_the_console_attached() -> None:
    entries = [
        entry(10, "attached"),
        entry(20, "gap", 400, cause="disk", lost_bytes=77),
        entry(30, "ended", 1_000),
    ]
    assert told(Reckoning([chapter(entries)]).stretches) == [
        ("heard", 10, 20, 400),
        ("disk", 20, 20, 0),
        ("heard", 20, 30, 600),
    ]


def test_a_guest_that_is_heard_now_was_heard_until_its_last_byte() -> None:
    reckoning = Reckoning([chapter([entry(10, "attached")], last_byte=70)])
    assert told(reckoning.stretches) == [("heard", 10, 70, SIZE)]
    assert reckoning.is_heard


def test_a_generation_without_a_ledger_was_heard_all_the_same() -> None:
    dates = {0: 5.0, SIZE - 1: 9.0}
    lost = Chapter(2, 4.0, SIZE, (), dates.get)
    one = chapter([entry(1, "attached"), entry(2, "ended", SIZE)])
    assert told(Reckoning([one, lost]).stretches) == [
        ("heard", 1, 2, SIZE),
        ("VM restarted", 2, 5, 0),
        ("heard", 5, 9, SIZE),
    ]


def test_what_happened_outside_of_a_generation_has_its_place_by_time() -> None:
    one = chapter([entry(10, "attached"), entry(20, "ended", SIZE)])
    two = chapter([entry(40, "attached"), entry(50, "ended", SIZE)], sequence=2)
    outside = [entry(35, "gap", cause="held by another client", start=25, end=35)]
    assert told(Reckoning([one, two], outside).stretches) == [
        ("heard", 10, 20, SIZE),
        ("VM restarted", 20, 25, 0),
        ("held by another client", 25, 35, 0),
        ("unknown", 35, 40, 0),
        ("heard", 40, 50, SIZE),
    ]


def test_a_console_that_was_there_before_anybody_named_it_is_a_gap_from_then_on() -> None:
    entries = [
        entry(10, "proxy-started"),
        entry(11, "gap", cause="no capture ran", start=4, end=11),
        entry(11, "attached"),
        entry(20, "ended", SIZE),
    ]
    assert told(Reckoning([chapter(entries)]).stretches) == [
        ("no capture ran", 4, 11, 0),
        ("heard", 11, 20, SIZE),
    ]


def test_a_clock_that_is_set_back_shows_what_it_showed_and_counts_nothing_twice() -> None:
    entries = [
        entry(5_000, "attached"),
        entry(5_010, "detached", 400, cause="x"),
        entry(1_400, "gap", 400, cause="not attached", start=5_010, end=1_400),
        entry(1_400, "attached", 400),
        entry(1_500, "ended", 1_000),
    ]
    stretches = Reckoning([chapter(entries)]).stretches
    assert [(s.start, s.end, s.seconds) for s in stretches] == [
        (5_000, 5_010, 10),
        (5_010, 1_400, 0),
        (1_400, 1_500, 100),
    ]


def test_dropped_bytes_are_no_gap_in_the_life() -> None:
    entries = [
        entry(10, "attached"),
        entry(20, "gap", 500, cause="quota", start=10, end=12, lost_bytes=300),
        entry(30, "ended", SIZE),
    ]
    reckoning = Reckoning([chapter(entries)])
    assert told(reckoning.stretches) == [("heard", 10, 30, SIZE)]
    assert [gap.lost_bytes for gap in reckoning.dropped] == [300]


def test_alerts_and_repairs_are_counted() -> None:
    entries = [entry(1, kind) for kind in ("attached", "alert", "alert", "repaired", "mark")]
    reckoning = Reckoning([chapter(entries)])
    assert (reckoning.alerts, reckoning.repairs) == (2, 1)


def test_a_mark_made_years_later_is_no_part_of_the_guests_life() -> None:
    ledger = [entry(1, "attached"), entry(5, "ended"), entry(10**8, "mark")]
    assert reckoned([ledger], [], None).stretches[-1].end == 5
