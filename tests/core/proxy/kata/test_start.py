"""What a kata-proxy needs, and what is run."""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
import stat
from pathlib import Path

import pytest

from core.errors import (
    InvalidProxyParams,
    InvalidSandboxId,
    ProxyError,
    ProxyStartError,
)
from core.proxy import KataProxy, ProxyParams, new_proxy
from core.proxy.folder import ProxyFolder
from tests.core.endpoints.sites import open_descriptors
from tests.core.proxy.logbook import Logbook
from tests.core.proxy.programs import Programs, is_running
from tests.core.proxy.variants import changed

pytestmark = pytest.mark.anyio


# What a start needs, in the order it is checked.


@pytest.mark.parametrize("field", ["path", "id", "agent_url", "console_url"])
async def test_every_field_is_needed_before_the_logger(
    field: str, params: ProxyParams, proxy: KataProxy, runtime: Path
) -> None:
    async with proxy:
        for logger in (params.logger, None):
            with pytest.raises(InvalidProxyParams) as caught:
                await proxy.start(changed(params, logger=logger, **{field: ""}))
            assert str(caught.value) == f"Invalid proxy parameters (empty: {field})"
    assert list(runtime.iterdir()) == []


async def test_logger_is_needed(params: ProxyParams, proxy: KataProxy) -> None:
    async with proxy:
        with pytest.raises(InvalidProxyParams) as caught:
            await proxy.start(dataclasses.replace(params, logger=None))
        assert str(caught.value) == "Invalid proxy parameter: proxy logger is not set"


@pytest.mark.parametrize("id", ["..", "../vm1", "/etc", "a/b", ".hidden", "a\n", "x" * 300, "é"])
async def test_id_that_is_no_folder_name_is_refused(
    id: str, params: ProxyParams, proxy: KataProxy, runtime: Path
) -> None:
    async with proxy:
        with pytest.raises(InvalidSandboxId):
            await proxy.start(dataclasses.replace(params, id=id))
    assert list(runtime.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["/nonexistent/kata-proxy", "kata-proxy-that-is-nowhere", "/tmp", "/etc/passwd", "a\0b"]
)
async def test_program_that_cannot_be_run_leaves_nothing_behind(
    path: str, params: ProxyParams, runtime: Path
) -> None:
    taken: list[int] = []
    before = open_descriptors()
    async with KataProxy(output=taken.append, runtime_dir=runtime) as proxy:
        inside = open_descriptors()
        with pytest.raises(ProxyStartError) as caught:
            await proxy.start(dataclasses.replace(params, path=path))
        assert str(caught.value).startswith(f"Cannot run {path}: ")
        assert isinstance(caught.value, ProxyError)
        assert open_descriptors() == inside
        assert list((runtime / "proxies").iterdir()) == []
    assert taken == []
    assert open_descriptors() == before


# What is run.


