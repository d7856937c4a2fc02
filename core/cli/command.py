"""What a command of the command line is made of.

Modules of `core.cli.commands` are imported for every start, `--version` included:
they import nothing heavy at their top.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cli.viewed import RecordedView
    from core.config import Config
    from core.console.place import Place
    from core.plain_log import PlainLog
    from core.sandboxes.model import SandboxSpec


@dataclass(frozen=True, slots=True)
class DashboardRequest:
    """What the dashboard is to show."""

    specs: tuple[SandboxSpec, ...]
    config: Config
    """A demo heeds only what it says of colours and keys."""
    theme: str = ""
    """What was typed; empty for whatever the config says."""
    is_fresh: bool = False
    """Whether it starts as if for the first time."""
    demo: str = ""
    """`replay` or `qemu` for a demo, which brings its own sandboxes and folders."""


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What is to be viewed without a capture."""

    what: RecordedView | PlainLog
    config: Config
    """Only what it says of colours and keys counts."""
    theme: str = ""
    """What was typed; empty for whatever the config says."""
    at: Place | None = None
    """Where to go first; None for the end."""


ScreenRequest = DashboardRequest | ViewRequest


class Context:
    """What a command works with besides its arguments.

    Args:
        arguments: what was typed.
        dashboard: opens the dashboard, or a view, and returns its exit code.
    """

    def __init__(
        self, arguments: argparse.Namespace, dashboard: Callable[[ScreenRequest], int]
    ) -> None:
        self.arguments = arguments
        self.dashboard = dashboard

    def config(self) -> Config:
        """The config that was named, or the user's own.

        Raises:
            ConfigError: something is wrong in it.
        """
        from core.config import load_config
        from core.paths import config_file

        named = getattr(self.arguments, "config", None)
        return load_config(named or config_file(), must_exist=bool(named))


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    help: str
    run: Callable[[Context], int]
    """Carries it out and returns the exit code.

    Raises:
        GuestwatchError: it could not be carried out; the caller tells why.
    """
    add_arguments: Callable[[argparse.ArgumentParser], None] = field(default=lambda parser: None)
    takes_config: bool = False
    takes_theme: bool = False
    takes_session: bool = False
    epilog: str = ""
