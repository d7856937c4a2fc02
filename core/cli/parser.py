"""What may be typed after `guestwatch`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from core import __version__
from core.cli.commands import COMMANDS

THEMES = ("dark", "light", "high-contrast", "ansi-dark", "ansi-light")
"""Those that need no config; the dashboard knows what they look like."""

_EPILOG = """\
Without a command: the dashboard on the config's sandboxes.

A console URL is unix:PATH, pty:PATH, file:PATH, listen:PATH, hvsock:PATH:PORT,
vsock:CID:PORT, tcp:HOST:PORT, telnet:HOST:PORT, or a bare path.
Recordings: $XDG_STATE_HOME/guestwatch/recordings, a folder a sandbox.
Config: $XDG_CONFIG_HOME/guestwatch/config.toml

exit codes: 0 done, 1 failed, 2 wrong usage or config
"""


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in words that are safe for any terminal."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit with 2."""
        from core.console import safe_text

        super().error(safe_text(message, limit=2000))


def _config(default: str | None) -> _Parser:
    options = _Parser(add_help=False)
    options.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=default,
        help="read this config file instead of the usual one",
    )
    return options


def _looks(default: str) -> _Parser:
    options = _Parser(add_help=False)
    options.add_argument(
        "--theme",
        metavar="NAME",
        default=default,
        help=f"colours: {', '.join(THEMES)}, or one of the config's (default: dark)",
    )
    return options


def _session(default: str | bool) -> _Parser:
    options = _Parser(add_help=False)
    options.add_argument(
        "--fresh",
        action="store_true",
        default=default,
        help="start as if for the first time, not where the last dashboard was left",
    )
    return options


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""

    # One width everywhere, so that the README can show the very same help.
    def wide(prog: str) -> argparse.RawDescriptionHelpFormatter:
        return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=90)

    # Suppressed: a command's own default would undo what was given before the command.
    common, looks = _config(argparse.SUPPRESS), _looks(argparse.SUPPRESS)
    session = _session(argparse.SUPPRESS)
    parser = _Parser(
        prog="guestwatch",
        description="Every VM guest's console, live in one terminal, and every byte of it on disk.",
        epilog=_EPILOG,
        formatter_class=wide,
        parents=[_config(None), _looks(""), _session(False)],
    )
    parser.add_argument("--version", action="version", version=f"guestwatch {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in COMMANDS:
        parents = [common] * command.takes_config + [looks] * command.takes_theme
        parents += [session] * command.takes_session
        command.add_arguments(
            commands.add_parser(
                command.name,
                parents=parents,
                help=command.help,
                description=command.help[0].upper() + command.help[1:],
                epilog=command.epilog or None,
                formatter_class=wide,
            )
        )
    return parser
