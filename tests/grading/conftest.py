"""Where tests of the sandbox run: where its layers hold; elsewhere they skip, unless that would hide a failure."""

from __future__ import annotations

import os
import sys

import pytest


@pytest.fixture(scope="session")
def isolation_level() -> str:
    """The level that holds here, by trying; skips below `strong`, or fails with COURSE_REQUIRE_SANDBOX set."""
    level = _level()
    if level not in ("strong", "full"):
        told = f"learners' code can only be isolated {level!r} here"
        pytest.fail(told) if os.environ.get("COURSE_REQUIRE_SANDBOX") else pytest.skip(told)
    return level


def _level() -> str:
    if sys.platform != "linux":
        return "none"
    from course_lib.grading.sandbox.box import Sandbox, SandboxError, View, level_of, probe
    from course_lib.grading.sandbox.isolation import Limits

    try:
        with Sandbox(View(), Limits()) as sandbox:
            return level_of(probe(sandbox))
    except SandboxError as error:
        return f"not at all: {error}"
