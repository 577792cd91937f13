"""What every test of the course runs under."""

import math
import os

from course_lib import manifest
from tests.cpu_seconds import LIMIT, CpuSeconds, words

DRILLS = {"retry_chain": "retry_storm", "stampede_drill": "cache_stampede"}


def pytest_configure(config):
    limit = math.inf if os.environ.get("COURSE_WEEKLY") else LIMIT
    config.pluginmanager.register(CpuSeconds(words(manifest.load().modules, DRILLS), limit), "cpu_seconds")


def pytest_collection_modifyitems(config, items):
    """Leave out what runs once a week, unless ``COURSE_WEEKLY`` is set; its planted failures are not marked so."""
    if not os.environ.get("COURSE_WEEKLY"):
        out = [item for item in items if item.get_closest_marker("weekly")]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
