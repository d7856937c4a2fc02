"""A sandbox's own ledger: what happened while none of its generations was recorded.

`<recordings>/<id>/events.jsonl`, with the same lines as a generation's ledger and
offset 0. A console that was held by somebody all along leaves nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from core.clock import Instant
from core.recording.folder import Folder
from core.recording.gaps import GAP, Gap
from core.recording.layout import LEDGER
from core.recording.ledger import format_entry
from core.recording.trouble import explain
from core.sandboxes.ids import check_sandbox_id


def enter_gaps_outside(home: Path, sandbox_id: str, gaps: Sequence[Gap], at: Instant) -> None:
    """Enter gaps into a sandbox's own ledger. Blocks.

    Raises:
        RecordingError: they could not be written, or something strange is in the way.
        InvalidSandboxId: the id cannot be a folder's name.
    """
    check_sandbox_id(sandbox_id)
    lines = b"".join(format_entry(GAP, at, 0, gap.facts()) for gap in gaps)
    with Folder.make_home(home) as recordings, recordings.sub(sandbox_id) as sandbox:
        fd = sandbox.reopen(LEDGER)
        try:
            while lines:
                lines = lines[os.write(fd, lines) :]
        except OSError as error:
            raise explain(sandbox.path / LEDGER, error) from error
        finally:
            os.close(fd)
