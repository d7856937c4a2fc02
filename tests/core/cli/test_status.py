"""`guestwatch status` as people read it: aligned, wrapped, the gravest first."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import wire
from core.cli.status import Report, as_text
from core.sandboxes.model import (
    AlertFacts,
    ConsoleFacts,
    ConsoleState,
    ProxyFacts,
    ProxyState,
    SandboxFacts,
    SandboxSpec,
    ScanFacts,
    Traffic,
)
from core.settings import Settings, Severity

NOW = 1_700_000_000.0
RECORDINGS = Path("/recordings")
RUNS = ProxyFacts(state=ProxyState.RUNNING)


def facts(
    name: str, state: ConsoleState, *, reason: str = "", hint: str = "", is_takeable: bool = False
) -> SandboxFacts:
    return SandboxFacts(
        spec=SandboxSpec(id=name, console=f"unix:/run/{name}.sock"),
        proxy=RUNS,
        console=ConsoleFacts(state=state, reason=reason, hint=hint, is_takeable=is_takeable),
    )


PANICKED = SandboxFacts(
    spec=SandboxSpec(id="db-0", console="unix:/run/db-0.sock"),
    proxy=RUNS,
    console=ConsoleFacts(state=ConsoleState.ENDED, reason="VMM exited"),
    traffic=Traffic(bytes=23_724, last_byte_at=NOW - 125),
    scan=ScanFacts(
        alerts=1,
        last=AlertFacts(
            kind="panic",
            title="Kernel panic - not syncing: \x1b[31msysrq",
            severity=Severity.CRITICAL,
        ),
    ),
)
HELD = facts(
    "build-3",
    ConsoleState.HELD,
    reason="held by pid 7 (socat)",
    hint="Close the other client.",
    is_takeable=True,
)
ABSENT = facts("web", ConsoleState.ABSENT, reason="/run/web.sock does not exist")

ONE_LINE_EACH = """\
SANDBOX  CONSOLE  BYTES  RATE     LAST BYTE  GAPS  ALERTS
db-0     ended    24 kB     -  2 m 05 s ago     -       1  critical: Kernel panic - not\
 syncing: ␛[31msysrq. VMM exited
build-3  held         -     -             -     -       -  held by pid 7 (socat). Close the\
 other client. T in the dashboard attaches it all the same
web      absent       -     -             -     -       -  /run/web.sock does not exist
"""

BELOW = """\
SANDBOX  CONSOLE  BYTES  RATE     LAST BYTE  GAPS  ALERTS
db-0     ended    24 kB     -  2 m 05 s ago     -       1
         critical: Kernel panic - not syncing: ␛[31msysrq. VMM
         exited
build-3  held         -     -             -     -       -
         held by pid 7 (socat). Close the other client. T in
         the dashboard attaches it all the same
web      absent       -     -             -     -       -
         /run/web.sock does not exist
"""


def printed(*sandboxes: SandboxFacts, width: int | None = None, colours: bool = False) -> str:
    status = wire.Status(
        version="1.2.3",
        protocol=1,
        pid=42,
        since=NOW,
        started_by="record",
        stays=True,
        viewers=0,
        clients=1,
        descriptors=20,
        descriptor_limit=1024,
        settings=Settings(),
    )
    lines = as_text(
        Report(status, sandboxes, "/run/control.sock"),
        RECORDINGS,
        width=width,
        colours=colours,
        now=NOW,
    )
    return "".join(f"{line}\n" for line in lines)


def table(text: str) -> str:
    return text.partition("\n\n")[2]


def squeezed(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def test_in_a_pipe_each_sandbox_keeps_one_line() -> None:
    told = table(printed(PANICKED, HELD, ABSENT))
    assert told == ONE_LINE_EACH


def test_a_narrow_terminal_has_the_reason_below_its_row() -> None:
    told = table(printed(PANICKED, HELD, ABSENT, width=62))
    assert told == BELOW


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    told = printed(PANICKED, HELD, ABSENT, width=width)
    assert max(map(len, told.splitlines())) <= width


def test_columns_stand_below_their_heads() -> None:
    head, *rows = table(printed(PANICKED, HELD, ABSENT)).splitlines()
    for title in ("BYTES", "RATE", "LAST BYTE", "GAPS", "ALERTS"):
        end = head.index(title) + len(title)
        assert all(row[end - 1] != " " and row[end : end + 1] in ("", " ") for row in rows)


def test_colours_change_nothing_but_colours() -> None:
    plain = table(printed(PANICKED, HELD, width=200))
    coloured = table(printed(PANICKED, HELD, width=200, colours=True))
    assert "\x1b[1;31m" in coloured
    for code in ("[2m", "[1;31m", "[33m", "[0m"):
        coloured = coloured.replace(f"\x1b{code}", "")
    assert squeezed(coloured) == squeezed(plain)


def test_a_proxy_that_does_not_run_is_told() -> None:
    stopped = SandboxFacts(
        spec=SandboxSpec(id="vm1", console="unix:/run/vm1.sock"),
        proxy=ProxyFacts(state=ProxyState.STOPPED),
    )
    assert table(printed(stopped)).rstrip().endswith("proxy stopped")


def test_a_scanner_that_lags_is_told_with_the_names() -> None:
    behind = SandboxFacts(
        spec=SandboxSpec(id="vm1", console="unix:/run/vm1.sock"),
        proxy=RUNS,
        scan=ScanFacts(lag_bytes=3_000_000),
    )
    assert "scanner      3.0 MB behind: vm1\n" in printed(behind)
