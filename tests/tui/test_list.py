"""The list of sandboxes, and the details of the selected one."""

from __future__ import annotations

import pytest

from core.console import safe_text
from core.proxy.types import ProxyType
from core.sandboxes.model import ConsoleState, ProxyState, SandboxFacts
from tests.fakes import sandbox
from tests.tui.stage import HOSTILE, Stage, dashboard
from tui.widgets.ink import middle_cut

pytestmark = pytest.mark.anyio


def side(stage: Stage) -> list[str]:
    """The rows left of the panes, without blanks at the end."""
    width = stage.app.dashboard.stage.list.size.width
    return [row[:width].rstrip() for row in stage.text.splitlines()]


def row_of(stage: Stage, name: str) -> str:
    return next(row for row in side(stage) if name in row)


async def test_an_entry_says_name_proxy_type_state_family_rate() -> None:
    async with dashboard([sandbox("nginx", family="kata", bytes_per_s=1234)]) as stage:
        rows = side(stage)
        at = next(y for y, row in enumerate(rows) if "nginx" in row)
        assert rows[at].split() == ["▌●", "nginx", "noProxy"]
        assert rows[at + 1].split() == ["▌", "live", "·", "kata", "1.2", "kB/s"]


async def test_a_long_name_leaves_the_proxy_type_to_the_details() -> None:
    name = "a-name-that-takes-all-the-room"
    async with dashboard([sandbox(name)]) as stage:
        assert row_of(stage, name) == f"▌● {name}"


@pytest.mark.parametrize("count", [1, 4, 9, 30])
async def test_entries_are_as_airy_as_there_is_room(count: int) -> None:
    async with dashboard([sandbox(f"vm{n:02}") for n in range(count)]) as stage:
        shown = [row for row in side(stage) if "● vm" in row]
        assert shown[0].startswith("▌● vm00")
        if count <= 9:
            assert len(shown) == count


async def test_a_long_list_says_how_many_are_below_and_scrolls_with_the_selection() -> None:
    async with dashboard([sandbox(f"vm{n:02}") for n in range(50)], size=(80, 24)) as stage:
        await stage.go_to_list()
        assert any("more" in row for row in side(stage))
        for _ in range(4):
            await stage.press("pagedown")
        await stage.press("G")
        assert stage.selected == "vm49"
        assert row_of(stage, "● vm49").startswith("▌")
        assert not any("more" in row for row in side(stage))
        await stage.press("g")
        assert row_of(stage, "● vm00").startswith("▌")


async def test_arrows_and_letters_move_the_selection() -> None:
    async with dashboard([sandbox("a"), sandbox("b"), sandbox("c")]) as stage:
        assert stage.app.dashboard.stage.list.has_focus
        await stage.press("down", "j")
        assert stage.selected == "c"
        await stage.press("up")
        assert stage.selected == "b"
        await stage.press("k", "k", "k")
        assert stage.selected == "a"


async def test_a_click_selects() -> None:
    async with dashboard([sandbox("aaa"), sandbox("bbb")]) as stage:
        y = next(y for y, row in enumerate(side(stage)) if "bbb" in row)
        await stage.pilot.click(offset=(5, y))
        await stage.until(lambda: stage.selected == "bbb")


async def test_hostile_text_stands_in_list_details_and_header_as_text() -> None:
    facts = [
        sandbox(
            f"vm{n}",
            ConsoleState.FAILED,
            name=text,
            family=text,
            reason=text,
            hint=text,
            console=f"unix:/run/{text}",
            generation=text,
        )
        for n, text in enumerate(HOSTILE)
    ]
    async with dashboard(facts, host=HOSTILE[1], size=(120, 50)) as stage:
        assert HOSTILE[1] in stage.text.splitlines()[0]
        for each in facts:
            row = next(row for row in side(stage) if row.startswith("▌✘"))
            assert safe_text(each.name)[:20] in row
            assert safe_text(each.console.reason)[:20] in "\n".join(side(stage)[-16:])
            assert all(line.isprintable() for line in stage.text.splitlines())
            await stage.pilot.click(offset=(5, side(stage).index(row)))
            await stage.press("j")
        assert stage.app.is_running


@pytest.mark.parametrize("state", list(ConsoleState))
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_no_state_displaces_anything(state: ConsoleState, size: tuple[int, int]) -> None:
    facts = sandbox("vm1", state, reason="because " * 60, hint="do this " * 20)
    async with dashboard([facts], size=size) as stage:
        lines = stage.text.splitlines()
        assert len(lines) == size[1]
        assert "vm1" in "".join(side(stage))


async def test_details_tell_all_that_is_known() -> None:
    facts = sandbox(
        "pod-1",
        name="the pod",
        proxy_type=ProxyType.KATA,
        proxy_pid=812,
        vmm_pid=4711,
        recorded=48_000_000,
        generation="000002-20261123T120133.123Z",
    )
    async with dashboard([facts]) as stage:
        rows = "\n".join(side(stage))
        for words in (
            "id       pod-1",
            "proxy    kataProxy",
            "running · pid 812",
            "…/vm/pod-1/console.sock",
            "debug    on",
            "pid 4711",
            "2, at 12:01:33",
            "48 MB",
        ):
            assert words in rows


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            sandbox("a", ConsoleState.FAILED, reason="Permission denied", hint="Use sudo."),
            ["Permission denied.", "Use sudo."],
        ),
        (
            sandbox(
                "a",
                ConsoleState.NOT_WATCHED,
                proxy=ProxyState.FAILED,
                proxy_reason="agent URL is missing",
            ),
            ["Agent URL is missing."],
        ),
        (sandbox("a", trouble="No space left on device"), ["No space left on device"]),
    ],
)
async def test_details_tell_what_is_wrong(facts: SandboxFacts, words: list[str]) -> None:
    async with dashboard([facts]) as stage:
        rows = " ".join(" ".join(side(stage)).split())
        for each in words:
            assert each in rows


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("unix:/run/a.sock", 16, "unix:/run/a.sock"),
        ("unix:/run/vm/db-0/console.sock", 22, "…/vm/db-0/console.sock"),
        ("unix:/run/vm/db-0/console.sock", 21, "…/db-0/console.sock"),
        ("unix:/run/vm/nginx-7c9/console.sock", 19, "…x-7c9/console.sock"),
        ("unix:/srv/" + "d" * 40 + "/vm/console.sock", 30, "…" + "d" * 13 + "/vm/console.sock"),
        ("unix:/run/x", 5, "unix…"),
    ],
)
def test_a_long_path_keeps_its_end(text: str, width: int, cut: str) -> None:
    assert middle_cut(safe_text(text), width) == cut


@pytest.mark.parametrize("width", range(1, 40))
@pytest.mark.parametrize("text", ["unix:/run/vm/コンソール/音.sock", "a" * 60, "/" * 60])
def test_no_cut_is_wider_than_its_room(text: str, width: int) -> None:
    from rich.cells import cell_len

    assert cell_len(middle_cut(safe_text(text), width)) <= width
