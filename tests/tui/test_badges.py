"""What happened since somebody last looked, and the way to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.client import SandboxChanged
from core.console import Position, safe_text
from core.sandboxes.model import AlertFacts, ConsoleState, SandboxFacts, ScanFacts, Traffic
from core.settings import Severity
from tests.fakes import NOON, sandbox
from tests.tui.panes import Guest
from tests.tui.stage import HOSTILE, Stage, dashboard
from tui.grid.badges import SILENCE_S, Badge, BadgeBook, Counts, Kind, next_badge, place_of

OOPS = AlertFacts(
    kind="hung-task",
    title="INFO: task blocked",
    severity=Severity.WARNING,
    generation="000002-20251123T120000.000Z",
    start=77,
)


def vm(alerts: int = 0, *, last: AlertFacts | None = None, silent_s: float = 0.5) -> SandboxFacts:
    facts = sandbox("vm", silent_s=silent_s, generation="000002-20251123T120000.000Z")
    return msgspec.structs.replace(facts, scan=ScanFacts(alerts=alerts, last=last))


def said(book: BadgeBook) -> list[str]:
    return [badge.label for badge in book.of("vm")]


def test_a_sandbox_to_which_nothing_happened_has_no_badge() -> None:
    book = BadgeBook()
    assert book.of("vm") == ()
    book.take(vm(), Counts(), NOON)
    assert book.of("vm") == ()


def test_an_alert_that_nobody_saw_says_its_kind_and_seeing_clears_it() -> None:
    book = BadgeBook()
    book.take(vm(1, last=OOPS), Counts(), NOON)
    assert said(book) == ["▲ new hung task"]
    assert book.alert_of("vm") == OOPS
    book.saw("vm")
    book.take(vm(1, last=OOPS), Counts(), NOON)
    assert said(book) == []
    book.take(vm(2, last=OOPS), Counts(), NOON)
    assert said(book) == ["▲ 1 new alert"]
    book.take(vm(4, last=OOPS), Counts(), NOON)
    assert said(book) == ["▲ 3 new alerts"]


def test_an_alert_of_a_life_that_is_over_stays_until_it_is_seen() -> None:
    book = BadgeBook()
    book.take(vm(1, last=OOPS), Counts(), NOON)
    rebooted = msgspec.structs.replace(vm(), generation="000003-20251123T130000.000Z")
    book.take(rebooted, Counts(), NOON)
    assert said(book) == ["▲ new hung task"]
    assert place_of(OOPS) == Position(2, 77)
    assert place_of(msgspec.structs.replace(OOPS, generation="../x")) is None


def test_silence_is_news_only_of_a_guest_that_was_live() -> None:
    book = BadgeBook()
    book.take(vm(silent_s=100), Counts(), NOON)
    assert said(book) == []
    book.take(vm(), Counts(), NOON)
    book.take(vm(), Counts(), NOON + SILENCE_S - 1)
    assert said(book) == []
    book.take(vm(), Counts(), NOON + 42)
    assert said(book) == ["◐ new silence 42s"]
    book.saw("vm", Kind.SILENCE)
    book.take(vm(), Counts(), NOON + 60)
    assert said(book) == []


def test_a_guest_that_speaks_again_is_silent_no_more_and_may_fall_silent_anew() -> None:
    book = BadgeBook()
    book.take(vm(), Counts(), NOON)
    book.take(vm(), Counts(), NOON + 42)
    again = msgspec.structs.replace(vm(), traffic=Traffic(last_byte_at=NOON + 50))
    book.take(again, Counts(), NOON + 50)
    assert said(book) == []
    book.take(again, Counts(), NOON + 81)
    assert said(book) == ["◐ new silence 31s"]


def test_a_console_that_ended_is_not_silent() -> None:
    book = BadgeBook()
    book.take(vm(), Counts(), NOON)
    ended = msgspec.structs.replace(sandbox("vm", ConsoleState.ENDED))
    book.take(ended, Counts(), NOON + 42)
    assert said(book) == []


def test_hits_and_lines_are_counted_and_seen() -> None:
    book = BadgeBook()
    book.take(vm(), Counts(unread=1204, matches=3), NOON)
    assert said(book) == ["/ 3 new hits", "+1,204"]
    book.saw("vm", Kind.MATCH)
    book.take(vm(), Counts(unread=1204, matches=4), NOON)
    assert said(book) == ["/ 1 new hit", "+1,204"]
    book.take(vm(), Counts(unread=0, matches=0), NOON)
    book.take(vm(), Counts(unread=0, matches=1), NOON)
    assert said(book) == ["/ 1 new hit"]


def test_a_sandbox_that_went_away_is_forgotten() -> None:
    book = BadgeBook()
    book.take(vm(1), Counts(), NOON)
    book.keep(["other"])
    assert book.of("vm") == ()


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_kind_is_made_safe(kind: str) -> None:
    book = BadgeBook()
    book.take(vm(1, last=msgspec.structs.replace(OOPS, kind=kind)), Counts(), NOON)
    (badge,) = book.of("vm")
    assert badge.label.isprintable()
    assert len(badge.text) <= 32


def badge(kind: Kind) -> Badge:
    return Badge(kind, "", safe_text(kind.name), "accent")


IDS = st.integers(0, 8).map(lambda n: f"vm{n}")


@given(
    st.lists(IDS, unique=True),
    st.dictionaries(IDS, st.sets(st.sampled_from(Kind)).map(sorted)),
    st.none() | IDS,
)
def test_the_next_badge_is_the_gravest_and_of_several_the_first_one_further_on(
    order: list[str], kinds: dict[str, list[Kind]], here: str | None
) -> None:
    badges = {each: tuple(map(badge, found)) for each, found in kinds.items()}
    found = next_badge(order, badges, here)
    start = order.index(here) + 1 if here in order else 0
    naive = [
        (kind, (order.index(each) - start) % len(order), each)
        for each in order
        for kind in kinds.get(each, [])
        if not (each == here and kind is Kind.UNREAD)
    ]
    expected = min(naive, default=None)
    assert (found is None) is (expected is None)
    if found is not None and expected is not None:
        assert (found[1].kind, found[0]) == (expected[0], expected[2])


# On the screen.


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def guests(home: Path) -> Iterator[list[Guest]]:
    made = [Guest(home, id=f"vm{number}") for number in range(4)]
    for guest in made:
        guest.lines(range(100))
    yield made
    for guest in made:
        guest.close()


def facts_of(guest: Guest, alert: int = -1) -> SandboxFacts:
    """What capture tells of a guest, with a panic on the line of that number."""
    facts = sandbox(
        guest.id,
        recordings=str(guest.home / guest.id),
        generation=guest.recorder.generation if guest.recorder else "",
    )
    if alert < 0:
        return facts
    last = AlertFacts(
        kind="panic",
        title="Kernel panic",
        severity=Severity.CRITICAL,
        generation=facts.generation,
        start=alert * len("line 000000\n"),
    )
    return msgspec.structs.replace(facts, scan=ScanFacts(alerts=1, last=last))


def focused(stage: Stage) -> str:
    pane = stage.app.dashboard.stage.grid.focused_pane
    return pane.facts.id if pane is not None and pane.facts is not None else ""


@pytest.mark.anyio
async def test_badges_stand_in_the_list_and_on_the_pane(guests: list[Guest]) -> None:
    facts = [facts_of(guests[0]), facts_of(guests[1], alert=20)]
    async with dashboard(facts, size=(160, 40)) as stage:
        await stage.press("1")
        assert stage.text.count("▲ new panic") == 2
        await stage.press("2")
        await stage.until(lambda: "▲ panic" in stage.text)
        assert "new panic" not in stage.text


@pytest.mark.anyio
async def test_a_key_goes_to_the_gravest_on_its_page_and_at_its_line(guests: list[Guest]) -> None:
    facts = [facts_of(each) for each in guests[:3]] + [facts_of(guests[3], alert=20)]
    async with dashboard(facts, size=(120, 30)) as stage:
        await stage.press(".", "1", ";")
        await stage.until(lambda: focused(stage) == "vm3")
        assert stage.selected == "vm3"
        pane = stage.app.dashboard.stage.grid.focused_pane
        assert pane is not None
        assert pane.current is not None
        assert pane.current.row is not None
        assert pane.current.row.data == b"line 000020"
        await stage.press(";")
        await stage.toasted(1)
        assert "Nothing is new" in stage.toasts[0]
        assert focused(stage) == "vm3"


@pytest.mark.anyio
async def test_lines_out_of_sight_are_gone_to_and_are_read_there(guests: list[Guest]) -> None:
    async with dashboard([facts_of(each) for each in guests], size=(120, 30)) as stage:
        await stage.press(".", "1")
        grid = stage.app.dashboard.stage.grid
        await stage.until(lambda: grid.counts("vm2").unread == 0)
        grid.beat()
        guests[2].lines(range(7))
        await stage.until(lambda: grid.counts("vm2").unread == 7)
        await stage.press(";")
        await stage.until(lambda: focused(stage) == "vm2")
        await stage.press(";")
        await stage.toasted(1)


@pytest.mark.anyio
async def test_new_silence_is_told_and_seen(guests: list[Guest]) -> None:
    now = [NOON]
    facts = [facts_of(each) for each in guests[:2]]
    async with dashboard(facts, size=(160, 40), clock=lambda: now[0]) as stage:
        await stage.press("1")
        now[0] += 42
        for each in facts[:1]:
            lively = msgspec.structs.replace(each, traffic=Traffic(last_byte_at=now[0]))
            stage.link.tell(SandboxChanged(lively))
        await stage.until(lambda: stage.text.count("◐ new silence 42s") == 2)
        await stage.press(";")
        await stage.until(lambda: focused(stage) == "vm1")
        assert "new silence" not in stage.text


@pytest.mark.anyio
async def test_hits_are_asked_of_whoever_searches(guests: list[Guest]) -> None:
    async with dashboard([facts_of(each) for each in guests[:2]], size=(160, 40)) as stage:
        await stage.press("1")
        pane = stage.app.dashboard.stage.grid.panes[1]
        assert pane.viewing is not None
        pane.viewing.hits_behind = lambda at: 12
        stage.app.dashboard.refresh_facts()
        await stage.pilot.pause()
        assert stage.text.count("/ 12 new hits") == 2


@pytest.mark.anyio
async def test_the_first_new_hit_is_gone_to(guests: list[Guest]) -> None:
    ticks = itertools.count(NOON)
    facts = [facts_of(each) for each in guests[:2]]
    async with dashboard(facts, size=(160, 40), clock=lambda: next(ticks)) as stage:
        grid = stage.app.dashboard.stage.grid
        await stage.press("2", "slash", *"wanted", "enter", "1")
        await stage.until(lambda: focused(stage) == "vm0")
        guests[1].lines(range(5))
        guests[1].write(b"wanted one\nother\nwanted two\n")
        guests[1].lines(range(50))
        await stage.until(lambda: "/ 2 new hits" in stage.text)
        await stage.press(";")
        await stage.until(lambda: focused(stage) == "vm1")
        pane = grid.focused_pane
        assert pane is not None
        assert pane.current is not None
        assert pane.current.row is not None
        assert pane.current.row.data == b"wanted one"
        await stage.until(lambda: "new hit" not in stage.text)


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (200, 60)])
@pytest.mark.anyio
async def test_a_badge_is_never_a_colour_alone_however_narrow(
    guests: list[Guest], size: tuple[int, int]
) -> None:
    facts = [facts_of(guests[0]), facts_of(guests[1], alert=20)]
    async with dashboard(facts, size=size) as stage:
        await stage.press("1")
        title = next(row for row in stage.text.splitlines() if "vm1 ─" in row)
        assert "▲ new panic" in title
