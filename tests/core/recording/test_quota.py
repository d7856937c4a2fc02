"""What goes when there is too much: never too little, never the newest first, never twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.recording.layout import SEGMENT_BYTES
from core.recording.quota import (
    MAX_GENERATIONS,
    MIN_SEGMENT_BYTES,
    REST,
    Limits,
    Piece,
    plan,
    segment_bytes,
)


@st.composite
def recordings(draw: st.DrawFn) -> list[Piece]:
    """Some sandboxes' pieces; the newest generation of each may grow."""
    pieces = []
    for sandbox in range(draw(st.integers(1, 4))):
        count = draw(st.integers(1, 4))
        for number in range(count):
            grows = number == count - 1 and draw(st.booleans())
            name = f"{number + 1:06d}-20261124T000000.000Z"
            key = f"vm{sandbox}", name
            rest = Piece(*key, REST, draw(st.integers(0, 50)), number, is_needed=grows)
            segments = draw(st.lists(st.integers(0, 500), max_size=5))
            full = [Piece(*key, 1000 * i, size, number + i / 10) for i, size in enumerate(segments)]
            if grows:
                full.append(Piece(*key, 90_000, draw(st.integers(0, 500)), 99.0, is_needed=True))
            pieces += [rest, *full]
    return draw(st.permutations(pieces))


LIMITS = st.builds(Limits, st.integers(0, 2000), st.integers(0, 4000))


def size(pieces: list[Piece], sandbox: str = "") -> int:
    return sum(piece.size for piece in pieces if sandbox in ("", piece.sandbox))


@given(recordings(), LIMITS)
def test_afterwards_no_quota_is_passed_unless_only_what_grows_is_left(
    pieces: list[Piece], limits: Limits
) -> None:
    left = [piece for piece in pieces if piece not in plan(pieces, limits)]
    for sandbox in {piece.sandbox for piece in pieces}:
        may_go = [p for p in left if p.sandbox == sandbox and not p.is_needed]
        assert not limits.console_bytes or size(left, sandbox) <= limits.console_bytes or not may_go
    may_go = [piece for piece in left if not piece.is_needed]
    assert not limits.total_bytes or size(left) <= limits.total_bytes or not may_go


@given(recordings(), LIMITS)
def test_nothing_goes_before_what_is_older_in_its_sandbox(
    pieces: list[Piece], limits: Limits
) -> None:
    gone = plan(pieces, limits)
    for piece in gone:
        assert not piece.is_needed
        if piece.start == REST:
            continue
        for other in pieces:
            if (
                other.sandbox == piece.sandbox
                and not other.is_needed
                and other.start != REST
                and (other.generation, other.start) < (piece.generation, piece.start)
            ):
                assert gone.index(other) < gone.index(piece)


@given(recordings(), LIMITS)
def test_a_ledger_goes_only_when_no_segment_of_its_sandbox_is_left_that_could(
    pieces: list[Piece], limits: Limits
) -> None:
    gone = plan(pieces, limits)
    for rest in (piece for piece in gone if piece.start == REST):
        own = [p for p in pieces if p.sandbox == rest.sandbox and not p.is_needed]
        assert all(p in gone for p in own if p.start != REST)


@given(recordings(), LIMITS)
def test_the_plan_is_made_once(pieces: list[Piece], limits: Limits) -> None:
    gone = plan(pieces, limits)
    assert len(set(gone)) == len(gone)
    assert plan([piece for piece in pieces if piece not in gone], limits) == []


@given(recordings(), LIMITS)
def test_no_more_goes_than_must(pieces: list[Piece], limits: Limits) -> None:
    gone = plan(pieces, limits)
    if gone:
        last = gone[-1]
        kept = [piece for piece in pieces if piece not in gone[:-1]]
        assert 0 < limits.console_bytes < size(kept, last.sandbox) or 0 < limits.total_bytes < size(
            kept
        )


def test_no_limit_keeps_everything() -> None:
    pieces = [Piece("vm1", "000001-x", 0, 10**12, 0.0)]
    assert plan(pieces, Limits(0, 0)) == []


def test_over_all_sandboxes_what_was_written_longest_ago_goes_first() -> None:
    old = Piece("quiet", "000001-x", 0, 100, 1.0)
    loud = [Piece("loud", "000001-x", n * 100, 100, 10.0 + n) for n in range(5)]
    assert plan([*loud, old], Limits(0, 450)) == [old, loud[0]]


def test_a_reboot_loop_keeps_so_many_generations_and_no_more() -> None:
    def generation(number: int, *, grows: bool = False) -> list[Piece]:
        name = f"{number:06d}-20261124T000000.000Z"
        return [
            Piece("vm1", name, REST, 10, number, is_needed=grows),
            Piece("vm1", name, 0, 10, number, is_needed=grows),
        ]

    pieces = [p for n in range(1, MAX_GENERATIONS + 3) for p in generation(n)]
    pieces += generation(MAX_GENERATIONS + 3, grows=True)
    gone = plan(pieces, Limits(10**9, 10**9))
    assert {piece.generation[:6] for piece in gone} == {"000001", "000002", "000003"}
    assert len(gone) == 6


def test_a_small_quota_has_small_segments() -> None:
    assert segment_bytes(Limits(256_000_000, 8_000_000_000)) == SEGMENT_BYTES
    assert segment_bytes(Limits(0, 0)) == SEGMENT_BYTES
    assert segment_bytes(Limits(80_000_000, 0)) == 10_000_000
    assert segment_bytes(Limits(0, 1_000_000)) == 125_000
    assert segment_bytes(Limits(1, 1)) == MIN_SEGMENT_BYTES
