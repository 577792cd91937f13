"""CPU seconds that the tests of each module cost, and a bound on them: twelve modules must fit into 15 minutes.

CPU time, not the clock's. What child processes use (kernels, sandboxes, the browser) counts for the test that runs
meanwhile; on systems without /proc only children that have ended do. The same tests cost twice as much on a slow
machine, or on one that shares its cores: a piece of work done now and then during the run tells by how much, and the
bound is longer in that proportion.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

#: For a machine on which the yardstick takes `YARD`: there the dearest had 55, three workers on two cores.
LIMIT = 95.0
YARD = 0.009
#: Tests of a process between two looks at the yardstick.
EVERY = 50
REST = "shared by all"
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def spent() -> float:
    """CPU seconds of this process and all its descendants so far."""
    return sum(os.times()[:4]) + sum(map(_of_a_child, _children("self")))


def yardstick() -> float:
    """CPU seconds of a fixed piece of work, half of it Python's, half numpy's on short arrays, as the tests' is."""
    start, total, row = time.process_time(), 0, np.linspace(0.0, 1.0, 64)
    for number in range(60_000):
        total += number % 7
    for _ in range(2_000):
        row = np.minimum(row + 0.001, 1.0) * np.where(row > 0.5, 0.999, 1.001)
    return time.process_time() - start


def _of_a_child(pid: str) -> float:
    """CPU seconds of a process, of the children it has waited for, and of those that run."""
    try:
        fields = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS + sum(map(_of_a_child, _children(pid)))


def _children(pid: str) -> Iterator[str]:
    """Running children, thread by thread: to read all of /proc takes milliseconds, four times a test."""
    with contextlib.suppress(OSError):  # no such system, or it has just ended
        for thread in Path("/proc", pid, "task").iterdir():
            yield from (thread / "children").read_text().split()


class CpuSeconds:
    """A pytest plugin: prints what each module's tests cost, and fails the run where one costs too much.

    Parameters
    ----------
    modules : mapping of str to str
        Words in a test's id, such as a slug or the name of a lab's own model, and the module they stand for.
    limit : float
        CPU seconds that one module's tests may cost.
    yard : float
        What the yardstick takes where that is the limit; where it takes longer, so may the tests.
    """

    def __init__(self, modules: dict[str, str], limit: float = LIMIT, yard: float = YARD) -> None:
        self.modules, self.limit, self.yard = modules, limit, yard
        self.done = 0  # tests of this process
        self.yards: list[float] = []
        self.cost: Counter[str] = Counter()  # by module
        self.each: Counter[str] = Counter()  # by test

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        """Measure a test with its fixtures."""
        self.start = spent()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        """Put what was spent since the last report on this one, so that it reaches the process that adds up."""
        report = yield
        now = spent()
        report.user_properties.append(("cpu_seconds", max(now - self.start, 0.0)))
        if call.when == "teardown":
            self.done += 1
            if self.done % EVERY == 1:
                report.user_properties.append(("yardstick", yardstick()))
                now = spent()
        self.start = now
        return report

    def pytest_runtest_logreport(self, report):
        """Add up; under xdist this runs in the controlling process, too, and only there the sum is whole."""
        # A report repeats the properties of the item's earlier ones; its own comes last.
        seconds = [value for name, value in report.user_properties if name == "cpu_seconds"][-1:]
        self.cost[self.module(report.nodeid)] += sum(seconds)
        self.each[report.nodeid] += sum(seconds)
        self.yards += [value for name, value in report.user_properties if name == "yardstick"]

    def slower(self) -> float:
        """By how much this machine was slower than the one the limit is for; 1 where it was faster."""
        return max(1.0, statistics.median(self.yards) / self.yard) if self.yards else 1.0

    def module(self, nodeid: str) -> str:
        """Return the module that a test belongs to."""
        return next((module for word, module in self.modules.items() if word in nodeid), REST)

    def over(self) -> list[str]:
        """Return a line for each module whose tests cost too much."""
        bound = self.limit * self.slower()
        dear = {module: cost for module, cost in self.cost.items() if module != REST and cost > bound}
        return [
            f"{module}: its tests cost {cost:.0f} CPU seconds, over {bound:.3g}: most of it {self.dearest(module)}"
            for module, cost in dear.items()
        ]

    def dearest(self, module: str, most: int = 5) -> str:
        """Return the tests of a module that cost most, in words."""
        its = Counter({test: cost for test, cost in self.each.items() if self.module(test) == module})
        return ", ".join(f"{test} ({cost:.0f})" for test, cost in its.most_common(most))

    def pytest_sessionfinish(self, session):
        """Turn the run red where a module is over its bound; only the process that adds up does."""
        if not hasattr(session.config, "workerinput") and self.over() and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        """Say what each module costs, and what it may."""
        if sum(self.cost.values()) > 5:
            terminalreporter.section("CPU seconds")
            slower = f", on a machine {self.slower():.2f} times as slow" if self.slower() > 1 else ""
            terminalreporter.write_line(f"{self.limit * self.slower():7.1f}  is a module's bound{slower}")
            for module, cost in sorted(self.cost.items()):
                terminalreporter.write_line(f"{cost:7.1f}  {module}")
        for line in self.over():
            terminalreporter.write_line(line, red=True)


def words(modules, drills: dict[str, str]) -> dict[str, str]:
    """Return the words that name a module in a test's id: its slug, and its lab's own model."""
    return {module.slug: module.slug for module in modules} | drills
