"""What the built-in proxies need, and when they watch the console."""

from __future__ import annotations

import dataclasses

import pytest

from core.errors import (
    InvalidProxyParams,
)
from core.proxy import KataBuiltInProxy, NoProxy, ProxyHandle, ProxyParams
from tests.core.proxy.consoles import BOTH, Console
from tests.core.proxy.logbook import Logbook
from tests.core.proxy.variants import changed

# What a start needs, in the order it is checked.


@pytest.mark.anyio
async def test_no_proxy_starts_with_only_an_agent_url_and_a_logger(logbook: Logbook) -> None:
    async with NoProxy() as proxy:
        handle = await proxy.start(ProxyParams(agent_url="vsock://3:1024", logger=logbook.logger))
        assert handle == ProxyHandle(0, "vsock://3:1024")
        assert not proxy.console_watched
        await proxy.stop(handle.pid)


@pytest.mark.anyio
async def test_no_proxy_starts_with_only_a_logger(logbook: Logbook) -> None:
    async with NoProxy() as proxy:
        assert await proxy.start(ProxyParams(logger=logbook.logger)) == ProxyHandle(0, "")


@BOTH
@pytest.mark.anyio
async def test_start_needs_a_logger(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        with pytest.raises(InvalidProxyParams) as caught:
            await proxy.start(dataclasses.replace(params, logger=None))
        assert str(caught.value) == "Invalid proxy parameter: proxy logger is not set"
        assert not proxy.console_watched
    assert console.sinks == []


@pytest.mark.parametrize("field", ["id", "agent_url", "console_url"])
@pytest.mark.anyio
async def test_kata_built_in_needs_its_fields_before_the_logger(
    field: str, params: ProxyParams, console: Console
) -> None:
    async with KataBuiltInProxy(opener=console.open) as proxy:
        for logger in (params.logger, None):
            for debug in (True, False):
                with pytest.raises(InvalidProxyParams) as caught:
                    await proxy.start(changed(params, logger=logger, debug=debug, **{field: ""}))
                assert str(caught.value) == f"Invalid proxy parameters (empty: {field})"
    assert console.sinks == []


@BOTH
@pytest.mark.anyio
async def test_no_path_is_needed(
    proxy_class: type[NoProxy], params: ProxyParams, console: Console
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        assert await proxy.start(params) == ProxyHandle(42, "unix:///agent.sock")


# When the console is watched.


@BOTH
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"debug": False}, "debug is off"),
        ({"console_url": "hvsock:///run/clh.sock:1024"}, "a hybrid vsock is no console"),
        ({"console_url": "hvsock:relative"}, "a hybrid vsock is no console"),
    ],
)
@pytest.mark.anyio
async def test_console_is_not_watched_and_the_log_says_why(
    proxy_class: type[NoProxy],
    changes: dict[str, str | bool],
    why: str,
    params: ProxyParams,
    console: Console,
    logbook: Logbook,
) -> None:
    async with proxy_class(opener=console.open) as proxy:
        # Nothing is watched, so nothing is in the way of a second start.
        for _ in range(2):
            handle = await proxy.start(changed(params, **changes))
            assert handle == ProxyHandle(42, "unix:///agent.sock")
            assert not proxy.console_watched
            assert proxy.sandbox_id == "vm1"
    assert console.sinks == []
    assert logbook.messages[:2] == [
        "Start to watch the console",
        f"The console is not watched: {why}",
    ]


@pytest.mark.anyio
async def test_no_proxy_without_a_console_url_is_not_watched(
    params: ProxyParams, console: Console, logbook: Logbook
) -> None:
    async with NoProxy(opener=console.open) as proxy:
        await proxy.start(dataclasses.replace(params, console_url=""))
        assert not proxy.console_watched
    assert console.sinks == []
    assert logbook.messages[-1] == "The console is not watched: it has no URL"
