"""All targets, for CI and for `make fuzz` alike."""

from __future__ import annotations

from tests.fuzz import control, files, recordings, talk, texts, viewed
from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = (
    *texts.TARGETS,
    *talk.TARGETS,
    *files.TARGETS,
    *recordings.TARGETS,
    *control.TARGETS,
    *viewed.TARGETS,
)
