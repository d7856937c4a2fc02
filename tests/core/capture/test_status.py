"""What is told of a console can be told: whatever a VMM named."""

from __future__ import annotations

import msgspec

from core.capture.watching.status import Status
from core.sandboxes.model import ConsoleFacts, ConsoleState


def test_words_that_are_no_utf8_can_be_sent_all_the_same() -> None:
    status = Status(lambda: None)
    torn = "watch file:/logs/\udcff.log"
    status.put(
        ConsoleFacts(
            state=ConsoleState.HELD,
            reason=torn,
            hint=torn,
            holder_name=torn,
            consequence=torn,
            note=torn,
        )
    )
    told = msgspec.json.decode(msgspec.json.encode(status.facts), type=ConsoleFacts)
    words = {told.reason, told.hint, told.holder_name, told.consequence, told.note}
    assert words == {"watch file:/logs/\\udcff.log"}
