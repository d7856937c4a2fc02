"""Kata's proxy program, run as a process of its own.

Theory of operation. `start` runs the program in a session of its own and writes down
who it is. A task of the block waits for its end and reaps it. Leaving the block leaves
the program running; whoever starts the same proxy again, in this process or a later
one, gets the one that runs. `stop` sends SIGTERM through a pidfd: the one held since
the start, or one whose process is the recorded one. A number alone is never signalled.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio

from core.errors import ProxyError, ProxyStartError, RuntimeDirError
from core.proxy.block import Block
from core.proxy.child import spawn
from core.proxy.folder import ProxyFolder, ProxyRecord
from core.proxy.identity import identify
from core.proxy.quiet import QuietLogger
from core.proxy.running import (
    RunningProxy,
    known,
    known_in,
    leave,
    reap,
    recorded_in,
    remember,
    stop_recorded,
)
from core.proxy.types import ProxyHandle, ProxyParams
from core.proxy.url import RUN_STORAGE, SOCKET_NAME, unix_url
from core.proxy.validation import validate_proxy_params
from core.sandboxes.ids import check_sandbox_id

if TYPE_CHECKING:
    from core.proxy.protocol import ProcessOutput

MAX_SOCKET_PATH_BYTES = 107
"""What fits in a unix socket's address."""


class KataProxy:
    """Runs a kata-proxy program. It never watches the console itself.

    Args:
        output: takes what the program prints; /dev/null does when None.
        runtime_dir: where the proxies' folders are; the user's own when None.
        run_storage: where Kata keeps a folder a sandbox; the proxy listens in it when
            there is one.

    Attributes:
        ended: set once the program that was started last has ended.
    """

    def __init__(
        self,
        *,
        output: ProcessOutput | None = None,
        runtime_dir: Path | None = None,
        run_storage: Path = RUN_STORAGE,
    ) -> None:
        self.ended = anyio.Event()
        self._output = output
        self._runtime_dir = runtime_dir
        self._run_storage = run_storage
        self._block = Block()
        self._lock = anyio.Lock()
        self._waited: list[RunningProxy] = []
        self._latest: RunningProxy | None = None

    @property
    def console_watched(self) -> bool:
        """Always false: with debug the program watches the console."""
        return False

    @property
    def exit_status(self) -> int | None:
        """How the program that was started last ended: its exit status or minus a signal's number.

        None while it runs, and when it was started by a process before this one.
        """
        return self._latest.process.exit_status if self._latest is not None else None

    @property
    def exit_words(self) -> str:
        """How the program that was started last ended, for people; empty while it runs."""
        return self._latest.exit_words if self._latest is not None else ""

    async def __aenter__(self) -> Self:
        await self._block.enter()
        reap()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        try:
            return await self._block.leave(exc_type, exc, traceback)
        finally:
            waited, self._waited = self._waited, []
            for running in waited:
                leave(running)
            reap()

    async def start(self, params: ProxyParams) -> ProxyHandle:
        """Run the program and return at once its pid and the URL it is told to listen on.

        When the same program with the same arguments runs already for this sandbox, it
        is that one.

        Raises:
            InvalidProxyParams: a field is empty, or no logger is set.
            InvalidSandboxId: the id cannot name a folder.
            ProxyStartError: the program could not be run, or runs with other arguments.
            ProxyError: the proxy is used outside its block.
        """
        validate_proxy_params(params)
        assert params.logger is not None
        check_sandbox_id(params.id)
        logger = QuietLogger(params.logger)
        self._block.check_open()
        async with self._lock:
            self._block.check_open()
            reap()
            folder = ProxyFolder.of(self._runtime(), params.id)
            url = unix_url(self._listen_path(params.id, folder, logger))
            argv = kata_proxy_argv(params, url)
            running = self._find(folder, argv, logger) or self._run(folder, argv, url, logger)
            self._take(running)
        return ProxyHandle(running.process.pid, url)

    async def stop(self, pid: int) -> None:
        """End the kata-proxy with this pid and remove what `start` made. Never fails.

        Nothing happens unless `pid` is that of a program that was started here, or by
        a process before this one in the same runtime folder, and that still runs.
        """
        async with self._lock:
            reap()
            running = known(pid)
            if running is not None:
                await running.stop()
            else:
                with contextlib.suppress(ProxyError):
                    for folder in ProxyFolder.all_in(self._runtime()):
                        await stop_recorded(folder, pid)
            reap()

    def _runtime(self) -> Path:
        if self._runtime_dir is not None:
            return self._runtime_dir
        from core.paths import runtime_dir

        try:
            return runtime_dir()
        except RuntimeDirError as error:
            raise ProxyStartError(
                f"No place for a proxy: {error.message}", hint=error.hint
            ) from error

    def _listen_path(self, sandbox_id: str, folder: ProxyFolder, logger: QuietLogger) -> Path:
        """Kata's own folder of the sandbox, or ours: one made there would show as a sandbox."""
        kata = self._run_storage / sandbox_id
        path = kata / SOCKET_NAME if os.path.isdir(kata) else folder.socket  # noqa: PTH112  # never raises
        size = len(os.fsencode(path))
        if size > MAX_SOCKET_PATH_BYTES:
            logger.log(
                logging.WARNING,
                f"The proxy's socket path has {size} bytes and {MAX_SOCKET_PATH_BYTES} fit",
                sandbox=sandbox_id,
            )
        return path

    def _find(
        self, folder: ProxyFolder, argv: tuple[str, ...], logger: QuietLogger
    ) -> RunningProxy | None:
        """The sandbox's proxy, when it runs.

        Raises:
            ProxyStartError: it runs with other arguments.
        """
        running = known_in(folder) or recorded_in(folder)
        if running is None:
            return None
        if running.record.argv != argv:
            if known_in(folder) is None:
                running.process.close()
            raise ProxyStartError(
                f"A kata-proxy of sandbox {folder.path.name} runs with other arguments: "
                f"pid {running.process.pid}",
                hint=f"End that one first, for example with: kill {running.process.pid}",
            )
        running.logger = logger
        return running

    def _run(
        self, folder: ProxyFolder, argv: tuple[str, ...], url: str, logger: QuietLogger
    ) -> RunningProxy:
        """Run the program.

        Raises:
            ProxyStartError: it could not be run; nothing is left behind.
        """
        with contextlib.ExitStack() as undo:
            try:
                stale = folder.read()
                made = folder.make() or (stale is not None and stale.made_folder)
                undo.callback(folder.remove, with_folder=made)
                folder.remove_socket()
                pipe = _Pipe(undo) if self._output is not None else None
                try:
                    process = spawn(argv, output=pipe.write_end if pipe is not None else None)
                finally:
                    if pipe is not None:
                        os.close(pipe.write_end)
                undo.callback(process.kill)
                record = ProxyRecord(identify(process.pid, process.fileno()), argv, url, made)
                folder.write(record)
            except (OSError, ValueError, RuntimeDirError) as error:
                raise _start_error(argv[0], error) from error
            if self._output is not None and pipe is not None:
                self._output(pipe.read_end)
            undo.pop_all()
        kept = pipe.kept_end if pipe is not None else -1
        return RunningProxy(process, folder, record, logger, output=kept)

    def _take(self, running: RunningProxy) -> None:
        """Wait for the end of `running` for as long as the block lasts."""
        self._latest = running
        self.ended = running.ended
        remember(running)
        if running not in self._waited:
            self._waited.append(running)
            self._block.tasks.start_soon(
                self._wait, running, name=f"kata-proxy {running.process.pid}"
            )

    async def _wait(self, running: RunningProxy) -> None:
        await running.wait()
        self._waited.remove(running)
        reap()


