"""Programs run as processes of their own."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from core.proxy.child import HeldProcess, spawn
from tests.core.endpoints.sites import open_descriptors
from tests.core.proxy.programs import Programs, end_of_zombie, is_child, is_zombie


def children() -> str:
    """The pids of this process's children, dead ones included."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


@pytest.fixture
def child(programs: Programs) -> Iterator[HeldProcess]:
    child = spawn((str(programs.make()), "one", "two"))
    yield child
    child.kill()


@pytest.mark.anyio
async def test_program_has_a_session_of_its_own_and_inherits_nothing(
    child: HeldProcess, programs: Programs
) -> None:
    facts = await programs.reported("started")
    assert facts["pid"] == child.pid
    assert facts["session"] == child.pid
    assert facts["argv"] == [str(programs.make()), "one", "two"]
    assert facts["blocked"] == []
    assert facts["places"] == [os.devnull] * 3


@pytest.mark.anyio
async def test_program_gets_neither_signal_settings_nor_open_descriptors() -> None:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
    ignored = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    opened = os.open(os.devnull, os.O_RDONLY)
    leaked = fcntl.fcntl(opened, fcntl.F_DUPFD, 100)
    os.close(opened)
    try:
        descriptors = await printed_by("ls", "/proc/self/fd")
        status = await printed_by("cat", "/proc/self/status")
    finally:
        os.close(leaked)
        signal.signal(signal.SIGTERM, ignored)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    # 3 is the folder that it lists.
    assert descriptors.split() == ["0", "1", "2", "3"]
    masks = dict(line.split(":\t") for line in status.splitlines() if line.startswith("Sig"))
    assert int(masks["SigBlk"], 16) & (1 << signal.SIGUSR1 - 1) == 0
    assert int(masks["SigIgn"], 16) & (1 << signal.SIGTERM - 1) == 0
    # Python ignores it, and a program that does not would be surprised.
    assert int(masks["SigIgn"], 16) & (1 << signal.SIGPIPE - 1) == 0


async def printed_by(*argv: str) -> str:
    """What a program prints until it ends well."""
    read_end, write_end = os.pipe()
    child = spawn(argv, output=write_end)
    os.close(write_end)
    with os.fdopen(read_end, "r") as pipe, anyio.fail_after(10):
        await child.wait()
        assert child.exit_status == 0
        return pipe.read()


@pytest.mark.anyio
async def test_output_is_stdout_and_stderr() -> None:
    text = await printed_by("sh", "-c", "echo out; echo err >&2; readlink /proc/self/fd/0")
    assert text == "out\nerr\n/dev/null\n"


@pytest.mark.anyio
@pytest.mark.parametrize(("order", "status"), [(b"x", 7), (b"k", -signal.SIGKILL)])
async def test_several_tasks_wait_for_the_end_and_it_is_reaped(
    order: bytes, status: int, child: HeldProcess, programs: Programs
) -> None:
    statuses = [child.exit_status]
    before = open_descriptors()
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(child.wait)
        await programs.reported("started")
        programs.order(order)
    statuses.append(child.exit_status)
    assert statuses == [None, status]
    assert child.has_ended()
    assert open_descriptors() == before - 1
    assert not is_child(child.pid)


@pytest.mark.anyio
async def test_wait_that_is_cancelled_leaves_no_descriptor(child: HeldProcess) -> None:
    before = open_descriptors()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child.wait)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert open_descriptors() == before
    assert not child.has_ended()


@pytest.mark.anyio
async def test_process_that_is_only_held_is_not_reaped(
    child: HeldProcess, programs: Programs
) -> None:
    await programs.reported("started")
    held = HeldProcess(child.pid, os.pidfd_open(child.pid), reaps=False)
    held.send(signal.SIGKILL)
    await end_of_zombie(child.pid)
    with anyio.fail_after(10):
        await held.wait()
    assert held.exit_status is None
    assert is_zombie(child.pid)
    assert child.has_ended()
    assert child.exit_status == -signal.SIGKILL
    assert not is_zombie(child.pid)


@pytest.mark.anyio
async def test_child_that_somebody_else_reaped_has_ended_all_the_same(
    child: HeldProcess, programs: Programs
) -> None:
    await programs.reported("started")
    programs.order(b"x")
    os.waitpid(child.pid, 0)  # noqa: ASYNC222  # it ends at once
    with anyio.fail_after(10):
        await child.wait()
    assert child.exit_status is None
    child.send(signal.SIGTERM)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/nonexistent/kata-proxy", FileNotFoundError),
        ("kata-proxy-that-is-nowhere", FileNotFoundError),
        ("/tmp", PermissionError),
        ("/etc/passwd", PermissionError),
        ("", ValueError),
        ("nul\0", ValueError),
        ("half\ud800", ValueError),
    ],
)
def test_program_that_cannot_be_run_is_an_error(path: str, error: type[Exception]) -> None:
    before = open_descriptors(), children()
    with pytest.raises(error):
        spawn((path,))
    assert (open_descriptors(), children()) == before
