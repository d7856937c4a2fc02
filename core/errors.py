"""Every error guestwatch raises on purpose.

GuestwatchError
├── UsageError                 exit 2: what was typed or configured is wrong
│   ├── InvalidSandboxId
│   ├── InvalidConsoleUrl
│   ├── SandboxClash           an id that is taken by another console URL
│   ├── InvalidAlertPattern    a pattern that is no RE2 expression, or matches every line
│   ├── BadQuery               what was typed to be searched for is no RE2 expression
│   └── ConfigError            names file, line and key
├── ProxyError                 the seed's messages
│   ├── UnknownProxyType
│   ├── InvalidProxyType
│   ├── InvalidProxyParams
│   ├── InvalidProxyConfig
│   ├── UnknownSocketType
│   ├── AlreadyWatched
│   └── ProxyStartError
├── ConsoleError               a console that cannot be reached, and why
│   ├── UnknownConsoleProto
│   ├── ConsoleAbsent
│   ├── NotAConsole            something that no console can be
│   │   └── NotASocket
│   ├── ConsoleForbidden
│   ├── ConsoleRefused
│   ├── ConsoleBusy
│   └── ConsoleBroken
├── RecordingError             the recording cannot be written or read
│   └── WriteFailed            only a part of a write reached the recording
├── InotifyError               the kernel tells of no changes to a file or folder
├── SessionError               how the dashboard was left cannot be remembered
├── OutputFailed               what a command prints or writes does not get where it should
├── DemoError                  a demo guest cannot be had
│   └── ToolsMissing           what a real guest is booted with is not installed
└── CaptureError               the capture process, its lock and its control socket
    ├── RuntimeDirError
    ├── CaptureRunning
    ├── CaptureUnreachable
    ├── CaptureSkew            capture runs, but speaks another protocol
    └── CommandRefused         capture answered a command with an error

A message names the thing; a hint says what a person can do about it. Texts from
outside (paths, operating system messages) are kept as they are: whoever prints
one sends it through `core.console.safe_text` first.
"""

from __future__ import annotations

from typing import ClassVar


class GuestwatchError(Exception):
    """Any failure guestwatch explains to its user.

    Attributes:
        message: what went wrong, naming the thing.
        hint: what a person can do about it; empty when nothing is known to help.
        exit_code: what the command line exits with.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(GuestwatchError):
    """What was typed or configured is wrong."""

    exit_code: ClassVar[int] = 2


class InvalidSandboxId(UsageError):
    """An id outside `[A-Za-z0-9][A-Za-z0-9_.-]{0,127}`."""


class InvalidConsoleUrl(UsageError):
    """A console URL that names no console."""


class SandboxClash(UsageError):
    """A sandbox named twice with two different console URLs."""


class InvalidAlertPattern(UsageError):
    """A user's alert pattern that cannot be used."""


class BadQuery(UsageError):
    """What was typed to be searched for cannot be."""


class ConfigError(UsageError):
    """A config file that cannot be used.

    Attributes:
        path: the file.
        line: 1-based line, 0 when unknown.
        key: the dotted key, empty when the file as a whole is wrong.
    """

    def __init__(
        self, message: str, *, path: str, line: int = 0, key: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.line = line
        self.key = key

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ProxyError(GuestwatchError):
    """A proxy that cannot be made, started or validated."""


class UnknownProxyType(ProxyError):
    """A string that names none of the four proxy types."""


class InvalidProxyType(ProxyError):
    """The factory was asked for a proxy type it has no proxy for."""


class InvalidProxyParams(ProxyError):
    """Parameters a proxy cannot start with."""


class InvalidProxyConfig(ProxyError):
    """A proxy configuration without a path."""


class UnknownSocketType(ProxyError):
    """A socket type there is no default proxy URL for."""


class AlreadyWatched(ProxyError):
    """A second start of a proxy that watches its console."""


class ProxyStartError(ProxyError):
    """A proxy program that could not be run."""


class ConsoleError(GuestwatchError):
    """A console that could not be reached or read.

    Attributes:
        path: the socket, terminal or file; empty when there is none.
        errno: the operating system's number, 0 when it gave none.
    """

    def __init__(self, message: str, *, path: str = "", errno: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.errno = errno


class UnknownConsoleProto(ConsoleError):
    """A console URL whose scheme has no endpoint: what was typed is wrong."""

    exit_code: ClassVar[int] = 2


class ConsoleAbsent(ConsoleError):
    """Nothing is at the console's path yet."""


class NotAConsole(ConsoleError):
    """The console's path holds something else."""


class NotASocket(NotAConsole):
    """The path of a console's socket holds something else."""


class ConsoleForbidden(ConsoleError):
    """The console may not be opened, or its peer may not be trusted."""


class ConsoleRefused(ConsoleError):
    """Nobody listens on the console's socket."""


class ConsoleBusy(ConsoleError):
    """The console's queue of waiting clients stayed full until the deadline."""


class ConsoleBroken(ConsoleError):
    """An open console failed while it was being read or written."""


class RecordingError(GuestwatchError):
    """A recording that cannot be written or read.

    Attributes:
        path: the file or folder; empty when there is none.
        errno: the operating system's number, 0 when it gave none.
    """

    def __init__(self, message: str, *, path: str = "", errno: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.errno = errno


class WriteFailed(RecordingError):
    """A write that did not reach the recording as a whole.

    Attributes:
        written: how many of its bytes are in the log all the same; they must not be
            written again.
    """

    def __init__(
        self, message: str, *, path: str = "", errno: int = 0, hint: str = "", written: int = 0
    ) -> None:
        super().__init__(message, path=path, errno=errno, hint=hint)
        self.written = written


class InotifyError(GuestwatchError):
    """Changes to a file or folder cannot be heard of.

    Attributes:
        path: the file or folder; empty when there is none.
        errno: the operating system's number.
    """

    def __init__(self, message: str, *, path: str = "", errno: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.errno = errno


class SessionError(GuestwatchError):
    """How a dashboard was left cannot be written down."""


class OutputFailed(GuestwatchError):
    """What a command prints, or a file it was to write, cannot be written."""


class DemoError(GuestwatchError):
    """A demo guest that cannot be had."""


class ToolsMissing(DemoError):
    """What a real guest is booted with is not installed.

    Attributes:
        missing: what is not there, in words.
    """

    def __init__(self, message: str, *, missing: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.missing = missing


class CaptureError(GuestwatchError):
    """The capture process cannot be started or reached."""


class RuntimeDirError(CaptureError):
    """No private runtime directory can be had."""


class CaptureRunning(CaptureError):
    """Another capture of this user holds the lock."""


class CaptureUnreachable(CaptureError):
    """No capture answers on the control socket."""


class CaptureSkew(CaptureError):
    """The capture that runs is of a version that speaks another protocol."""


class CommandRefused(CaptureError):
    """Capture refused a command.

    Attributes:
        kind: the error class capture named.
    """

    def __init__(self, message: str, *, kind: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
