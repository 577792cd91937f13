"""The bound on what a module's tests may cost."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cpu_seconds import REST, CpuSeconds, spent, yardstick

ROOT = Path(__file__).resolve().parents[1]
CONFTEST = """
from tests.cpu_seconds import CpuSeconds

def pytest_configure(config):
    config.pluginmanager.register(CpuSeconds({{"storm": "storm"}}, limit={limit}, yard={yard}), "cpu_seconds")
"""
BURNS = """
import subprocess, sys, time

def test_storm():
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass

def test_storm_in_a_child():
    subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.4: pass"], check=True)

def test_other():
    pass
"""


def run(folder, limit, *options, yard=1e9):
    """Run them with a bound, as on a machine so quick that the bound is not longer."""
    (folder / "conftest.py").write_text(CONFTEST.format(limit=limit, yard=yard))
    (folder / "test_burns.py").write_text(BURNS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    alone = plain | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins would cost a second a process
    return subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_a_module_over_its_bound_turns_the_run_red_and_is_named(tmp_path, options):
    ran = run(tmp_path, 0.5, *options)
    assert ran.returncode == 1 and "3 passed" in ran.stdout, ran.stdout
    assert "storm: its tests cost 1 CPU seconds, over 0.5" in ran.stdout
    if not options:
        assert run(tmp_path, 30).returncode == 0


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_the_bound_is_longer_on_a_slower_machine(tmp_path, options):
    assert run(tmp_path, 0.5, *options, yard=1e-9).returncode == 0


def test_how_slow_a_machine_is_comes_from_the_middle_of_what_was_measured():
    plugin = CpuSeconds({}, yard=0.01)
    assert plugin.slower() == 1.0
    plugin.yards = [0.005, 0.03, 0.9]
    assert plugin.slower() == pytest.approx(3.0)
    plugin.yards = [0.005]
    assert plugin.slower() == 1.0, "a quick machine has no shorter bound"


def test_the_yardstick_takes_some_time_and_not_much():
    assert 0.0005 < min(yardstick() for _ in range(3)) < 1.0


def test_children_count_while_they_run():
    before = spent()
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        until = time.monotonic() + 20
        while spent() - before < 0.2 and time.monotonic() < until:
            time.sleep(0.05)
        assert spent() - before >= 0.2
    finally:
        child.kill()
        child.wait()


def test_a_test_is_its_modules_by_any_of_the_modules_words():
    plugin = CpuSeconds({"retry_storm": "retry_storm", "retry_chain": "retry_storm"})
    assert plugin.module("tests/models/test_retry_chain.py::test_x") == "retry_storm"
    assert plugin.module("tests/notebooks/test_runs.py::test_runs[01_retry_storm]") == "retry_storm"
    assert plugin.module("tests/grading/test_frames.py::test_x") == REST
