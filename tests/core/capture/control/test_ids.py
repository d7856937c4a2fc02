"""No id leads out of the state folder."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.capture.places import Places
from core.errors import CommandRefused, InvalidSandboxId
from core.sandboxes.ids import check_sandbox_id
from core.sandboxes.model import SandboxSpec
from tests.core.capture.conftest import running_capture

pytestmark = pytest.mark.anyio

_PARTS = ("..", "../x", "/etc/passwd", "/", "~", "~root", "a/../../x", "x/..", "..\\x", "%2e%2e/x")
_ENDS = ("", "\0", "\n", "/", "/.", "\x1b[2J", "\u2028", " ", "é", "\uff0e", "\x85", "\x7f")
_MORE = ("", ".", "-x", "_x", " x", "x y", "é", "１", "a" * 129, "a" * 60_000, "sb1\n", "a\0b")

HOSTILE = sorted(
    {
        *(part + end for part, end in itertools.product(_PARTS, _ENDS)),
        *(f"sb{end}x" for end in _ENDS if end),
        *(f"sb{chr(code)}" for code in range(0x2D)),
        *(f"{chr(code)}sb" for code in range(0x3A, 0x41)),
        *(f"sb{chr(code)}" for code in range(0x7F, 0xA1)),
        *_MORE,
    }
)


def tree(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


async def test_a_hostile_id_is_refused_over_the_socket_and_leaves_nothing(
    places: Places, tmp_path: Path
) -> None:
    assert len(HOSTILE) >= 200
    async with running_capture(places) as client:
        before = tree(tmp_path)
        for hostile in HOSTILE:
            spec = SandboxSpec(id=hostile, console=f"unix:{tmp_path}/none")
            with pytest.raises(CommandRefused) as caught:
                await client.watch(spec)
            assert caught.value.kind == "InvalidSandboxId"
            assert str(caught.value).isprintable()
        for command in (client.start, client.stop, client.take):
            for hostile in HOSTILE:
                with pytest.raises(CommandRefused) as caught:
                    await command(hostile)
                assert caught.value.kind == "UnknownSandbox"
        assert await client.sandboxes() == []
        assert tree(tmp_path) == before


def test_the_same_ids_joined_naively_would_lead_out() -> None:
    home = Path("/var/lib/guestwatch/recordings")
    outside = [i for i in HOSTILE if os.path.normpath(home / i).rpartition("/")[0] != str(home)]
    assert len(outside) > 50


@given(st.one_of(st.text(), st.text("./~-_ a\0\n", max_size=6), st.from_regex(r"[a-z.]{1,3}/?")))
def test_whatever_is_accepted_is_one_name_below_its_folder(text: str) -> None:
    try:
        accepted = check_sandbox_id(text)
    except InvalidSandboxId:
        return
    path = Path("/home/recordings", accepted)
    assert path.name == accepted
    assert os.path.normpath(path) == f"/home/recordings/{accepted}"
