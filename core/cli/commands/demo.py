"""`guestwatch demo`: the dashboard on guests of its own."""

from __future__ import annotations

import argparse

from core.cli.command import Command, Context, DashboardRequest


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--qemu", action="store_true", help="boot a real QEMU guest instead")


def _run(context: Context) -> int:
    kind = "qemu" if context.arguments.qemu else "replay"
    return context.dashboard(
        DashboardRequest((), context.config(), context.arguments.theme, demo=kind)
    )


DEMO = Command(
    "demo",
    "open the dashboard on embedded guests",
    _run,
    _add_arguments,
    takes_config=True,
    takes_theme=True,
)
