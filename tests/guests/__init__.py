"""Guests to test against: real ones under QEMU, and simulated ones that behave badly."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""Where `python -m tests.guests.…` works."""
