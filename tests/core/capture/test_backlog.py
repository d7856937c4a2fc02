"""What waits for the disk: the newest bytes, in order, and the exact size of what is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.capture.writing.backlog import CHUNK_COST, Backlog, Chunk, Entry, Hole, Item
from core.clock import Instant

WHY = "No space left on device"


def moment(seconds: float) -> Instant:
    return Instant(1_700_000_000.0 + seconds, 5_000.0 + seconds)


def replay(items: list[Item], sent: bytes) -> list[str]:
    """What the items stand for, checked byte by byte against what was sent; the entries' kinds."""
    at = 0
    kinds = []
    for item in items:
        match item:
            case Chunk(data):
                assert sent[at : at + len(data)] == data
                at += len(data)
            case Hole():
                at += item.lost_bytes
            case Entry(kind):
                kinds.append(kind)
    assert at == len(sent)
    return kinds


STEPS = st.lists(
    st.one_of(
        st.integers(1, 3000),
        st.just("entry"),
        st.integers(-4000, -1).map(lambda n: n),
        st.just("drop"),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1000, 9000))
def test_every_byte_is_there_or_counted_in_its_place(steps: list[int | str], limit: int) -> None:
    backlog = Backlog(limit)
    sent, written = bytearray(), list[Item]()
    entered = 0
    for second, step in enumerate(steps):
        if step == "entry":
            backlog.enter(Entry(f"e{entered}", moment(second), {}), WHY)
            entered += 1
        elif step == "drop":
            backlog.drop_oldest(WHY)
        elif isinstance(step, int) and step > 0:
            data = bytes((len(sent) + i) % 251 for i in range(step))
            sent += data
            backlog.add(data, moment(second), WHY)
        elif isinstance(step, int):
            # A disk that takes some of what is in hand, and tears the last of it.
            hand, room = backlog.take(-step), -step // 2
            while hand and room > 0:
                item = hand[0]
                size = len(item.data) if isinstance(item, Chunk) else 0
                if isinstance(item, Chunk) and size > room:
                    written.append(Chunk(item.data[:room], item.at))
                    hand[0] = Chunk(item.data[room:], item.at)
                    break
                written.append(hand.popleft())
                room -= size
            backlog.settle()
    rest = list(backlog.take(10**9))
    lost_entries = sum(i.lost_entries for i in (*written, *rest) if isinstance(i, Hole))
    kinds = replay([*written, *rest], bytes(sent))
    assert len(kinds) + lost_entries == entered
    assert kinds == sorted(kinds, key=lambda kind: int(kind[1:]))
    assert backlog.waiting == sum(len(i.data) for i in rest if isinstance(i, Chunk))


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=50), st.integers(6000, 20000))
def test_the_newest_bytes_are_kept_up_to_the_limit(sizes: list[int], limit: int) -> None:
    backlog = Backlog(limit)
    for second, size in enumerate(sizes):
        backlog.add(b"x" * size, moment(second), WHY)
        assert backlog.cost <= limit
    waiting = backlog.waiting
    items = list(backlog.take(10**9))
    dropped = [item for item in items if isinstance(item, Hole)]
    if dropped:
        # One more of those that went would have been too much.
        assert len(dropped) == 1
        gone = len(sizes) - (len(items) - 1)
        assert waiting + sizes[gone - 1] + CHUNK_COST * (len(items) + 1) > limit
    assert waiting == sum(sizes[len(sizes) - len(items) + len(dropped) :])


def test_tiny_reads_take_no_more_memory_than_large_ones() -> None:
    backlog = Backlog(1_000_000)
    for n in range(100_000):
        backlog.add(b"x", moment(n), WHY)
    assert len(backlog.take(10**9)) * CHUNK_COST <= 1_000_000


def test_reads_close_together_share_a_chunk() -> None:
    backlog = Backlog(1_000_000)
    for n in range(100):
        backlog.add(b"x", moment(n / 1000), WHY)
    assert [i.data for i in backlog.take(10**9) if isinstance(i, Chunk)] == [b"xxxx"] * 25


def test_what_is_given_up_is_one_hole_and_every_entry() -> None:
    backlog = Backlog(1_000_000)
    backlog.add(b"abc", moment(1), WHY)
    backlog.enter(Entry("mark", moment(2), {}), WHY)
    backlog.add(b"defg", moment(3), WHY)
    entries, hole = backlog.give_up(WHY)
    assert [entry.kind for entry in entries] == ["mark"]
    assert hole == Hole(moment(1), moment(3), 7, WHY)
    assert not backlog
