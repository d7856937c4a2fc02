"""How many descriptors capture may have."""

from __future__ import annotations

import contextlib
import resource


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open descriptors to the hard one.

    A console takes five (socket, pin, log, timing, ledger); the usual soft limit of
    1,024 would end at 200 consoles.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
