"""The sandboxes that were typed and those of the config, as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.config import Config
from core.errors import InvalidConsoleUrl, UnknownConsoleProto, UsageError
from core.sandboxes.model import SandboxSpec
from core.sandboxes.named import merge_specs, parse_named
from core.settings import Auto


def specs_to_record(texts: Sequence[str], config: Config) -> tuple[SandboxSpec, ...]:
    """What `NAME=URL` texts name, and only that; without any, what the config names.

    Raises:
        UsageError: there is nothing to record, or what `named_specs` raises.
    """
    specs = named_specs(texts, config, only_typed=bool(texts))
    if not specs:
        raise UsageError(
            "There is nothing to record: no sandbox was named, and the config names none",
            hint="Name one: guestwatch record NAME=unix:PATH",
        )
    return specs


def named_specs(
    texts: Sequence[str], config: Config, *, only_typed: bool = False
) -> tuple[SandboxSpec, ...]:
    """What `NAME=URL` texts and, unless `only_typed`, the config name, each id once.

    Raises:
        UsageError: a text names no console, or one id has two consoles.
        UnknownConsoleProto: a URL's scheme has no endpoint.
    """
    if not texts:
        return config.sandboxes
    here = _here()
    typed = (_checked(_parsed(text, here, config.auto)) for text in texts)
    return merge_specs(tuple(typed), () if only_typed else config.sandboxes)


def _here() -> Path:
    """Where relative paths begin.

    Raises:
        UsageError: the current folder was removed.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            f"The current folder cannot be had: {error.strerror}", hint="Change into another one."
        ) from error


def _parsed(text: str, here: Path, auto: Auto) -> SandboxSpec:
    """What one text names; an error says which of them is wrong."""
    name, equals, url = text.partition("=")
    try:
        return parse_named(text, base=here, auto=auto)
    except (InvalidConsoleUrl, UnknownConsoleProto) as error:
        if not (equals and url):
            raise
        raise type(error)(f"{name}: {url[:128]}: {error}", hint=error.hint) from error


def _checked(spec: SandboxSpec) -> SandboxSpec:
    """`spec`, if it can be told to capture.

    Raises:
        InvalidConsoleUrl: its path holds bytes that are no text.
    """
    try:
        spec.console.encode()
    except UnicodeEncodeError as error:
        raise InvalidConsoleUrl(
            f"The console's path is not UTF-8: {spec.console}",
            hint="Make a symbolic link to its folder and name the console through that.",
        ) from error
    return spec
