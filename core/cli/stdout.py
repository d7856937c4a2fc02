"""Stdout, where a command's data goes: a reader that went away ends it without a word."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from core.errors import OutputFailed


@contextlib.contextmanager
def data_out() -> Iterator[BinaryIO]:
    """Stdout for bytes. Leaves the block in silence when nobody reads them any more.

    Raises:
        OutputFailed: stdout takes no more, or there is none.
    """
    if sys.stdout is None:
        raise OutputFailed("There is no stdout to write to", hint="It was closed by the caller.")
    sys.stdout.flush()
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _discard()
    except OSError as error:
        _discard()
        raise OutputFailed(
            f"stdout: {error.strerror or error}", hint="See where it leads to; not all is there."
        ) from error


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _discard() -> None:
    """Let what is still buffered go nowhere, so that the interpreter's end does not fail on it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
