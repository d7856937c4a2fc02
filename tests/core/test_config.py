"""The config file: what it gives, and how it says what is wrong."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import load_config, parse_config
from core.errors import ConfigError
from core.proxy.types import ProxyType
from tests.core.endpoints.sites import without_root

GOOD = """
[[sandbox]]
name = "vm1"
console = "unix:/run/vm1.sock"

[[sandbox]]
name = "pod"
console = "/run/vc/vm/pod/console.sock"
proxy = "kataProxy"
proxy_path = "/usr/libexec/kata-proxy"
agent_url = "vsock://3:1024"
family = "kata"
debug = false
start = false
"""


def test_a_config_gives_its_sandboxes() -> None:
    vm1, pod = parse_config(GOOD.encode(), "c.toml").sandboxes
    assert (vm1.id, vm1.console, vm1.proxy_type) == (
        "vm1",
        "unix:/run/vm1.sock",
        ProxyType.NO_PROXY,
    )
    assert vm1.debug
    assert vm1.start
    assert pod.proxy_type is ProxyType.KATA
    assert (pod.proxy_path, pod.agent_url) == ("/usr/libexec/kata-proxy", "vsock://3:1024")
    assert not pod.debug
    assert not pod.start


def test_no_file_is_an_empty_config(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none.toml").sandboxes == ()


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        load_config(tmp_path / "none.toml", must_exist=True)


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("[[sandbox]\n", 1, "", "is not TOML"),
        ('x = 1\n[[sandbox]]\nname="a"', 1, "x", "no key guestwatch knows"),
        ('[[sandboxes]]\nname="a"', 1, "sandboxes", "no key"),
        ('[[sandbox]]\nname = "a"\nconsol = "/x"', 3, "sandbox.consol", "no key"),
        ('[[sandbox]]\nname = "a"\ndebug = "yes"', 3, "sandbox.debug", "must be true or false"),
        ('[[sandbox]]\nname = "a"\ndebug = 1', 3, "sandbox.debug", "must be true or false"),
        ('[[sandbox]]\nname = "a"\nconsole = 7', 3, "sandbox.console", "not a number"),
        ('[[sandbox]]\nname = "a/b"', 2, "sandbox.name", ""),
        ('[[sandbox]]\nname = ".."', 2, "sandbox.name", ""),
        ('[[sandbox]]\nname = "a\\nb"', 2, "sandbox.name", ""),
        ("[[sandbox]]\nname = '" + "x" * 300 + "'", 2, "sandbox.name", ""),
        ('[[sandbox]]\nconsole = "/x"', 1, "sandbox.name", "is missing"),
        ('[[sandbox]]\nname="a"\n\n[[sandbox]]\n\nname="a"', 6, "sandbox.name", "named twice"),
        ('[[sandbox]]\nname="a"\nproxy="kata"', 3, "sandbox.proxy", "Unknown proxy type kata"),
        ('[[sandbox]]\nname="a"\nconsole="ftp:/x"', 3, "sandbox.console", "unknown console proto"),
        ("sandbox = 3", 1, "sandbox", "must be a list of tables"),
        ('[sandbox]\nname = "a"', 1, "sandbox", "must be a list of tables"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_key(
    text: str, line: int, key: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "c.toml")
    assert (caught.value.line, caught.value.key) == (line, key)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"c.toml:{line}: ")
    assert caught.value.exit_code == 2


def test_the_nearest_known_key_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(b'[[sandbox]]\nname = "a"\nagent-url = "x"', "c.toml")
    assert caught.value.hint == "Did you mean agent_url?"


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(ConfigError, match=r"c\.toml:2: is not UTF-8"):
        parse_config(b"# fine\n\xff", "c.toml")


@given(st.binary(max_size=300))
def test_any_bytes_give_a_config_or_a_config_error(raw: bytes) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_config(raw, "c.toml").sandboxes == ()


@pytest.mark.parametrize(
    ("mode", "who"), [(0o620, "its group"), (0o602, "everybody"), (0o666, "everybody")]
)
def test_a_config_that_others_may_write_is_refused(tmp_path: Path, mode: int, who: str) -> None:
    """It names programs that are run: whoever may write it may run anything as us."""
    path = tmp_path / "c.toml"
    path.write_text(GOOD)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"may be written by {who}") as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert f"chmod go-w {path}" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o644, 0o755])
def test_a_config_that_others_may_only_read_is_read(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "c.toml"
    path.write_text(GOOD)
    path.chmod(mode)
    assert len(load_config(path).sandboxes) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")
def test_a_config_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(GOOD)
    os.chown(path, 65534, 65534)
    with pytest.raises(ConfigError, match="belongs to user 65534, not to user 0") as caught:
        load_config(path)
    assert "chown" in caught.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_config_of_root_is_read_by_everybody() -> None:
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/tmp") as folder:
        path = Path(folder, "c.toml")
        path.write_text(GOOD)
        path.chmod(0o644)
        path.parent.chmod(0o755)
        with without_root():
            assert len(load_config(path).sandboxes) == 2


def test_a_link_to_a_config_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(GOOD)
    link = tmp_path / "c.toml"
    link.symlink_to("real.toml")
    assert len(load_config(link).sandboxes) == 2
    (tmp_path / "real.toml").chmod(0o666)
    with pytest.raises(ConfigError, match="may be written by everybody"):
        load_config(link)
