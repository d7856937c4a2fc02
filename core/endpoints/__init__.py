"""How to reach a guest's console: one module a transport behind one small protocol.

An endpoint is had from a console URL (`endpoint_for`), takes hold of what is at its
address (`pin`) and opens it (`connect`). `open_console` does all three and reads the
console into a sink. What it may hold between two lives of its console, `close` lets go.
`MemoryEndpoint` stands beside the real ones and passes the same conformance suite.
"""

from core.endpoints.bare import AnyEndpoint
from core.endpoints.factory import endpoint_for
from core.endpoints.file import FileEndpoint
from core.endpoints.hvsock import HvsockEndpoint
from core.endpoints.listen import ListenEndpoint
from core.endpoints.memory import MemoryEndpoint, MemoryGuest
from core.endpoints.opener import open_console, open_endpoint
from core.endpoints.protocol import (
    READ_BYTES,
    Console,
    ConsoleOpener,
    ConsoleSink,
    ConsoleWatch,
    Endpoint,
    Pin,
    Resumable,
)
from core.endpoints.pty import PtyEndpoint
from core.endpoints.sock_diag import peer_inode
from core.endpoints.tcp import TcpEndpoint
from core.endpoints.telnet import TelnetEndpoint
from core.endpoints.unix import UnixEndpoint
from core.endpoints.url import ConsoleUrl, Scheme, parse_console_url
from core.endpoints.vsock import VsockEndpoint

__all__ = [
    "READ_BYTES",
    "AnyEndpoint",
    "Console",
    "ConsoleOpener",
    "ConsoleSink",
    "ConsoleUrl",
    "ConsoleWatch",
    "Endpoint",
    "FileEndpoint",
    "HvsockEndpoint",
    "ListenEndpoint",
    "MemoryEndpoint",
    "MemoryGuest",
    "Pin",
    "PtyEndpoint",
    "Resumable",
    "Scheme",
    "TcpEndpoint",
    "TelnetEndpoint",
    "UnixEndpoint",
    "VsockEndpoint",
    "endpoint_for",
    "open_console",
    "open_endpoint",
    "parse_console_url",
    "peer_inode",
]
