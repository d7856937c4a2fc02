"""What a soak may have cost in the end."""

from __future__ import annotations

from tests.soak.soak import SCANNER_IDLE, SCANNER_PIPES, Found

WARM_UP = 0.25
"""This part of the samples is not counted: code is imported, buffers find their size."""

CAPTURE_GROWTH = 24_000_000
"""Two full queues and a half: a disk that is busy with others fills some now and then."""

SCANNER_GROWTH = 24_000_000


def check_bounds(found: Found) -> None:
    """Memory is flat after the warm-up, and descriptors are back where they began."""
    warm = found.samples[int(len(found.samples) * WARM_UP) :]
    assert warm
    third = max(1, len(warm) // 3)
    for usage, growth in (("capture", CAPTURE_GROWTH), ("scanner", SCANNER_GROWTH)):
        early = max(getattr(sample, usage).rss for sample in warm[:third])
        late = max(getattr(sample, usage).rss for sample in warm[-third:])
        assert late - early <= growth, (usage, early, late)
    assert found.idle is not None
    assert found.released is not None
    most = found.idle.capture.descriptors + SCANNER_PIPES
    assert found.released.capture.descriptors <= most
    assert found.released.scanner.descriptors <= SCANNER_IDLE


def summary(found: Found) -> str:
    """A line or two for people."""
    happened = ", ".join(f"{count} {event}" for event, count in sorted(found.happened.items()))
    return (
        f"before: {found.idle}\nafter: {found.released}\n"
        f"recorded {found.recorded} bytes; {found.lost} were said into {found.gaps} gaps"
        f" and to nobody; none is missing anywhere else\n{happened}"
    )