class _Pipe:
    """What a program prints into: both ends of a pipe, and a second read end to keep."""

    def __init__(self, undo: contextlib.ExitStack) -> None:
        self.read_end, self.write_end = os.pipe()
        undo.callback(os.close, self.read_end)
        try:
            self.kept_end = fcntl.fcntl(self.read_end, fcntl.F_DUPFD_CLOEXEC, 3)
        except OSError:
            os.close(self.write_end)
            raise
        undo.callback(os.close, self.kept_end)


def kata_proxy_argv(params: ProxyParams, url: str) -> tuple[str, ...]:
    """The command line of a kata-proxy that listens on `url`. Its URLs are passed on as given."""
    argv = [params.path, "-listen-socket", url, "-mux-socket", params.agent_url]
    argv += ["-sandbox", params.id]
    if params.debug:
        argv += ["-log", "debug", "-agent-logs-socket", params.console_url]
    return tuple(argv)


def _start_error(path: str, error: OSError | ValueError | RuntimeDirError) -> ProxyStartError:
    match error:
        case FileNotFoundError() | PermissionError():
            hint = "Look whether it exists and may be run; a name without / is looked up in PATH."
        case RuntimeDirError():
            hint = error.hint
        case _:
            hint = ""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ProxyStartError(f"Cannot run {path}: {reason}", hint=hint)