@pytest.mark.parametrize("debug", [False, True])
async def test_program_gets_its_command_line_and_a_session_of_its_own(
    debug: bool, params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(dataclasses.replace(params, debug=debug))
        url = f"unix://{runtime}/proxies/vm1/proxy.sock"
        facts = await programs.reported("started")
        assert (handle.pid, handle.url) == (facts["pid"], url)
        expected = [params.path, "-listen-socket", url, "-mux-socket", params.agent_url]
        expected += ["-sandbox", "vm1"]
        if debug:
            expected += ["-log", "debug", "-agent-logs-socket", params.console_url]
        assert facts["argv"] == expected
        assert facts["session"] == handle.pid
        assert facts["places"] == [os.devnull] * 3
        assert not proxy.console_watched
        assert not proxy.ended.is_set()
        assert proxy.exit_status is None
        await proxy.stop(handle.pid)


@pytest.mark.parametrize("url", ["vsock://3:1024", "/bare/path", "hvsock:x y%20?#\udc80"])
async def test_urls_are_passed_on_unparsed(
    url: str, params: ProxyParams, proxy: KataProxy, programs: Programs
) -> None:
    async with proxy:
        handle = await proxy.start(
            dataclasses.replace(params, agent_url=url, console_url=url, debug=True)
        )
        argv = (await programs.reported("started"))["argv"]
        assert isinstance(argv, list)
        assert argv.count(url) == 2
        await proxy.stop(handle.pid)


async def test_path_without_a_slash_is_looked_up_in_path(
    params: ProxyParams, proxy: KataProxy, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = programs.make("kata-proxy-of-this-test")
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    async with proxy:
        handle = await proxy.start(dataclasses.replace(params, path=program.name))
        facts = await programs.reported("started")
        argv = facts["argv"]
        assert isinstance(argv, list)
        assert argv[0] == str(program)
        await proxy.stop(handle.pid)


async def test_proxy_listens_in_katas_folder_when_there_is_one(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    kata = runtime / "sbs" / "vm1"
    kata.mkdir(parents=True)
    (kata / "persist.json").touch()
    async with proxy:
        handle = await proxy.start(params)
        assert handle.url == f"unix://{kata}/proxy.sock"
        await programs.reported("started")
        programs.order(b"l")
        await programs.reported("listening")
        await proxy.stop(handle.pid)
    # What is there is Kata's and the program's, not ours.
    assert sorted(path.name for path in kata.iterdir()) == ["persist.json", "proxy.sock"]
    assert list((runtime / "proxies").iterdir()) == []


async def test_default_folder_is_the_users_runtime_folder(
    params: ProxyParams, runtime: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    async with new_proxy("kataProxy") as proxy:
        handle = await proxy.start(params)
        assert handle.url == f"unix://{runtime}/guestwatch/proxies/vm1/proxy.sock"
        await programs.reported("started")
        await proxy.stop(handle.pid)
    assert list((runtime / "guestwatch" / "proxies").iterdir()) == []


async def test_folder_and_record_are_ours_alone_and_gone_after_stop(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    folder = runtime / "proxies" / "vm1"
    async with proxy:
        handle = await proxy.start(params)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "process.json").stat().st_mode) == 0o600
        await programs.reported("started")
        programs.order(b"l")
        await programs.reported("listening")
        assert (folder / "proxy.sock").is_socket()
        await proxy.stop(handle.pid)
        assert not folder.exists()


async def test_stop_leaves_what_start_did_not_make(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    folder = runtime / "proxies" / "vm1"
    folder.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
        await proxy.stop(handle.pid)
    assert list(folder.iterdir()) == []


async def test_socket_of_a_dead_proxy_is_not_in_the_way(
    params: ProxyParams, proxy: KataProxy, runtime: Path, programs: Programs
) -> None:
    folder = ProxyFolder.of(runtime, "vm1")
    folder.make()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder.socket))
    async with proxy:
        handle = await proxy.start(params)
        await programs.reported("started")
        programs.order(b"l")
        await programs.reported("listening")
        await proxy.stop(handle.pid)


async def test_socket_path_that_is_too_long_is_told_of(
    params: ProxyParams, proxy: KataProxy, programs: Programs, logbook: Logbook
) -> None:
    async with proxy:
        handle = await proxy.start(dataclasses.replace(params, id="x" * 128))
        await programs.reported("started")
        await proxy.stop(handle.pid)
    assert logbook.one("The proxy's socket path has ").levelno == logging.WARNING


async def test_two_sandboxes_have_two_programs(
    params: ProxyParams, proxy: KataProxy, programs: Programs
) -> None:
    async with proxy:
        one = await proxy.start(params)
        two = await proxy.start(dataclasses.replace(params, id="vm2"))
        for _ in range(2):
            await programs.reported("started")
        assert one.pid != two.pid
        await proxy.stop(one.pid)
        assert not is_running(one.pid)
        assert is_running(two.pid)
        assert not proxy.ended.is_set()
        await proxy.stop(two.pid)
        assert proxy.ended.is_set()
