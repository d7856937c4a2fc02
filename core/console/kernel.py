"""What a line of the kernel's log is made of: its stamp, and whether it tells of a crash.

The forms are those of printk: `[   12.345678] `, with `[   T123]` or `[    C1]` behind it
when CONFIG_PRINTK_CALLER is set, and a level such as `<4>` before it where the log is
copied raw.
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.console.level import ALARM, BRACKETS
from core.console.model import PLAIN, Role, Run

_STAMP = re.compile(r"(?:<\d{1,3}>)?" + BRACKETS)
_LATER_STAMP = re.compile(BRACKETS)
_ALARM = re.compile(ALARM)


# Making a Run costs as much as finding it, and most lines need one of a few.
_text_run = lru_cache(maxsize=1024)(lambda length: Run(length))
_stamp_run = lru_cache(maxsize=64)(lambda length: Run(length, PLAIN, Role.STAMP))


def kernel_runs(text: str) -> tuple[Run, ...]:
    """Runs that cover a line of safe text and say what it is made of; none for an empty one.

    A stamp is looked for in the whole line, not just at its begin: what the kernel says
    comes behind a prompt that waits for somebody to type.
    """
    begin = 0
    stamp = _STAMP.match(text)
    if stamp is None:
        bracket = text.find("[", 1)
        stamp = _LATER_STAMP.search(text, bracket) if bracket > 0 else None
        if stamp is None:
            return (_message_run(text, 0),) if text else ()
        begin = stamp.start()
    stop = stamp.end()
    runs = [_text_run(begin)] if begin else []
    runs.append(_stamp_run(stop - begin))
    if stop < len(text):
        runs.append(_message_run(text, stop))
    return tuple(runs)


def _message_run(text: str, begin: int) -> Run:
    length = len(text) - begin
    is_alarm = _ALARM.match(text, begin) is not None
    return Run(length, PLAIN, Role.ALARM) if is_alarm else _text_run(length)
