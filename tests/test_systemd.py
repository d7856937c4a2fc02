"""The units in systemd/ are ones that systemd takes, and start what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.parser import make_parser
from tests.guests.needed import needed

ROOT = Path(__file__).parent.parent
UNITS = {kind: ROOT / "systemd" / kind / "guestwatch.service" for kind in ("user", "system")}

kinds = pytest.mark.parametrize("kind", UNITS)


def settings(kind: str) -> dict[str, str]:
    pairs = re.findall(r"^(\w+)=(.*)$", UNITS[kind].read_text(), re.MULTILINE)
    assert len(dict(pairs)) == len(pairs), "a setting is given twice"
    return dict(pairs)


def verified(kind: str, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What systemd says of a unit, with a program that this machine has."""
    unit = folder / "guestwatch.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", text))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    program = needed("systemd-analyze", "systemd")
    return subprocess.run(
        [program, f"--{kind}", "verify", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@kinds
def test_systemd_takes_the_unit(kind: str, tmp_path: Path) -> None:
    done = verified(kind, UNITS[kind].read_text(), tmp_path)
    assert "guestwatch" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr


@kinds
def test_systemd_would_name_a_mistake(kind: str, tmp_path: Path) -> None:
    text = UNITS[kind].read_text().replace("Restart=on-failure", "Restart=now and then")
    assert "guestwatch.service" in verified(kind, text, tmp_path).stderr


@kinds
def test_the_unit_runs_a_command_that_there_is(kind: str) -> None:
    program, *arguments = settings(kind)["ExecStart"].split()
    assert program.endswith("/guestwatch")
    assert make_parser().parse_args(arguments).command == "record"


@kinds
def test_the_unit_says_what_capture_relies_on(kind: str) -> None:
    unit = settings(kind)
    assert unit["Type"] == "notify"
    assert unit["Restart"] == "on-failure"
    assert unit["RestartPreventExitStatus"] == "2"
    # A kata-proxy outlives its capture.
    assert unit["KillMode"] == "process"
    assert int(unit["LimitNOFILE"]) >= 2000 * 8
    # Consoles are sockets in /tmp, ptys in /dev and processes of others in /proc.
    assert not {"PrivateTmp", "PrivateDevices", "PrivateNetwork", "ProtectProc"} & set(unit)


def test_the_hosts_unit_has_the_folders_that_the_program_looks_for() -> None:
    unit = settings("system")
    assert unit["StateDirectory"] == unit["RuntimeDirectory"] == "guestwatch"
    assert unit["StateDirectoryMode"] == unit["RuntimeDirectoryMode"] == "0700"
    assert "XDG_STATE_HOME=/var/lib" in unit["Environment"]
    assert unit["UnsetEnvironment"] == "XDG_RUNTIME_DIR"
    families = unit["RestrictAddressFamilies"].split()
    assert {"AF_UNIX", "AF_VSOCK", "AF_INET", "AF_INET6", "AF_NETLINK"} == set(families)


def test_what_the_documentation_names_is_there() -> None:
    text = (ROOT / "docs" / "running-capture.md").read_text()
    for path in set(re.findall(r"systemd/\w+/guestwatch\.service", text)):
        if not path.startswith("systemd/user/guestwatch.service ~"):
            assert (ROOT / path).exists(), path
    commands = set(re.findall(r"(?:`|^|\s)guestwatch ([a-z]+)\b", text, re.MULTILINE))
    assert {"record", "status", "shutdown"} <= commands
