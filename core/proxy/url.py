"""The URLs proxies are reached by, and what a log says of a console's URL."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import UnknownSocketType
from core.sandboxes.ids import check_sandbox_id

SOCKET_UNIX = "unix"
SOCKET_VSOCK = "vsock"

AGENT_PORT = 1024
"""The vsock port Kata's agent listens on in the guest."""

RUN_STORAGE = Path("/run/vc/sbs")
"""Where Kata's runtime keeps a folder a sandbox, when root runs it."""

SOCKET_NAME = "proxy.sock"


def default_proxy_url(
    id: str,
    socket_type: str,
    *,
    run_storage: str | Path | None = None,
    cid: int | None = None,
) -> str:
    """The URL a sandbox's proxy has unless somebody says otherwise.

    Args:
        id: the sandbox.
        socket_type: `unix` or `vsock`.
        run_storage: the folder that holds a folder a sandbox; Kata's own when None.
        cid: the guest's vsock context id; the vsock URL is empty while it is unknown.

    Raises:
        UnknownSocketType: `socket_type` is neither.
        InvalidSandboxId: `id` cannot name a folder.
    """
    if socket_type == SOCKET_UNIX:
        storage = default_run_storage() if run_storage is None else Path(run_storage)
        return unix_url(storage / check_sandbox_id(id) / SOCKET_NAME)
    if socket_type == SOCKET_VSOCK:
        return "" if cid is None else f"vsock://{cid}:{AGENT_PORT}"
    raise UnknownSocketType(
        f"Unknown socket type: {socket_type}", hint=f"One of: {SOCKET_UNIX}, {SOCKET_VSOCK}"
    )


def default_run_storage() -> Path:
    """Where Kata's runtime keeps its sandboxes: root's place, or this user's when rootless."""
    uid = os.geteuid()
    if uid == 0:
        return RUN_STORAGE
    session = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{uid}"
    return Path(session) / RUN_STORAGE.relative_to("/")


def unix_url(path: Path) -> str:
    """The URL of a unix socket."""
    return f"unix://{path}"


def split_console_url(url: str) -> tuple[str, str]:
    """A console URL's protocol and socket, for a log; a bare path is `unix`.

    Nothing is checked: whoever opens the console does that.
    """
    protocol, colon, socket = url.partition(":")
    if not colon or "/" in protocol:
        return SOCKET_UNIX, url
    return protocol, socket.removeprefix("//")
