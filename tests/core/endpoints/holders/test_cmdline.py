"""What a QEMU's command line tells; it is hostile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.endpoints.holders.cmdline import Chardev, Owner, parse_options, parse_qemu


def only(*arguments: str) -> Chardev:
    (found,) = parse_qemu(["qemu-system-x86_64", *arguments]).chardevs
    return found


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("socket,id=a", {"": "socket", "id": "a"}),
        ("socket,path=/a,,b,id=c", {"": "socket", "path": "/a,b", "id": "c"}),
        ("socket,path=,,,id=c", {"": "socket", "path": ",", "id": "c"}),
        ("socket,server,nowait", {"": "socket", "server": "on", "wait": "off"}),
        ("socket,path=a=b", {"": "socket", "path": "a=b"}),
        ("socket,id=a,id=b", {"": "socket", "id": "b"}),
        ("", {"": ""}),
        (",,,", {"": ","}),
    ],
)
def test_options_are_split_as_qemu_splits_them(text: str, options: dict[str, str]) -> None:
    assert parse_options(text) == options


@given(
    st.dictionaries(
        st.text("abcdefghijklm", min_size=1, max_size=8),
        st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_what_was_joined_comes_apart_again(options: dict[str, str]) -> None:
    text = "".join(f",{key}={value.replace(',', ',,')}" for key, value in options.items())
    assert parse_options("socket" + text) == {"": "socket", **options}


SERVED = Chardev(id="c", backend="socket", path="/c", is_server=True)


@pytest.mark.parametrize("off", ["wait=off", "nowait", "wait=no", "wait=false"])
@pytest.mark.parametrize("server", ["server=on", "server", "server=yes"])
def test_server_that_does_not_wait(server: str, off: str) -> None:
    assert only("-chardev", f"socket,id=c,path=/c,{server},{off}") == SERVED


def test_server_waits_unless_told_not_to_and_a_client_never() -> None:
    assert only("-chardev", "socket,id=c,path=/c,server=on").waits
    assert only("--chardev", "socket,id=c,path=/c,server,wait").waits
    assert not only("-chardev", "socket,id=c,path=/c").waits
    assert not only("-chardev", "socket,id=c,path=/c,server=off,wait=on").waits


def test_client_may_dial_again() -> None:
    dialing = only("-chardev", "socket,id=c,path=/c,reconnect=5")
    assert (dialing.is_server, dialing.reconnects) == (False, True)
    assert only("-chardev", "socket,id=c,path=/c,reconnect-ms=50").reconnects
    assert not only("-chardev", "socket,id=c,path=/c,reconnect=0").reconnects


def test_mux_and_logfile_are_told() -> None:
    found = only("-chardev", "socket,id=c,path=/c,server,nowait,mux=on,logfile=/l,,1")
    assert (found.is_mux, found.logfile) == (True, "/l,1")


def test_serial_is_a_chardev_without_a_name() -> None:
    found = only("-serial", "unix:/c,server=on,wait=off")
    assert (found.path, found.is_server, found.waits) == ("/c", True, False)
    assert only("-serial", "mon:unix:/c,server").is_mux
    assert only("-serial", "tcp:127.0.0.1:4555,server,nowait").port == "4555"
    assert only("-serial", "telnet::4555,server").waits
    assert only("-serial", "pty").backend == "pty"
    assert only("-serial", "mon:stdio").is_mux


def test_monitors_are_found_in_all_their_forms() -> None:
    line = parse_qemu(
        [
            "qemu",
            *("-qmp", "unix:/q1,server,nowait"),
            *("-chardev", "socket,id=q,path=/q2,server=on,wait=off"),
            *("-mon", "chardev=q,mode=control"),
            *("-qmp-pretty", "unix:/q3,server=on"),
            *("-chardev", "socket,id=h,path=/human,server=on,wait=off"),
            *("-mon", "h"),
            *("-qmp", "unix:/dialed"),
            *("-qmp", "tcp:127.0.0.1:1,server"),
            *("-monitor", "unix:/m,server"),
        ]
    )
    assert [monitor.path for monitor in line.monitors] == ["/q1", "/q2", "/q3"]


def test_chardev_is_found_by_any_of_its_paths() -> None:
    line = parse_qemu(["qemu", "-chardev", "socket,id=c,path=./c,server=on", "-serial", "pty"])
    found = line.at("/tmp/c", "./c")
    assert found is not None
    assert found.id == "c"
    assert line.at("") is None
    assert line.at() is None


@pytest.mark.parametrize(
    ("arguments", "owner"),
    [
        (["-chardev", "socket,id=c,path=/c,server=on"], Owner.NOBODY),
        (["-chardev", "socket,id=charmonitor,fd=25,server=on,wait=off"], Owner.LIBVIRT),
        (["-object", '{"file":"/var/lib/libvirt/qemu/domain-1-vm/master-key.aes"}'], Owner.LIBVIRT),
        (
            ["-chardev", "socket,id=charconsole0,path=/run/vc/vm/x/console.sock,server=on"],
            Owner.KATA,
        ),
        (
            [
                *("-name", "sandbox-x", "-append", "console=hvc0 quiet agent.log=info"),
                *("-chardev", "socket,id=charconsole0,path=/elsewhere,server=on"),
            ],
            Owner.KATA,
        ),
        (
            [
                *("-chardev", "socket,id=charconsole0,path=/run/kata/x/root/console.sock"),
                *("-append", "console=hvc0 debug systemd.show_status=true"),
            ],
            Owner.KATA_DEBUG,
        ),
        (["-name", "sandbox-x", "-append", "debug"], Owner.NOBODY),
    ],
)
def test_who_runs_the_vm_is_told(arguments: list[str], owner: Owner) -> None:
    assert parse_qemu(["qemu-system-x86_64", *arguments]).owner is owner


WORDS = st.one_of(
    st.sampled_from(["-chardev", "-serial", "-qmp", "-mon", "-name", "-append", "-", "--", ""]),
    st.text(),
    st.text(",=\0\udcffab:", max_size=40).map(lambda text: f"socket,{text}"),
    st.text(",=\0\udcffab:", max_size=40).map(lambda text: f"mon:unix:{text}"),
)


@given(st.lists(WORDS, max_size=30))
def test_any_command_line_is_borne(argv: list[str]) -> None:
    line = parse_qemu(argv)
    assert all(c.is_qmp and c.is_server and c.path for c in line.monitors)


def test_huge_command_line_is_cut_not_chewed() -> None:
    huge = ["qemu", *(["-chardev", "socket," + "," * 100_000] * 20), *(["-serial", "pty"] * 10_000)]
    assert len(parse_qemu(huge).chardevs) < 5_000
    assert parse_options("socket," + "a,," * 200_000)[""] == "socket"
