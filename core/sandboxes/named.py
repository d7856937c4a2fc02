"""Sandboxes that a person names: on the command line or in the config file."""

from __future__ import annotations

from pathlib import Path

from core.endpoints import ConsoleUrl, parse_console_url
from core.errors import InvalidConsoleUrl, SandboxClash
from core.proxy.types import ProxyType
from core.sandboxes.ids import check_sandbox_id
from core.sandboxes.model import SandboxSpec
from core.settings import Auto


def sandbox_spec(
    sandbox_id: str,
    console: str,
    *,
    proxy_type: ProxyType | None = None,
    proxy_path: str = "",
    agent_url: str = "",
    family: str = "",
    auto: Auto = Auto.SAFE,
    debug: bool = True,
    start: bool = True,
    base: Path | None = None,
) -> SandboxSpec:
    """A sandbox as a person names it.

    Without a proxy type, one with an agent URL gets the built-in Kata proxy, and any
    other VM a plain one, which asks for no agent.

    Args:
        sandbox_id: checked already.
        console: its console's URL; may be empty.
        base: where a relative console path begins.

    Raises:
        InvalidConsoleUrl: the URL names no console.
        UnknownConsoleProto: its scheme has no endpoint.
    """
    if console:
        console = str(parse_console_url(console, base=base))
    if proxy_type is None:
        proxy_type = ProxyType.KATA_BUILT_IN if agent_url else ProxyType.NO_PROXY
    return SandboxSpec(
        id=sandbox_id,
        console=console,
        proxy_type=proxy_type,
        proxy_path=proxy_path,
        agent_url=agent_url,
        family=family,
        auto=auto,
        debug=debug,
        start=start,
    )


def parse_named(text: str, *, base: Path, auto: Auto = Auto.SAFE) -> SandboxSpec:
    """The sandbox that `NAME=URL` names; it splits at the first `=`.

    Raises:
        InvalidSandboxId: the name may not be an id.
        InvalidConsoleUrl: there is no `=`, or the URL names no console.
        UnknownConsoleProto: the URL's scheme has no endpoint.
    """
    name, equals, url = text.partition("=")
    if not equals or not url:
        raise InvalidConsoleUrl(
            f"{text[:128]} names no console", hint="Write NAME=URL, such as vm1=unix:/run/vm1.sock"
        )
    return sandbox_spec(check_sandbox_id(name), url, auto=auto, base=base)


def merge_specs(*groups: tuple[SandboxSpec, ...]) -> tuple[SandboxSpec, ...]:
    """All of them, each id once; the first to name one decides everything but its URL.

    Raises:
        SandboxClash: one id with two different console URLs.
    """
    specs: dict[str, SandboxSpec] = {}
    for group in groups:
        for spec in group:
            known = specs.setdefault(spec.id, spec)
            if place_of(known) != place_of(spec):
                raise SandboxClash(
                    f"{spec.id} is named twice, with two consoles:"
                    f" {known.console} and {spec.console}",
                    hint="Give one of the two another name.",
                )
    return tuple(specs.values())


def place_of(spec: SandboxSpec) -> ConsoleUrl | str:
    """Where a sandbox's console is; two ways to write one place are equal.

    Raises:
        InvalidConsoleUrl: the URL names no console.
        UnknownConsoleProto: its scheme has no endpoint.
    """
    if not spec.console:
        return ""
    return parse_console_url(spec.console)
