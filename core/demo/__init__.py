"""Guests to try guestwatch on without any VM, and one real guest under QEMU.

The embedded guests serve on real unix sockets as QEMU does and replay recorded boots
at their own pace. Tests and screenshots use the same ones.
"""

from core.demo.chatter import agent_calls, ci_jobs, web_requests
from core.demo.demo import demo_specs, qemu_console, qemu_specs, run_guests
from core.demo.guest import DemoGuest
from core.demo.initramfs import ConsoleDevice, build_initramfs
from core.demo.qemu import GuestSetup, QemuProcess, run_qemu_guest
from core.demo.recordings import GuestRecording, load_recording
from core.demo.session import open_demo
from core.demo.step import Reboot, Say, Script, Step
from core.demo.tools import Tools, find_tools

__all__ = [
    "ConsoleDevice",
    "DemoGuest",
    "GuestRecording",
    "GuestSetup",
    "QemuProcess",
    "Reboot",
    "Say",
    "Script",
    "Step",
    "Tools",
    "agent_calls",
    "build_initramfs",
    "ci_jobs",
    "demo_specs",
    "find_tools",
    "load_recording",
    "open_demo",
    "qemu_console",
    "qemu_specs",
    "run_guests",
    "run_qemu_guest",
    "web_requests",
]
