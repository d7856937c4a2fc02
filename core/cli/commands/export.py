"""`guestwatch export`: a recording in the format of another program."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.command import Command, Context
from core.cli.recorded import Recorded, add_name, find_recorded, generation_number
from core.errors import UsageError

if TYPE_CHECKING:
    from core.output import Write
    from core.recording import Generation
    from core.recording.export import Source

_SUFFIXES = {"cast": ".cast", "text": ".txt", "jsonl": ".jsonl", "typescript": ".typescript"}
_ALL = "all"

_EPILOG = """\
formats:
  text        the guest's lines, gaps as lines of their own: -- gap 3 s: VM restarted --
  jsonl       one object a line: {"time", "generation", "elapsed", "offset", "text"}, and
              "continued": true for a further piece of a long line; a gap has "gap",
              "seconds", "lost_bytes" and "evidence" instead of "text", any other notice
              "notice". time and elapsed are null where no record says when a line came
  cast        asciicast v2 for asciinema play; gaps are markers
  typescript  two files: scriptreplay -t NAME.timing NAME.typescript plays them

What a guest prints could act on the terminal that shows the export. So all formats hold
safe text, cast and typescript its colours too. --raw gives every byte as it came.
With --output, files are new ones, 0600; for a folder a name is chosen. A recording that
grows is exported up to where it was when the export began.

exit codes: 0 done, 1 unknown NAME or not all could be read or written, 2 wrong usage
"""


def _generation(text: str) -> int | str:
    if text == _ALL:
        return text
    try:
        return generation_number(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, nor {_ALL}") from error


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_name(parser)
    parser.add_argument(
        "--format", choices=tuple(_SUFFIXES), default="text", help="what to write (default: text)"
    )
    parser.add_argument(
        "--generation",
        type=_generation,
        metavar="N|all",
        help="which life of its console (default: the newest)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE|DIR",
        help="write there instead of to stdout; typescript needs it",
    )
    parser.add_argument("--times", action="store_true", help="text: begin each line with its time")
    parser.add_argument("--raw", action="store_true", help="give every byte, safe or not")


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: it does not.
    """
    from core.cli.stdout import is_terminal

    if arguments.times and arguments.format != "text":
        raise UsageError(
            f"--times is for text; {arguments.format} has the times anyway", hint="Leave it out."
        )
    if arguments.times and arguments.raw:
        raise UsageError("--raw gives every byte, and no times between them", hint="Choose one.")
    if arguments.output is not None:
        return
    if arguments.format == "typescript":
        raise UsageError(
            "A typescript is two files, which stdout cannot hold", hint="Add --output NAME or DIR."
        )
    if arguments.raw and arguments.format == "text" and is_terminal():
        raise UsageError(
            "Raw bytes of a guest could do anything to this terminal",
            hint="Add --output FILE, send them through a pipe, or leave --raw out.",
        )


def _run(context: Context) -> int:
    arguments = context.arguments
    _check(arguments)
    recorded = find_recorded(arguments.name)
    generations = _chosen(recorded, arguments.generation)
    if arguments.output is None:
        from core.cli.stdout import data_out

        with data_out() as out:
            _write(out.write, _pieces(arguments, recorded, generations))
        return 0
    path = _path(arguments, generations)
    if arguments.format == "typescript":
        _write_typescript(path, arguments, recorded, generations)
        return 0
    from core.output import new_file

    with new_file(path) as write:
        _write(write, _pieces(arguments, recorded, generations))
    _tell(str(path))
    return 0


def _chosen(recorded: Recorded, wanted: int | str | None) -> tuple[Generation, ...]:
    if wanted == _ALL and recorded.generations:
        return recorded.generations
    return (recorded.generation(wanted if isinstance(wanted, int) else None),)


def _path(arguments: argparse.Namespace, generations: tuple[Generation, ...]) -> Path:
    """The file to be made; of a typescript that of its log."""
    from core.output import is_folder

    output: Path = arguments.output
    suffix = _SUFFIXES[arguments.format]
    if is_folder(output):
        which = _ALL if len(generations) > 1 else generations[0].name
        return output / f"{arguments.name}-{which}{suffix}"
    if arguments.format == "typescript" and output.suffix != suffix:
        return output.with_name(output.name + suffix)
    return output


def _sources(recorded: Recorded, generations: tuple[Generation, ...]) -> Iterator[Source]:
    """The generations, each open while it is being read."""
    from core.recording import read_account
    from core.recording.export import Source

    account = read_account(recorded.folder)
    for generation in generations:
        with Source(generation, account, is_announced=len(generations) > 1) as source:
            yield source


def _pieces(
    arguments: argparse.Namespace, recorded: Recorded, generations: tuple[Generation, ...]
) -> Iterator[bytes]:
    from core.recording import export

    sources = _sources(recorded, generations)
    match arguments.format:
        case "cast":
            started = generations[0].started_wall
            return export.cast(sources, title=recorded.id, started=started, raw=arguments.raw)
        case "jsonl":
            return export.jsonl(sources, raw=arguments.raw)
        case _ if arguments.raw:
            return export.raw(sources)
        case _:
            return export.text(sources, times=arguments.times)


def _write(write: Write, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        write(piece)


def _write_typescript(
    path: Path,
    arguments: argparse.Namespace,
    recorded: Recorded,
    generations: tuple[Generation, ...],
) -> None:
    from core.output import new_file
    from core.recording import export

    timing_path = path.with_suffix(".timing")
    sources = _sources(recorded, generations)
    started = generations[0].started_wall
    with contextlib.ExitStack() as files:
        write_log = files.enter_context(new_file(path))
        write_timing = files.enter_context(new_file(timing_path))
        for piece in export.typescript(sources, started=started, raw=arguments.raw):
            write_log(piece.log)
            write_timing(piece.timing)
    _tell(f"{path} and {timing_path}; scriptreplay -t {timing_path} {path} plays them")


def _tell(what: str) -> None:
    from core.console import safe_text

    print(f"guestwatch: wrote {safe_text(what, limit=8192)}", file=sys.stderr)


EXPORT = Command(
    "export",
    "write a recording as text, JSON lines, an asciicast or a typescript",
    _run,
    _add_arguments,
    epilog=_EPILOG,
)
