"""Since when, and why, nobody hears a guest: what becomes the ledger's gaps.

Kept by the sandbox over all runs of its proxy. Whoever lets a console go, or finds
that it cannot be had, says so; whoever attaches it enters what has gathered.
"""

from __future__ import annotations

import dataclasses

from core.recording import Cause, Gap

NOT_YET = "nothing was attached yet"
"""Why a guest is not heard whose console came while this capture ran."""

_NOT_TO_BE_RECAST = frozenset({Cause.HELD, Cause.WAITING, Cause.NOT_ATTACHED})
"""What was known while it lasted stays true, whatever ended it."""

_SILENCES = (Cause.NO_CAPTURE, Cause.CLOSED, Cause.RESTARTED)
"""What the next capture finds by itself, or was no silence of a guest that ran."""

MAX_GAPS = 64
"""A console that changes its reasons more often than that has its oldest gaps joined."""


class Absence:
    """The gaps since the guest was last heard. None while it is heard.

    Args:
        appeared: when the sandbox was named to this capture: seconds since the epoch.
    """

    def __init__(self, appeared: float) -> None:
        self._appeared = appeared
        self._gaps: list[Gap] = []
        self._open: Gap | None = Gap(Cause.NO_CAPTURE, appeared, appeared)
        self._was_heard = False

    def begin(self, cause: Cause, at: float, evidence: str = "") -> None:
        """The guest is not heard from `at` on (seconds since the epoch), because of `cause`.

        What it was not heard for before ends here. The same cause goes on, unless another
        client has the console now.
        """
        if self._open is not None:
            is_another = cause is Cause.HELD and evidence != self._open.evidence
            if cause is self._open.cause and not is_another:
                return
            self._close(at)
        self._open = Gap(cause, at, at, evidence)

    def recast(self, cause: Cause, evidence: str) -> None:
        """What it is not heard for has another cause than it seemed, from its start on.

        That somebody else had it, or that nobody wanted it, is no seeming.
        """
        if self._open is None or self._open.cause in _NOT_TO_BE_RECAST:
            return
        if self._was_heard:
            self._open = dataclasses.replace(self._open, cause=cause, evidence=evidence)

    def end(self, at: float, *, known: float, born: float) -> list[Gap]:
        """The guest is heard again; returns the gaps until now, oldest first.

        Args:
            at: this moment, seconds since the epoch.
            known: until when recordings of an earlier capture reach; 0 when there are none.
            born: when this life of the console began; 0 when nothing tells.
        """
        self._close(at)
        gaps, self._gaps, self._open = self._gaps, [], None
        if not self._was_heard:
            gaps = [self._as_it_was(gap) for gap in _reach_back(gaps, known, born)]
        self._was_heard = True
        return gaps

    def _as_it_was(self, gap: Gap) -> Gap:
        """`gap`, which is no capture's absence when this one has run throughout."""
        if gap.cause is not Cause.NO_CAPTURE or gap.start < self._appeared:
            return gap
        return dataclasses.replace(gap, cause=Cause.NOT_ATTACHED, evidence=NOT_YET)

    def unentered(self, at: float) -> list[Gap]:
        """The gaps up to now that no recording tells of.

        Those in which no capture ran are not among them: the next one finds them itself.
        Nor is the time since a console's end: as far as is known there was no guest.
        """
        self._close(at)
        gaps, self._gaps = self._gaps, []
        return [gap for gap in gaps if gap.cause not in _SILENCES]

    def _close(self, at: float) -> None:
        if self._open is None:
            return
        # A wall clock that was set back must not end a gap before its start.
        self._gaps.append(dataclasses.replace(self._open, end=max(at, self._open.start)))
        self._open = None
        if len(self._gaps) > MAX_GAPS:
            first, second, *rest = self._gaps
            self._gaps = [dataclasses.replace(first, end=second.end), *rest]


def _reach_back(gaps: list[Gap], known: float, born: float) -> list[Gap]:
    """The gaps from when the guest was last heard, or could first have been heard, on.

    What an earlier capture recorded says when it was last heard; without that the guest
    cannot have printed before its console was there.
    """
    start = known or born
    if not start:
        return gaps
    # What lies before the console's birth was no loss.
    gaps = [
        dataclasses.replace(gap, start=max(gap.start, start)) for gap in gaps if gap.end > start
    ]
    if not gaps or start < gaps[0].start:
        end = gaps[0].start if gaps else start
        evidence = "nobody watched it yet" if not known else "the recording ends there"
        gaps = [Gap(Cause.NO_CAPTURE, start, end, evidence), *gaps]
    if len(gaps) > 1 and gaps[1].cause is gaps[0].cause:
        gaps[:2] = [dataclasses.replace(gaps[0], end=gaps[1].end)]
    return gaps
