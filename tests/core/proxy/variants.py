"""The same value with other fields."""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar

from core.proxy import ProxyParams
from core.proxy.identity import ProcessIdentity

T = TypeVar("T", ProxyParams, ProcessIdentity)


def changed(value: T, **changes: object) -> T:
    """As `dataclasses.replace`, for fields that a test names in a variable."""
    same = {each.name: getattr(value, each.name) for each in fields(value)}
    return type(value)(**same | changes)
