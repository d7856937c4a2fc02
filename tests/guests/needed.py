"""Programs that real tests need: without one a test is skipped, and says what to install.

With GUESTWATCH_REQUIRE_QEMU=1, as in CI, it fails instead.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

REQUIRE_VARIABLE = "GUESTWATCH_REQUIRE_QEMU"


def needed(program: str, package: str) -> str:
    """The path of `program`, which Debian's `package` has."""
    found = shutil.which(program)
    if found is None:
        lack(f"{program} is not installed. sudo apt-get install {package}")
    return found


def lack(text: str) -> NoReturn:
    """Skip the test, or fail it where nothing may be missing."""
    if os.environ.get(REQUIRE_VARIABLE) == "1":
        pytest.fail(text, pytrace=False)
    pytest.skip(text)
