"""The doctor finds what is broken, one thing at a time, and names one command for it."""

import importlib
import json
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from course_lib import manifest
from course_lib.home import doctor


def test_a_good_package_is_ok_with_its_version():
    found = doctor.package(Requirement("numpy>=1"))
    assert (found.ok, found.detail, found.mend) == (True, metadata.version("numpy"), "")


@pytest.mark.parametrize(
    ("wanted", "detail"), [("numpy>=999", "is not >=999"), ("no-such-package>=1", "is not installed")]
)
def test_a_wrong_or_missing_package_has_one_command(wanted, detail):
    found = doctor.package(Requirement(wanted))
    assert not found.ok
    assert detail in found.detail
    assert found.mend.count("pip install") == 1
    assert Requirement(wanted).name in found.mend


def test_a_package_that_does_not_import_is_found(monkeypatch):
    def fail(name):
        raise ImportError("libsomething.so is missing")

    monkeypatch.setattr(importlib, "import_module", fail)
    found = doctor.package(Requirement("numpy"))
    assert not found.ok
    assert "cannot be imported: ImportError: libsomething.so is missing" in found.detail
    assert "--force-reinstall" in found.mend


def test_a_course_that_is_not_installed_is_found(monkeypatch):
    monkeypatch.setattr(doctor, "DISTRIBUTION", "no-such-course")
    (found,) = doctor.packages()
    assert not found.ok
    assert found.mend.endswith("-c constraints.txt -e .")


@pytest.mark.slow
def test_everything_is_in_order_where_the_suite_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    found = list(doctor.examine(manifest.load()))
    assert [(one.name, one.detail) for one in found if not one.ok] == [] and len(found) > 30


NAMES = {"ipython": "IPython", "pillow": "PIL", "pyyaml": "yaml", "python-dateutil": "dateutil", "pytest": "pytest"}


@pytest.mark.parametrize(("name", "imported"), NAMES.items())
def test_a_package_is_imported_by_the_name_it_brings(name, imported):
    assert doctor.import_name(name) == imported


def test_a_system_library_that_only_a_class_needs_is_no_damage(monkeypatch):
    def fail(name):
        raise RuntimeError("Unable to find libseccomp")

    monkeypatch.setattr(importlib, "import_module", fail)
    found = doctor.package(Requirement("pyseccomp"))
    assert found.ok and "libseccomp2, which only a class needs" in found.detail


@pytest.fixture
def other_kernel(tmp_path, monkeypatch):
    """Another kernel called python3, in a folder that is looked at first."""
    folder = tmp_path / "elsewhere" / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["/usr/bin/false", "{connection_file}"], "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setattr(doctor, "_kernel_python", lambda: "/usr/bin/python3")
    return folder


def test_another_kernel_that_wins_is_named_with_how_to_be_rid_of_it(other_kernel, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(other_kernel.parents[1]))
    found = doctor.kernel()
    assert not found.ok and str(other_kernel / "kernel.json") in found.detail
    assert "JUPYTER_PATH" in found.detail and found.mend == "unset JUPYTER_PATH"
    monkeypatch.delenv("JUPYTER_PATH")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(other_kernel.parents[1]))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    found = doctor.kernel()
    assert not found.ok and found.mend == f"rm -r {other_kernel}"
    assert subprocess.run(found.mend, shell=True).returncode == 0 and not other_kernel.exists()
    assert str(other_kernel) not in doctor.kernel().detail


def test_start_up_files_are_named_with_how_to_set_them_aside(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "README").write_text("this is IPython's own")
    assert "nothing of your own" in doctor.profile().detail
    (startup / "00-mine.py").write_text("print = None")
    found = doctor.profile()
    assert str(startup / "00-mine.py") in found.detail
    subprocess.run(found.detail.partition("try: ")[2], shell=True, check=True)
    assert "nothing of your own" in doctor.profile().detail


@pytest.mark.slow
def test_the_kernel_is_started_and_must_be_this_python(monkeypatch):
    assert doctor.kernel().ok
    monkeypatch.setattr(doctor, "_kernel_python", lambda: "elsewhere/python")
    assert "not this environment's Python" in doctor.kernel().detail


def test_a_kernel_that_does_not_start_is_found(monkeypatch):
    def fail():
        raise RuntimeError("Kernel died before replying")

    monkeypatch.setattr(doctor, "_kernel_python", fail)
    found = doctor.kernel()
    assert not found.ok
    assert "ipykernel install" in found.mend


@pytest.mark.parametrize(("name", "distribution"), doctor.LAB_EXTENSIONS.items())
def test_widget_extensions_are_found_and_missed(name, distribution, monkeypatch, tmp_path):
    assert doctor.lab_extension(name, distribution).ok
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path)])
    found = doctor.lab_extension(name, distribution)
    assert not found.ok
    assert distribution in found.mend


def test_the_renderer_draws_and_its_failure_is_found(monkeypatch):
    assert doctor.renderer().ok
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    found = doctor.renderer()
    assert not found.ok
    assert "vl-convert-python" in found.mend


def test_an_extension_that_is_not_enabled_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(tmp_path)])
    found = doctor.nodelay()
    assert not found.ok
    assert "-e ." in found.mend


def test_settings_that_are_not_laid_down_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert not doctor.settings().ok
