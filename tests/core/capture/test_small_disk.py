"""On a real file system that fills up while a console floods it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.core.capture.small_disk import QUEUE
from tests.guests.needed import lack, needed

ROOT = Path(__file__).parents[3]

MOUNT = 'mount -t tmpfs -o size=12m guestwatch "$1" || exit 77; shift; exec "$@"'
"""In a mount namespace of its own: gone with the process, whatever becomes of it."""


def on_small_disk(folder: Path, backend: str, way: str) -> dict[str, Any]:
    """What `small_disk` finds out on a file system of 12 MB."""
    unshare = needed("unshare", "util-linux")
    program = [sys.executable, "-m", "tests.core.capture.small_disk", str(folder), backend, way]
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", MOUNT, "sh", str(folder), *program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=50,
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        lack(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_vm_that_appears_while_the_disk_is_full_is_recorded_from_its_first_byte(
    tmp_path: Path, anyio_backend: str
) -> None:
    found = on_small_disk(tmp_path, anyio_backend, "late")
    assert found["is_told_apart"]
    assert not found["was_open"]
    assert found["is_exact"]
    assert found["entries"] == [["attached", 0]]
    assert found["generations"] == 1
    assert "No space left on device" in found["told"][0]
    assert found["told"][-1] == ""


def test_a_disk_that_fills_up_under_a_flood_costs_only_what_the_ledger_tells(
    tmp_path: Path, anyio_backend: str
) -> None:
    found = on_small_disk(tmp_path, anyio_backend, "flood")
    assert found["is_exact"]
    assert found["accounted"]
    assert (found["gaps"], found["cause"]) == (1, "disk")
    assert found["evidence"] == "No space left on device"
    assert found["undated"] == []
    assert found["lost"] > 0
    assert found["lasted"] > 0
    # What was kept in memory is as much as was allowed, to a chunk.
    assert QUEUE - 128 * 1024 <= found["memory"] <= QUEUE
    assert any("No space left on device; " in text and "dropped" in text for text in found["told"])
    assert found["told"][-1] == ""
    assert list(tmp_path.iterdir()) == []


def test_a_capture_reads_a_vm_that_appears_while_the_disk_is_full(
    tmp_path: Path, anyio_backend: str
) -> None:
    found = on_small_disk(tmp_path, anyio_backend, "watch")
    assert (found["state"], found["generation"]) == ("connected", "")
    assert found["data"] == "first words"
    assert found["has_facts"] == 11
    assert found["kinds"][:3] == ["proxy-started", "gap", "attached"]
