"""On a real file system that fills up while a console floods it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.core.capture.small_disk import QUEUE
from tests.guests.needed import lack, needed

ROOT = Path(__file__).parents[3]

MOUNT = 'mount -t tmpfs -o size=12m guestwatch "$1" || exit 77; shift; exec "$@"'
"""In a mount namespace of its own: gone with the process, whatever becomes of it."""


def test_a_disk_that_fills_up_under_a_flood_costs_only_what_the_ledger_tells(
    tmp_path: Path, anyio_backend: str
) -> None:
    unshare = needed("unshare", "util-linux")
    program = [sys.executable, "-m", "tests.core.capture.small_disk", str(tmp_path), anyio_backend]
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", MOUNT, "sh", str(tmp_path), *program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=50,
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        lack(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
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
