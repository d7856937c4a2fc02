"""An attacker who swaps the socket between the look and the connection gains nothing.

Each test has its control: a check by name, then a connection by name, is caught.
"""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.endpoints import UnixEndpoint
from core.errors import NotASocket
from tests.core.endpoints.sites import listen
from tests.figures import Figure

TRIES = 20_000

PATIENCE_S = 30.0

ATTACKER = """
import os, random, sys
folder, seed = sys.argv[1], int(sys.argv[2])
draw = random.Random(seed)
os.chdir(folder)
swaps = os.open("swaps", os.O_RDWR)
print("ready", flush=True)
count = 0
while os.getppid() == int(sys.argv[3]):
    count += 1
    os.pwrite(swaps, count.to_bytes(8, "little"), 0)
    os.symlink("evil.sock", "next")
    os.rename("next", "console.sock")
    for _ in range(draw.randrange(50)):
        pass
    os.link("real.sock", "next")
    os.rename("next", "console.sock")
    for _ in range(draw.randrange(50)):
        pass
"""


class Scene:
    """A good listener, an evil one, and a name that may lead to either."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "console.sock"
        self.good = listen(folder / "real.sock")
        self.evil = listen(folder / "evil.sock")
        self.swaps = folder / "swaps"
        self.swaps.write_bytes(bytes(8))
        self.install_good()

    def install_good(self) -> None:
        (self.folder / "next").hardlink_to(self.folder / "real.sock")
        (self.folder / "next").rename(self.path)

    def install_evil(self) -> None:
        (self.folder / "next").symlink_to("evil.sock")
        (self.folder / "next").rename(self.path)

    def swapped(self) -> int:
        """How many rounds the attacker has begun."""
        return int.from_bytes(self.swaps.read_bytes(), "little")

    def reached(self) -> str:
        """Which of the two was connected to since the last call."""
        found = []
        for name, listener in (("good", self.good), ("evil", self.evil)):
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            found.append(name)
        return " ".join(found)

    def close(self) -> None:
        self.good.close()
        self.evil.close()


@pytest.fixture
def scene(folder: Path) -> Iterator[Scene]:
    scene = Scene(folder)
    yield scene
    scene.close()


@pytest.fixture
def attacked(scene: Scene) -> Iterator[Scene]:
    """The scene, with somebody swapping the name as fast as he can."""
    with subprocess.Popen(
        [sys.executable, "-c", ATTACKER, str(scene.folder), "20240607", str(os.getpid())],
        stdout=subprocess.PIPE,
    ) as attacker:
        assert attacker.stdout is not None
        assert attacker.stdout.readline() == b"ready\n"
        yield scene
        attacker.kill()


def naively(scene: Scene, *, in_between: bool) -> bool:
    """Check by name, then connect by name. Whether the check was passed."""
    if not stat.S_ISSOCK(scene.path.lstat().st_mode):
        return False
    if in_between:
        scene.install_evil()
    else:
        os.sched_yield()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(scene.path))
    return True


def test_control_check_by_name_is_fooled_by_a_swap(scene: Scene) -> None:
    assert naively(scene, in_between=True)
    assert scene.reached() == "evil"


@pytest.mark.anyio
async def test_swap_after_the_pin_still_connects_to_what_was_pinned(scene: Scene) -> None:
    endpoint = UnixEndpoint(str(scene.path))
    with closing(endpoint.pin()) as pin:
        scene.install_evil()
        (await endpoint.connect(pin)).close()
        assert not pin.is_current()
    assert scene.reached() == "good"
    with pytest.raises(NotASocket):
        endpoint.pin()


def test_control_check_by_name_loses_the_race(attacked: Scene, figure: Figure) -> None:
    tries = wrong = 0
    deadline = time.monotonic() + PATIENCE_S
    # How often is luck; that it happens at all takes only an attacker who is there.
    while tries < TRIES or (not wrong and time.monotonic() < deadline):
        tries += 1
        naively(attacked, in_between=False)
        wrong += attacked.reached() == "evil"
    figure("T9", f"control: a check by name, {tries:,} tries, {wrong:,} wrong peers")
    assert wrong > 0, f"the race was not lost in {tries} tries: the attacker proves nothing"


@pytest.mark.anyio
async def test_pinned_socket_wins_every_race(attacked: Scene, figure: Figure) -> None:
    endpoint = UnixEndpoint(str(attacked.path))
    reached = {"good": 0, "refused": 0}
    before = attacked.swapped()
    tries = 0
    deadline = time.monotonic() + PATIENCE_S
    # On a busy machine the attacker may have to be waited for: without him it is no race.
    while tries < TRIES or (min(reached.values()) == 0 and time.monotonic() < deadline):
        tries += 1
        try:
            with closing(endpoint.pin()) as pin:
                (await endpoint.connect(pin)).close()
        except NotASocket:
            reached["refused"] += 1
        else:
            assert attacked.reached() == "good"
            reached["good"] += 1
    swaps = attacked.swapped() - before
    assert attacked.reached() == ""
    assert swaps > 0
    assert min(reached.values()) > 0, (reached, swaps)
    figure(
        "T9",
        f"pinned: {tries:,} tries, 0 wrong peers, {reached['good']:,} good, "
        f"{reached['refused']:,} refused, {swaps:,} swaps meanwhile",
    )
