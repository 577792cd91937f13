"""Imports point one way, and the package costs nothing to import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "course_lib"
BASE = {"manifest", "notebook_file", "cell_source", "submission", "borrowing"}
#: What each part may import of the others. A part that is not named here may import anything but is imported by nobody.
MAY_IMPORT = {
    "theory": set(),
    "models": {"theory"},
    "view": {"theory", "models", "detect"} | BASE,
    "lessons": {"theory", "models", "detect", "view"} | BASE,
    "labs": {"theory", "models", "detect", "view", "lessons", "incidents", "runbooks"} | BASE,
    "detect": {"theory", "models"},
    "incidents": {"theory", "models", "detect", "view", "progress", "home"} | BASE,
    "runbooks": {"theory", "models", "detect", "incidents"} | BASE,
    "postmortem": {"theory", "models", "detect", "incidents", "progress"} | BASE,
    "checks": {"theory", "models", "detect", "incidents", "runbooks", "progress"} | BASE,
    "grading": {"theory", "models", "detect", "checks", "view", "progress", "postmortem"} | BASE,
    "recall": {"models", "detect", "view", "progress", "symptoms"} | BASE,
    "home": {"checks", "progress", "symptoms", "recall", "teaching", "view"} | BASE,
    "website": {"theory", "models", "detect", "view", "lessons", "runbooks", "glossary", "symptoms"} | BASE,
    "teaching": {"theory", "models", "detect", "view", "lessons", "grading", "recall"} | BASE,
    "manifest": set(),
    "notebook_file": set(),
    "cell_source": set(),
    "borrowing": {"cell_source"},
    "progress": {"manifest"},
    "symptoms": {"manifest"},
    "submission": {"notebook_file"},
    "nodelay": set(),
}
NUMPY_ONLY = {"theory", "models"}
THIRD_PARTY_OF_MODELS = {"numpy"}


def parts() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


def imported(source: str, module: str) -> Iterator[str]:
    """Full names of all that a module imports, anywhere in it, relative imports resolved."""
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from ([f"{stem}.{alias.name}" for alias in node.names] if stem == "course_lib" else [stem])


def trespasses(source: str, module: str) -> Iterator[str]:
    own = part_of(module)
    for name in imported(source, module):
        top, part = name.split(".")[0], part_of(name)
        if top == "course_lib" and own in MAY_IMPORT and part not in MAY_IMPORT[own] | {own, ""}:
            yield f"{module} imports {name}"
        if own in NUMPY_ONLY and top not in sys.stdlib_module_names | THIRD_PARTY_OF_MODELS | {"course_lib"}:
            yield f"{module} imports {name}, but {own} imports numpy alone"


@pytest.mark.parametrize("path", parts(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path):
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    assert list(trespasses(path.read_text(encoding="utf-8"), module)) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("course_lib.models.storm", "from course_lib.view import panel"),
        ("course_lib.models.storm", "from ..view import panel"),
        ("course_lib.models.storm", "from course_lib import checks"),
        ("course_lib.models.storm", "def f():\n    import pandas as pd"),
        ("course_lib.theory.queueing", "from course_lib.models import trace"),
        ("course_lib.checks.storm", "import course_lib.grading.sandbox.box"),
        ("course_lib.view.live", "from course_lib.checks import task"),
        ("course_lib.view.live", "from course_lib.lessons import storm"),
        ("course_lib.detect.rule", "from course_lib.incidents import engine"),
        ("course_lib.incidents.engine", "from course_lib.postmortem import rubric"),
        ("course_lib.incidents.engine", "from course_lib.runbooks import page"),
    ],
)
def test_a_planted_import_the_wrong_way_is_seen(module, source):
    assert len(list(trespasses(source, module))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("course_lib.models.storm", "import numpy as np\nfrom . import a\nfrom course_lib import theory"),
        ("course_lib.checks.storm", "from course_lib import manifest\nfrom course_lib.models import storm"),
        ("course_lib.cli", "from course_lib.grading import batch\nimport pandas"),
    ],
)
def test_imports_the_right_way_are_let_through(module, source):
    assert list(trespasses(source, module)) == []


def test_importing_the_package_takes_a_moment_and_loads_nothing():
    script = "import time; t = time.perf_counter(); import course_lib; t = time.perf_counter() - t\n"
    script += "import sys; print(t, *{m.split('.')[0] for m in sys.modules} & {'numpy', 'pandas', 'altair', 'typer'})"
    seconds, *heavy = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert heavy == []
    assert float(seconds) < 0.3
