"""Which process a pid meant."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from core.clock import boot_id
from core.proxy.child import HeldProcess, spawn
from core.proxy.identity import (
    ProcessIdentity,
    has_pidfs,
    identify,
    open_recorded,
    signal_recorded,
)
from tests.core.endpoints.sites import open_descriptors
from tests.core.proxy import reuse
from tests.core.proxy.variants import changed
from tests.figures import Figure


@pytest.fixture
def process() -> Iterator[HeldProcess]:
    process = spawn(("sleep", "600"))
    yield process
    process.kill()


@pytest.fixture
def identity(process: HeldProcess) -> ProcessIdentity:
    return identify(process.pid, process.fileno())


def test_identity_holds_what_tells_processes_apart(
    process: HeldProcess, identity: ProcessIdentity
) -> None:
    assert identity.pid == process.pid
    assert identity.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    assert identity.start_time == int(stat.split()[21])
    assert identity.start_time > 0
    assert identity.is_same(identify(process.pid, process.fileno()))


def test_pidfd_inode_is_known_where_pidfds_have_a_file_system(
    process: HeldProcess, identity: ProcessIdentity
) -> None:
    major, minor = map(int, os.uname().release.split(".")[:2])
    assert has_pidfs() is ((major, minor) >= (6, 9))
    inode = os.fstat(process.fileno()).st_ino
    assert identity.pidfd_inode == (inode if has_pidfs() else 0)


def test_program_name_that_looks_like_fields_does_not_confuse_the_start_time(
    tmp_path: Path,
) -> None:
    confusing = tmp_path / "a) S 1 2 3"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", confusing)
    process = spawn((str(confusing), "600"))
    try:
        with_fields = identify(process.pid, process.fileno())
        assert with_fields.start_time > identify(os.getpid(), process.fileno()).start_time
    finally:
        process.kill()


def test_recorded_process_is_signalled(process: HeldProcess, identity: ProcessIdentity) -> None:
    before = open_descriptors()
    assert signal_recorded(identity, signal.SIGTERM)
    assert open_descriptors() == before
    os.waitid(os.P_PIDFD, process.fileno(), os.WEXITED | os.WNOWAIT)
    assert process.has_ended()
    assert process.exit_status == -signal.SIGTERM


def differing(identity: ProcessIdentity) -> list[ProcessIdentity]:
    """What is recorded of other processes that had the same pid."""
    changes: list[dict[str, int | str]] = [
        {"boot_id": "another"},
        {"boot_id": ""},
        {"start_time": identity.start_time - 1},
        {"start_time": identity.start_time + 1, "pidfd_inode": 0},
        {"start_time": 0, "pidfd_inode": identity.pidfd_inode + 1 if has_pidfs() else 0},
        {"start_time": 0, "pidfd_inode": 0},
    ]
    if has_pidfs():
        # The number was used again within one clock tick.
        changes.append({"pidfd_inode": identity.pidfd_inode - 1})
    return [changed(identity, **change) for change in changes]


def test_process_with_the_number_of_a_recorded_one_is_not_signalled(
    process: HeldProcess, identity: ProcessIdentity
) -> None:
    before = open_descriptors()
    for other in differing(identity):
        assert not other.is_same(identity)
        assert not signal_recorded(other, signal.SIGKILL)
        assert open_recorded(other) is None
    assert open_descriptors() == before
    assert not process.has_ended()
    # What would have happened by the number alone.
    os.kill(identity.pid, signal.SIGKILL)
    os.waitid(os.P_PIDFD, process.fileno(), os.WEXITED | os.WNOWAIT)
    assert process.has_ended()


@pytest.mark.parametrize("change", [{"start_time": 0}, {"pidfd_inode": 0}])
def test_fact_that_one_side_does_not_know_is_passed_over(
    change: dict[str, int], identity: ProcessIdentity
) -> None:
    if not has_pidfs() and "start_time" in change:
        # The start time is all there is then.
        assert not changed(identity, **change).is_same(identity)
    else:
        assert changed(identity, **change).is_same(identity)


def test_process_that_is_gone_is_not_signalled(
    process: HeldProcess, identity: ProcessIdentity
) -> None:
    process.kill()
    assert not signal_recorded(identity, signal.SIGTERM)


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1, 2**31, 2**63, 2**200])
def test_number_that_is_no_pid_is_nobody(pid: int) -> None:
    assert not signal_recorded(ProcessIdentity(pid, boot_id(), 1, 1), signal.SIGKILL)


def test_start_time_of_a_number_that_was_free_meanwhile_is_unknown(
    process: HeldProcess,
) -> None:
    other = spawn(("sleep", "600"))
    pidfd = os.dup(other.fileno())
    other.kill()
    try:
        # The pidfd's process is reaped; whoever has the number now is somebody else.
        assert identify(process.pid, pidfd).start_time == 0
    finally:
        os.close(pidfd)


@pytest.mark.anyio
async def test_reused_pid_is_never_signalled(figure: Figure) -> None:
    """In a pid namespace of its own where the kernel allows that, by faked records elsewhere."""
    command = [sys.executable, "-m", "tests.core.proxy.reuse"]
    if reuse.may_unshare():
        command = [*reuse.UNSHARE, *command, "--forced"]
    with anyio.fail_after(60):
        done = await anyio.run_process(command, stderr=subprocess.PIPE, cwd=reuse.ROOT)
    found = reuse.Findings(**json.loads(done.stdout))
    rounds = reuse.ROUNDS * len(reuse.GAPS_S)
    assert found.rounds == rounds
    assert found.signalled == 0
    assert found.ended_by_stop == 0
    # The negative control: each innocent had exactly the recorded number.
    assert found.ended_by_number == rounds
    assert found.is_forced is reuse.may_unshare()
    figure(
        "T10",
        f"{rounds} {'forced' if found.is_forced else 'faked'} reuses of a pid in "
        f"{len(reuse.GAPS_S)} gaps, 0 innocents signalled (controls: by number "
        f"{found.ended_by_number}, by start time alone {found.taken_for})",
    )
