"""From a proxy type to a proxy, and what all four have in common."""

from __future__ import annotations

import os

import anyio
import pytest

from core.errors import InvalidProxyType, ProxyError
from core.proxy import (
    KataBuiltInProxy,
    KataProxy,
    NoopProxy,
    NoProxy,
    Proxy,
    ProxyHandle,
    ProxyParams,
    ProxyType,
    new_proxy,
)
from core.proxy.child import spawn
from tests.core.proxy.logbook import Logbook

CLASSES: dict[ProxyType, type] = {
    ProxyType.NOOP: NoopProxy,
    ProxyType.NO_PROXY: NoProxy,
    ProxyType.KATA: KataProxy,
    ProxyType.KATA_BUILT_IN: KataBuiltInProxy,
}


@pytest.mark.parametrize("proxy_type", ProxyType)
def test_each_type_has_its_proxy(proxy_type: ProxyType) -> None:
    for given in (proxy_type, proxy_type.value):
        proxy = new_proxy(given)
        assert type(proxy) is CLASSES[proxy_type]
        assert isinstance(proxy, Proxy)
        assert not proxy.console_watched


@pytest.mark.parametrize("unset", ["", None])
def test_unset_type_is_kata_built_in(unset: str | None) -> None:
    assert type(new_proxy(unset)) is KataBuiltInProxy
    assert type(new_proxy()) is KataBuiltInProxy


@pytest.mark.parametrize("value", ["unknown", "noopproxy", "kataProxy "])
def test_any_other_type_is_invalid(value: str) -> None:
    with pytest.raises(InvalidProxyType) as caught:
        new_proxy(value)
    assert str(caught.value) == f"Invalid proxy type: {value}"
    assert isinstance(caught.value, ProxyError)


@pytest.mark.parametrize("proxy_type", ProxyType)
def test_each_call_gives_a_new_proxy(proxy_type: ProxyType) -> None:
    assert new_proxy(proxy_type) is not new_proxy(proxy_type)


@pytest.fixture
def params(request: pytest.FixtureRequest) -> ProxyParams:
    return ProxyParams(
        id="sandbox",
        path="true",
        agent_url="unix:///agent.sock",
        console_url="unix:///console.sock",
        logger=Logbook().logger,
    )


@pytest.mark.anyio
@pytest.mark.parametrize("proxy_type", ProxyType)
async def test_proxy_is_started_inside_its_block_only(
    proxy_type: ProxyType, params: ProxyParams
) -> None:
    proxy = new_proxy(proxy_type)
    with pytest.raises(ProxyError, match="outside its block"):
        await proxy.start(params)
    async with proxy:
        pass
    with pytest.raises(ProxyError, match="outside its block"):
        await proxy.start(params)


@pytest.mark.anyio
@pytest.mark.parametrize("proxy_type", ProxyType)
async def test_block_is_entered_once_at_a_time(proxy_type: ProxyType) -> None:
    proxy = new_proxy(proxy_type)
    async with proxy:
        with pytest.raises(ProxyError, match="two blocks"):
            await proxy.__aenter__()
    async with proxy:
        assert not proxy.console_watched


@pytest.mark.anyio
@pytest.mark.parametrize("proxy_type", ProxyType)
async def test_error_in_the_block_leaves_it_by_its_own_name(proxy_type: ProxyType) -> None:
    with pytest.raises(LookupError, match="mine"):
        async with new_proxy(proxy_type):
            raise LookupError("mine")


@pytest.mark.anyio
@pytest.mark.parametrize("proxy_type", ProxyType)
async def test_cancelled_block_is_left(proxy_type: ProxyType) -> None:
    with anyio.fail_after(10):
        with anyio.CancelScope() as scope:
            async with new_proxy(proxy_type):
                scope.cancel()
                await anyio.sleep_forever()
        assert scope.cancelled_caught


@pytest.mark.anyio
@pytest.mark.parametrize("proxy_type", ProxyType)
async def test_stop_never_fails_and_signals_nobody(
    proxy_type: ProxyType, tmp_path: os.PathLike[str]
) -> None:
    proxy = new_proxy(proxy_type)
    innocent = spawn(("sleep", "60"))
    pids = [0, -1, -innocent.pid, innocent.pid, os.getpid(), 1, 2**22 + 1, 2**31, 2**63, 2**200]
    try:
        for pid in pids:
            await proxy.stop(pid)
        async with proxy:
            for pid in pids:
                await proxy.stop(pid)
        for pid in pids:
            await proxy.stop(pid)
        assert not innocent.has_ended()
    finally:
        innocent.kill()


@pytest.mark.anyio
@pytest.mark.parametrize("params", [ProxyParams(), ProxyParams(hid=42, debug=True)])
async def test_noop_proxy_starts_with_any_params(params: ProxyParams) -> None:
    async with new_proxy("noopProxy") as proxy:
        for _ in range(2):
            assert await proxy.start(params) == ProxyHandle(params.hid, "noopProxyURL")
            assert not proxy.console_watched
        await proxy.stop(params.hid)
        assert not proxy.console_watched
