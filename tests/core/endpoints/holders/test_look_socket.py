"""Who has a console that is on a unix socket: real servers, real clients."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.endpoints import parse_console_url
from core.endpoints.holders import (
    Holding,
    Kind,
    Standing,
    is_still_held,
    judge,
    look,
    look_all,
    who_took,
)
from core.endpoints.sock_diag import unix_socket
from core.settings import Auto
from tests.core.endpoints.holders.conftest import (
    Clients,
    Run,
    StartQemu,
    chardev,
    look_at,
    until_served,
)
from tests.core.endpoints.sites import listen, open_descriptors, without_root
from tests.guests.client import until
from tests.guests.needed import needed


@pytest.mark.qemu
def test_qemu_that_nobody_is_on_may_be_attached_to(qemu: StartQemu, folder: Path) -> None:
    path = folder / "c.sock"
    vmm = qemu(*chardev(path))
    until_served(path)
    found = look_at(path)
    assert (found.kind, found.family, found.is_known) == (Kind.SOCKET, "qemu", True)
    assert found.server is not None
    assert found.server.pid == vmm.pid
    assert (found.holders, found.waiting, found.holder) == ((), 0, None)
    assert judge(found, Auto.SAFE).may_attach


@pytest.mark.qemu
def test_qemu_held_by_socat_tells_its_pid_its_name_and_how_many_wait(
    qemu: StartQemu, clients: Clients, folder: Path
) -> None:
    path = folder / "c.sock"
    qemu(*chardev(path, "wait=off", "logfile=c.log"), cwd=folder)
    until_served(path)
    first = clients.join(path)
    until(lambda: look_at(path).waiting == 0)
    verdict = judge(look_at(path), Auto.SAFE)
    assert not verdict.may_attach
    assert verdict.state is Standing.HELD
    assert verdict.reason == f"held by pid {first.pid} (socat)"
    assert f"file:{folder}/c.log" in verdict.remedy

    second, third = clients.join(path), clients.join(path)
    held = look_at(path)
    assert [holder.pid for holder in held.holders] == [first.pid]
    assert held.waiting == 2
    assert judge(held, Auto.SAFE).reason == f"held by pid {first.pid} (socat); 2 wait"
    assert is_still_held(held) is True

    first.kill()
    first.wait()
    until(lambda: look_at(path).waiting == 1)
    assert look_at(path).holders[0].pid in (second.pid, third.pid)
    for client in (second, third):
        client.kill()
        client.wait()
    until(lambda: look_at(path).holder is None)
    assert is_still_held(held) is False


@pytest.mark.qemu
def test_wait_on_is_found_on_the_command_line(qemu: StartQemu, folder: Path) -> None:
    path = folder / "c.sock"
    # QEMU's own default for a server.
    qemu(*chardev(path, "mux=on"))
    until_served(path)
    found = look_at(path)
    assert found.chardev is not None
    assert found.chardev.waits
    assert found.chardev.is_mux
    verdict = judge(found, Auto.SAFE)
    assert (verdict.may_attach, verdict.can_take) == (False, True)
    assert "wait=on" in verdict.reason
    assert "start the VM" in verdict.consequence


@pytest.mark.qemu
def test_socket_bound_by_a_relative_path_is_found_by_its_file(
    qemu: StartQemu, clients: Clients, folder: Path
) -> None:
    qemu(*chardev("c.sock"), cwd=folder)
    path = folder / "c.sock"
    until_served(path)
    client = clients.join(path)
    until(lambda: [holder.pid for holder in look_at(path).holders] == [client.pid])
    found = look_at(path)
    assert found.chardev is not None
    assert found.chardev.path == "c.sock"


@pytest.mark.qemu
def test_comma_in_a_path_is_doubled_for_qemu_and_single_for_us(
    qemu: StartQemu, folder: Path
) -> None:
    qemu(*chardev("c,,1.sock"), cwd=folder)
    until_served(folder / "c,1.sock")
    found = look_at(folder / "c,1.sock")
    assert found.chardev is not None
    assert found.chardev.path == "c,1.sock"


@pytest.mark.qemu
def test_qemu_in_another_network_namespace_is_found(
    run: Run, clients: Clients, qemu_binary: str, folder: Path
) -> None:
    """As Kata's are: sock_diag shows such a listener to nobody outside."""
    path = folder / "c.sock"
    unshare = needed("unshare", "util-linux")
    if subprocess.run([unshare, "--net", "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root may make a network namespace, and not in every container")
    common = ("-accel", "tcg", "-nodefaults", "-nographic", "-S", "-m", "32")
    vmm = run(unshare, "--net", qemu_binary, *common, *chardev(path))
    until_served(path)
    found = look_at(path)
    assert found.server is not None
    assert (found.server.pid, found.holders, found.is_known) == (vmm.pid, (), True)
    inside = ("nsenter", f"--net=/proc/{vmm.pid}/ns/net")
    run(*inside, clients.socat, "-u", f"UNIX-CONNECT:{path}", "OPEN:/dev/null")
    until(lambda: len(look_at(path).holders) == 1)
    held = look_at(path)
    assert held.holders[0].pid == 0
    assert is_still_held(held) is None
    assert judge(held, Auto.SAFE).state is Standing.HELD


def test_listener_that_is_no_vmm_is_told_as_unknown(folder: Path, clients: Clients) -> None:
    path = folder / "s"
    with listen(path) as listener:
        free = look_at(path)
        assert (free.family, free.is_listened, free.holder) == ("", True, None)
        assert judge(free, Auto.SAFE).may_attach
        client = clients.join(path)
        ahead = look_at(path)
        assert ahead.holders == ()
        assert ahead.ahead is not None
        assert ahead.ahead.pid == client.pid
        assert is_still_held(ahead) is True
        assert "waits for it already" in judge(ahead, Auto.SAFE).reason
        served, _ = listener.accept()
        with served:
            held = look_at(path)
            assert [holder.pid for holder in held.holders] == [client.pid]
            assert "unknown who serves" in judge(held, Auto.SAFE).consequence


def test_qemu_that_does_not_listen_yet_is_had_by_nobody(folder: Path, run: Run) -> None:
    """Between bind and listen; who looks then must not leave it alone for seconds."""
    path = folder / "c.sock"
    program = (
        "import ctypes, socket, sys\n"
        "ctypes.CDLL(None).prctl(15, b'qemu-system-x86')\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        f"s.bind({str(path)!r})\n"
        "print('bound', flush=True)\n"
        "sys.stdin.read()\n"
    )
    vmm = run(sys.executable, "-c", program, *chardev(path))
    assert vmm.stdout is not None
    assert vmm.stdout.readline() == b"bound\n"
    found = look_at(path)
    assert found.server is not None
    assert found.server.pid == vmm.pid
    assert (found.is_listened, found.is_known, found.holder) == (False, True, None)
    assert judge(found, Auto.SAFE).may_attach


def test_socket_left_behind_is_nobodys(folder: Path) -> None:
    listen(folder / "s").close()
    found = look_at(folder / "s")
    assert (found.kind, found.is_listened, found.holder) == (Kind.SOCKET, None, None)
    assert judge(found, Auto.SAFE).may_attach


def test_old_server_at_a_path_bound_anew_is_not_the_new_one(folder: Path, clients: Clients) -> None:
    path = folder / "s"
    with listen(path) as old:
        clients.join(path)
        served, _ = old.accept()
        keep = os.open(path, os.O_PATH)
        path.unlink()
        with served, listen(path):
            assert look_at(path).holders == ()
            os.close(keep)


def test_our_own_connections_and_those_of_ours_hold_nothing(folder: Path, clients: Clients) -> None:
    path = folder / "s"
    with listen(path) as listener, socket.socket(socket.AF_UNIX) as own:
        own.connect(str(path))
        served, _ = listener.accept()
        with served:
            assert look_at(path).holder is None
            client = clients.join(path)
            behind_us = look_at(path)
            assert (behind_us.waiting, behind_us.holder) == (1, None)
            url = parse_console_url(str(path))
            assert look(url, ours=[client.pid]).waiting == 0


def test_client_that_left_unnoticed_holds_nothing(folder: Path, clients: Clients) -> None:
    path = folder / "s"
    with listen(path) as listener:
        client = clients.join(path)
        served, _ = listener.accept()
        with served:
            held = look_at(path)
            client.kill()
            client.wait()
            assert look_at(path).holder is None
            assert is_still_held(held) is False


def test_whoever_threw_us_off_is_named(folder: Path, clients: Clients) -> None:
    """As cloud-hypervisor does: the newcomer is served, and we read an end of file."""
    path = folder / "s"
    url = parse_console_url(str(path))
    with listen(path) as listener, socket.socket(socket.AF_UNIX) as own:
        own.connect(str(path))
        ours, _ = listener.accept()
        newcomer = clients.join(path)
        theirs, _ = listener.accept()
        with theirs:
            ours.shutdown(socket.SHUT_RDWR)
            ours.close()
            assert own.recv(1) == b""
            taker = who_took(url)
            assert taker is not None
            assert (taker.pid, taker.name) == (newcomer.pid, "socat")
        newcomer.wait(timeout=10)
        assert who_took(url) is None


def test_without_root_another_users_client_is_told_as_one_that_cannot_be_seen(
    folder: Path, clients: Clients
) -> None:
    if os.geteuid():
        pytest.skip("without root there is no other user to be a client")
    path = folder / "s"
    with listen(path) as listener:
        clients.join(path)
        served, _ = listener.accept()
        with served, without_root():
            held = look_at(path)
            assert [holder.pid for holder in held.holders] == [0]
            reason = judge(held, Auto.SAFE).reason
    assert reason == (
        "held by another client of user 0 (its process cannot be seen;"
        " run guestwatch with sudo to see it)"
    )


@pytest.mark.qemu
def test_without_root_another_users_qemu_is_known_by_its_command_line(
    qemu: StartQemu, folder: Path
) -> None:
    path = folder / "c.sock"
    vmm = qemu(*chardev(path))
    until_served(path)
    with without_root():
        found = look_at(path)
    assert (found.family, found.holders) == ("qemu", ())
    assert found.server is not None
    assert found.server.pid == vmm.pid


def test_clients_that_come_and_go_while_we_look_do_no_harm(folder: Path, run: Run) -> None:
    path = folder / "s"
    program = (
        "import socket, sys\n"
        "while True:\n"
        "    s = socket.socket(socket.AF_UNIX)\n"
        "    s.setblocking(False)\n"
        "    try: s.connect(sys.argv[1])\n"
        "    except OSError: pass\n"
        "    s.close()\n"
    )
    with listen(path) as listener, ExitStack() as served:
        come_and_go = run(sys.executable, "-c", program, str(path))
        before = open_descriptors()
        for _ in range(50):
            try:
                sock, _ = listener.accept()
            except BlockingIOError:
                pass
            else:
                served.enter_context(sock)
            found = look_at(path)
            for holder in found.holders:
                assert holder.pid in (0, come_and_go.pid)
        served.close()
        assert open_descriptors() == before
        assert come_and_go.poll() is None


def test_processes_that_vanish_mid_scan_are_passed_over(folder: Path, run: Run) -> None:
    with listen(folder / "s") as listener:
        inode = os.fstat(listener.fileno()).st_ino
        sleeper = run("sh", "-c", "while :; do true & done")
        for _ in range(20):
            server = look_at(folder / "s").server
            assert server is not None
            assert server.pid == os.getpid()
        assert inode
        assert sleeper.poll() is None


def test_a_look_without_a_descriptor_is_no_proof_of_nobody(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with listen(folder / "s"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                look_at(folder / "s")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_kernel_that_does_not_say_is_no_proof_of_nobody(folder: Path) -> None:
    found = Holding(parse_console_url(f"unix:{folder}/s"), Kind.SOCKET, is_known=False)
    assert not judge(found, Auto.SAFE).may_attach


@contextlib.contextmanager
def mounted(kind: str, place: Path, *options: str) -> Iterator[None]:
    """A file system at `place` for as long as the block lasts."""
    place.mkdir()
    mount = ["mount", "-t", kind, "none", str(place), *options]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount, and not in every container")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def test_socket_on_an_overlay_is_found_though_its_device_has_another_number(
    folder: Path, clients: Clients
) -> None:
    """A file's st_dev on an overlay of two file systems is none that was mounted."""
    layers, merged, lower = folder / "layers", folder / "merged", folder / "lower"
    lower.mkdir()
    with mounted("tmpfs", layers):
        for name in ("upper", "work"):
            (layers / name).mkdir()
        options = f"lowerdir={lower},upperdir={layers}/upper,workdir={layers}/work"
        with mounted("overlay", merged, "-o", options), listen(merged / "s") as listener:
            told = unix_socket(os.fstat(listener.fileno()).st_ino)
            assert told is not None
            assert told.file is not None
            assert told.file[1] != (merged / "s").stat().st_dev
            client = clients.join(merged / "s")
            ahead = look_at(merged / "s").ahead
            assert ahead is not None
            assert ahead.pid == client.pid


def test_socket_of_the_same_name_and_number_on_another_file_system_is_another(
    folder: Path,
) -> None:
    one, other = folder / "a", folder / "b"
    with mounted("tmpfs", one), mounted("tmpfs", other), listen(one / "s"):
        listen(other / "s").close()
        assert (one / "s").stat().st_ino == (other / "s").stat().st_ino
        assert look_at(one / "s").is_listened is True
        assert look_at(other / "s").is_listened is None


@pytest.mark.parametrize("kind", ["absent", "file", "folder", "link"])
def test_what_is_no_socket_is_told_as_what_it_is(folder: Path, kind: str) -> None:
    path = folder / "x"
    wanted = {"absent": Kind.ABSENT, "file": Kind.FILE, "folder": Kind.OTHER, "link": Kind.OTHER}
    match kind:
        case "file":
            path.write_text("")
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(folder)
    found = look_at(path if kind != "link" else f"unix:{path}")
    assert found.kind is wanted[kind]
    assert judge(found, Auto.SAFE).may_attach


def test_name_that_a_process_chose_is_kept_as_it_is(folder: Path, run: Run) -> None:
    """Hostile: whoever shows it sends it through the sanitiser."""
    path = folder / "s"
    program = (
        "import ctypes, socket, sys, time\n"
        r"ctypes.CDLL(None).prctl(15, b'x) S 1 (\x1b[2J\xff')" + "\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.connect(sys.argv[1])\n"
        "time.sleep(60)\n"
    )
    with listen(path) as listener:
        client: subprocess.Popen[bytes] = run(sys.executable, "-c", program, str(path))
        until(lambda: look_at(path).waiting == 1)
        served, _ = listener.accept()
        with served:
            holder = look_at(path).holders[0]
    assert holder.pid == client.pid
    assert holder.name == "x) S 1 (\x1b[2J\ufffd"
    assert holder.started > 0


def test_many_consoles_that_are_looked_at_together_are_told_apart(run: Run, folder: Path) -> None:
    """A free one, a held one, one with a queue, one that nobody serves, and none at all."""
    names = ("free", "held", "queued", "gone", "none")
    urls = [parse_console_url(f"unix:{folder}/{name}") for name in names]
    with ExitStack() as stack:
        listeners = {name: stack.enter_context(listen(folder / name)) for name in names[:4]}
        clients = {}
        for name in ("held", "queued"):
            script = (
                "import socket,sys,time; s=socket.socket(socket.AF_UNIX);"
                "s.connect(sys.argv[1]); time.sleep(60)"
            )
            clients[name] = run(sys.executable, "-c", script, str(folder / name))
        until(lambda: all(look_at(folder / name).waiting for name in clients))
        stack.enter_context(listeners["held"].accept()[0])
        listeners["gone"].close()
        together = look_all(urls)
        assert together == [look(url) for url in urls]
    free, held, queued, gone, none = together
    assert (free.holder, free.waiting, free.is_listened) == (None, 0, True)
    assert [holder.pid for holder in held.holders] == [clients["held"].pid]
    assert (queued.waiting, queued.holders) == (1, ())
    assert (gone.kind, gone.server, gone.holder) == (Kind.SOCKET, None, None)
    assert none.kind is Kind.ABSENT
