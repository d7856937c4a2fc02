"""The kit stands alone, and its command line does what Python does."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guests import ROOT
from tests.guests.client import connect_soon, read_all, until
from tests.guests.kit import GuestEnded, QemuQueue, Speech, Truth, verify
from tests.guests.kit.__main__ import PRESETS, SIMULATIONS, parser
from tests.guests.kit.script import Options, Script
from tests.guests.kit.speech import Kind, size_of

KIT = Path(__file__).parent


def test_kit_works_wherever_it_is_copied_without_any_package(short_folder: Path) -> None:
    shutil.copytree(KIT, short_folder / "kit", ignore=shutil.ignore_patterns("test_*", "sides.py"))
    code = (
        "import pathlib, sys, kit\n"
        f"path = pathlib.Path({str(short_folder / 'g.sock')!r})\n"
        "with kit.QemuQueue(path, say=kit.Seeded(1, 10)) as guest: guest.wait_until_said()\n"
        "print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=short_folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == {"kit", "__main__"} - sys.stdlib_module_names


def test_command_line_tells_the_truth_at_its_end(short_folder: Path) -> None:
    path = short_folder / "c.sock"
    words = ["flood", str(path), "--say", "seeded", "--size", "1MB", "--seed", "7"]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.guests.kit", *words, "--afterwards", "hang-up"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        with connect_soon(path) as client:
            assert verify(read_all(client), 7, 1_000_000).is_whole
        out, _ = child.communicate(timeout=30)
        assert child.returncode == 0
    [life] = Truth.from_json(json.loads(out)).lives
    assert life.delivered == [(0, 1_000_000)]


def test_interrupt_ends_the_command_with_its_report(short_folder: Path) -> None:
    path = short_folder / "c.sock"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.guests.kit", "drip", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        until(path.is_socket)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=30)
        assert child.returncode == 0
    assert Truth.from_json(json.loads(out)).lives[0].said == 0
    assert not path.exists()


def test_every_option_is_on_the_command_line_with_the_same_default() -> None:
    chosen = vars(parser().parse_args(["qemu-queue", "path"]))
    script = Script("qemu-queue", "path")
    for name in Options.__annotations__:
        if name != "say":
            assert chosen[name] == getattr(script, name), name


def test_readme_tells_of_each_simulation() -> None:
    text = (KIT / "README.md").read_text()
    for name in (*SIMULATIONS, *PRESETS, *Kind):
        assert f"`{name}`" in text, name


def test_guest_that_cannot_start_says_so(short_folder: Path) -> None:
    with pytest.raises(GuestEnded), QemuQueue(short_folder / "none" / "g.sock"):
        pass


def test_claim_that_never_comes_true_ends_in_time(short_folder: Path) -> None:
    with QemuQueue(short_folder / "g.sock") as guest:
        with pytest.raises(TimeoutError):
            guest.wait_until(lambda _: False, timeout_s=0.01)
        guest.exit()
        with pytest.raises(GuestEnded):
            guest.wait_until(lambda _: False)


@pytest.mark.parametrize(
    ("text", "size"), [("640", 640), ("10MB", 10**7), ("64KiB", 65536), ("1.5kb", 1500), ("3B", 3)]
)
def test_sizes_have_units(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("kind", Kind)
def test_a_speech_has_its_size_in_every_kind(kind: Kind) -> None:
    for size in (0, 1, 63, 64, 65, 65_536, 65_537):
        assert len(b"".join(Speech(kind, size).pieces())) == size
