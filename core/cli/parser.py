"""What may be typed after `guestwatch`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from core import __version__

THEMES = ("dark", "light", "ansi-dark", "ansi-light")

_EPILOG = """\
A console URL is unix:PATH, unix://PATH or a bare path.
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
    options.add_argument("--theme", choices=THEMES, default=default, help="colours (default: dark)")
    return options


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""

    # One width everywhere, so that the README can show the very same help.
    def wide(prog: str) -> argparse.RawDescriptionHelpFormatter:
        return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=90)

    # Suppressed: a command's own default would undo what was given before the command.
    common, looks = _config(argparse.SUPPRESS), _looks(argparse.SUPPRESS)
    parser = _Parser(
        prog="guestwatch",
        description="Every VM guest's console, live in one terminal, and every byte of it on disk.",
        epilog=_EPILOG,
        formatter_class=wide,
        parents=[_config(None), _looks(THEMES[0])],
    )
    parser.add_argument("--version", action="version", version=f"guestwatch {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, parents, text in (
        ("watch", [common, looks], "open the dashboard on these sandboxes and the config's"),
        ("record", [common], "capture without a dashboard until interrupted"),
    ):
        command = commands.add_parser(
            name, parents=parents, help=text, description=text.capitalize(), formatter_class=wide
        )
        command.add_argument(
            "sandboxes",
            nargs="+" if name == "watch" else "*",
            metavar="NAME=URL",
            help="a sandbox and its console",
        )
    text = "open the dashboard on embedded guests"
    demo = commands.add_parser(
        "demo", parents=[looks], help=text, description=text.capitalize(), formatter_class=wide
    )
    demo.add_argument("--qemu", action="store_true", help="boot a real QEMU guest instead")
    return parser
