"""The control socket's server: whom it lets in, what it carries out, what it tells."""

from core.capture.control.server import ControlServer

__all__ = ["ControlServer"]
