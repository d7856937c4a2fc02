"""A disk that fills up under real consoles costs what the ledger tells, to the byte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.full_disk import CONSOLES, DISK_BYTES
from tests.guests import ROOT
from tests.guests.needed import lack, needed

pytestmark = pytest.mark.timeout(300)

MOUNT = 'mount -t tmpfs -o size="$1" guestwatch "$2" || exit 77; shift 2; exec "$@"'


def test_what_a_full_disk_did_not_take_is_what_the_gaps_count_and_nothing_else(
    tmp_path: Path,
) -> None:
    unshare = needed("unshare", "util-linux")
    program = [sys.executable, "-m", "tests.chaos.full_disk", str(tmp_path)]
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", MOUNT, "sh", str(DISK_BYTES), str(tmp_path), *program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=280,
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        lack(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    lost = json.loads(done.stdout)
    assert len(lost) == CONSOLES
    assert all(lost.values())
