"""`guestwatch ledger`: what of a sandbox's life was heard, gaps, alerts and marks."""

from __future__ import annotations

import argparse
import os
import sys

from core.cli.command import Command, Context
from core.cli.recorded import add_name, find_recorded, generation_number

_EPILOG = """\
The files alone tell it; capture need not run. Every moment from the first to the last
that is known is in exactly one stretch: heard, or a GAP with its cause. Below stand the
newest 200 alerts and marks.

--json prints one object a line, ASCII:
  {"type": "heard", "generation", "from", "to", "seconds", "first", "last", "bytes"}
  {"type": "gap", "generation", "from", "to", "seconds", "offset", "cause", "evidence",
   "lost_bytes", "entered"}      lost_bytes is null when nobody can know; entered is
                                 false for a gap that no ledger has but all of them imply
  {"type": "dropped", "from", "to", "seconds", "bytes", "evidence"}     by the quota
  {"type": "alert", "generation", "offset", "at", "kind", "severity", "title"}
  {"type": "mark", "generation", "offset", "at", "note", "mark"}    mark is where its line
                                 begins in the generation's events.jsonl: its name
  {"type": "totals", "generations", "captured_bytes", "disk_bytes", "heard_seconds",
   "gaps", "gap_seconds", "lost_bytes", "gaps_of_unknown_loss", "alerts", "repairs",
   "skipped_lines", "attached"}                                  one, and the last one
Times are UTC as the clock showed them then; where it was set back, "to" is before "from"
and "seconds" is 0. Offsets count a generation's bytes from its start.

exit codes: 0 done, 1 unknown NAME or a part could not be read, 2 wrong usage
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_name(parser)
    parser.add_argument("--json", action="store_true", help="print JSON lines for programs")
    parser.add_argument(
        "--generation",
        type=generation_number,
        metavar="N",
        help="only this life of its console (default: all)",
    )


def _run(context: Context) -> int:
    import shutil

    from core.cli.account_text import records, table
    from core.cli.stdout import data_out, is_terminal
    from core.cli.told_text import told_lines, told_records
    from core.console import safe_text
    from core.recording import read_account

    arguments = context.arguments
    recorded = find_recorded(arguments.name)
    number = arguments.generation
    account = read_account(
        recorded.folder, generation=None if number is None else recorded.generation(number)
    )
    generations = recorded.generations if number is None else (recorded.generation(number),)
    if arguments.json:
        lines = records(account, told_records(generations))
    else:
        width = shutil.get_terminal_size((80, 24)).columns
        colours = is_terminal() and "NO_COLOR" not in os.environ
        lines = table(account, told_lines(generations, width=width), width=width, colours=colours)
    with data_out() as out:
        for line in lines:
            out.write(line.encode() + b"\n")
    for trouble in account.troubles:
        print(f"guestwatch: {safe_text(trouble, limit=2000)}", file=sys.stderr)
    return 1 if account.troubles else 0


LEDGER = Command(
    "ledger",
    "print what of a sandbox's life was heard, and every gap with its cause",
    _run,
    _add_arguments,
    epilog=_EPILOG,
)
