"""What every test of the course runs under."""

from course_lib import manifest
from tests.cpu_seconds import CpuSeconds, words

DRILLS = {"retry_chain": "retry_storm", "stampede_drill": "cache_stampede"}


def pytest_configure(config):
    config.pluginmanager.register(CpuSeconds(words(manifest.load().modules, DRILLS)), "cpu_seconds")
