"""What every test of the course runs under."""

import math
import os

import pytest

from course_lib import manifest
from tests.cpu_seconds import LIMIT, CpuSeconds, words

DRILLS = {"retry_chain": "retry_storm", "stampede_drill": "cache_stampede"}


def pytest_configure(config):
    limit = math.inf if os.environ.get("COURSE_WEEKLY") else LIMIT
    config.pluginmanager.register(CpuSeconds(words(manifest.load().modules, DRILLS), limit), "cpu_seconds")


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(config, items):
    """Leave out what runs once a week, unless ``COURSE_WEEKLY`` is set; its planted failures are not marked so.

    What shares a fixture of its file runs in one worker: each of three would make the fixture anew.
    """
    if not os.environ.get("COURSE_WEEKLY"):
        out = [item for item in items if item.get_closest_marker("weekly")]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
    for item in items:
        if item.get_closest_marker("xdist_group"):  # two would make a third
            continue
        known = item._fixtureinfo.name2fixturedefs.values()  # pytest has no other way to ask for a fixture's scope
        if any(found[-1].scope == "module" for found in known):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
