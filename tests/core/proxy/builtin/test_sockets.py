"""The built-in proxies on real sockets, with the default opener."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import (
    ConsoleAbsent,
    NotAConsole,
    NotASocket,
    UnknownConsoleProto,
)
from core.proxy import NoProxy, ProxyParams
from tests.core.endpoints.sites import UnixSite
from tests.core.proxy.consoles import BOTH, END
from tests.core.proxy.logbook import Logbook


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnixSite]:
    site = UnixSite(tmp_path_factory.mktemp("vm") / "console.sock")
    yield site
    site.close()


@BOTH
@pytest.mark.parametrize("form", ["unix:{}", "unix://{}", "{}"])
@pytest.mark.anyio
async def test_real_socket_is_watched_to_its_end(
    proxy_class: type[NoProxy], form: str, params: ProxyParams, site: UnixSite, logbook: Logbook
) -> None:
    url = form.format(site.endpoint.url.removeprefix("unix:"))
    async with proxy_class() as proxy:
        await proxy.start(dataclasses.replace(params, console_url=url))
        assert proxy.console_watched
        site.write(b"Welcome to Debian\r\n\r\ndebian login: ")
        await logbook.until_lines("Welcome to Debian")
        assert set(logbook.facts("console_protocol")) == {"unix"}
        site.hang_up()
        await logbook.until(lambda: END in logbook.messages)
        assert logbook.lines == ["Welcome to Debian", "debian login: "]
        await proxy.start(dataclasses.replace(params, console_url=url))
        site.write(b"Rebooted\n")
        await logbook.until(lambda: "Rebooted" in logbook.lines)


@BOTH
@pytest.mark.anyio
async def test_console_that_cannot_be_reached_says_why(
    proxy_class: type[NoProxy], params: ProxyParams, tmp_path: Path
) -> None:
    plain = tmp_path / "file"
    plain.touch()
    async with proxy_class() as proxy:
        for url, error, beginning in [
            ("pty:/dev/null", NotAConsole, "/dev/null is a character device, not a terminal"),
            ("foo:bar", UnknownConsoleProto, "unknown console proto foo"),
            (f"unix:{tmp_path}/absent.sock", ConsoleAbsent, str(tmp_path)),
            (f"unix:{plain}", NotASocket, str(plain)),
        ]:
            with pytest.raises(error) as caught:
                await proxy.start(dataclasses.replace(params, console_url=url))
            assert str(caught.value).startswith(beginning)
            assert not proxy.console_watched
            assert proxy.sandbox_id == ""
