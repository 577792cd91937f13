"""What is installed where: one set of ranges, one set of pins, and the commands that are printed."""

import ast
import doctest
import functools
import json
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from course_lib.manifest import load

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = ROOT / "environment.yml"


def ranges_of_project() -> dict[str, SpecifierSet]:
    wanted = [*map(Requirement, PROJECT["dependencies"]), Requirement(f"python{PROJECT['requires-python']}")]
    return {canonicalize_name(entry.name): entry.specifier for entry in wanted}


def ranges_of_environment(text: str) -> dict[str, SpecifierSet]:
    entries = yaml.safe_load(text)["dependencies"]
    conda = [entry.replace(" ", "", 1) for entry in entries if isinstance(entry, str) and entry != "pip"]
    pip = [entry for entry in entries[-1]["pip"] if entry != "-e ."]
    found = map(Requirement, [*conda, *pip])
    return {canonicalize_name(entry.name): entry.specifier for entry in found}


def pins() -> list[Requirement]:
    return [Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line]


def all_requirements() -> list[Requirement]:
    extras = [entry for group in PROJECT["optional-dependencies"].values() for entry in group]
    return [Requirement(entry) for entry in (*PROJECT["dependencies"], *extras)]


def test_conda_has_the_same_ranges():
    assert ranges_of_environment(ENVIRONMENT.read_text(encoding="utf-8")) == ranges_of_project()


def test_a_planted_other_range_is_seen():
    text = ENVIRONMENT.read_text(encoding="utf-8").replace("numpy >=2.0", "numpy >=1.26")
    assert ranges_of_environment(text) != ranges_of_project()


def test_conda_installs_the_course_and_says_why_each_line_is_there():
    conda, _, pip = ENVIRONMENT.read_text(encoding="utf-8").partition("dependencies:")[2].partition("\n  - pip:\n")
    assert pip.splitlines()[-1] == "      - -e ."
    assert [line for line in conda.strip().splitlines() if not re.search(r"  # \w", line)] == []
    assert pip.count("#") == pip.count("- ") - 1


def test_every_requirement_is_pinned_within_its_range():
    pinned = {}
    for pin in pins():
        pinned.setdefault(canonicalize_name(pin.name), []).append(pin)
    for wanted in all_requirements():
        for pin in pinned[canonicalize_name(wanted.name)]:
            (exact,) = pin.specifier
            assert exact.operator == "=="
            assert exact.version in wanted.specifier


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_a_package_has_one_pin_per_system(system):
    place = {"sys_platform": system, "os_name": "nt" if system == "win32" else "posix", "python_full_version": "3.12.1"}
    names = [canonicalize_name(pin.name) for pin in pins() if _applies(pin.marker, place)]
    assert len(names) == len(set(names))
    assert len(names) > 100


def _applies(marker: Marker | None, place: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(place)


def test_every_lower_bound_is_stated():
    assert [str(entry) for entry in all_requirements() if not any(s.operator == ">=" for s in entry.specifier)] == []


@pytest.mark.parametrize("name", ["constraints.txt", "environment.yml", "pyproject.toml", "Makefile", ".ci/run"])
def test_no_host_and_no_machine_path_is_named(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert re.findall(r"(?<![\w.<>/])/(?:home|root|work|Users|opt)\b", text) == []


def test_jupyter_is_told_of_extension_and_settings():
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    places = shared["wheel"]["shared-data"]
    assert all((ROOT / source).is_dir() for source in places)
    config = json.loads((ROOT / "jupyter_config/jupyter_server_config.d/course_lib.json").read_text(encoding="utf-8"))
    (extension,) = config["ServerApp"]["jpserver_extensions"]
    assert (ROOT / Path(*extension.split(".")).with_suffix(".py")).is_file()
    assert json.loads((ROOT / "jupyter_config/overrides.d/course_lib.json").read_text(encoding="utf-8"))


VERSIONS = {
    "pyproject.toml": r'^version = "(.+)"$',
    "CITATION.cff": r"^version: (.+)$",
    "CHANGELOG.md": r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$",
    "course_lib/__init__.py": r'^__version__ = "(.+)"$',
    "course_lib/labs/repeat_incident.run.json": r'"course": "([^"]+)"',
}


def versions(texts: dict[str, str]) -> set[str]:
    """The version that each file states; the changelog's is its newest."""
    return {re.search(VERSIONS[name], text, flags=re.M)[1] for name, text in texts.items()}


def test_there_is_one_version_and_the_changelog_knows_it_and_a_planted_other_is_seen():
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in VERSIONS}
    (version,) = versions(texts)
    for name, text in texts.items():
        assert len(versions(texts | {name: text.replace(version, "0.0.9")})) == 2, name


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.S | re.M)


def test_windows_lines_of_the_readme_are_those_the_workflow_runs():
    (lines,) = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "powershell")
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    runs = [step.get("run", "") for step in workflow["jobs"]["windows"]["steps"]]
    install = [line for line in lines.splitlines() if "course lab" not in line]
    assert any(run.splitlines()[: len(install)] == install for run in runs)


def test_every_make_target_that_is_printed_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, flags=re.M)[1].split())
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(encoding="utf-8"), flags=re.M))
        assert named <= targets, page.name


def row(module) -> str:
    """A module's line in the README."""
    if not module.built:
        return f"| {module.number:02d} | {module.title} | {module.symptom} | not built yet |"
    links = f"[lesson](notebooks/{module.name}.ipynb), {module.minutes} min; [lab](labs/{module.name}.ipynb)"
    return f"| {module.number:02d} | {module.title} | {module.symptom} | {links}, {module.lab_minutes} min |"


def test_the_readmes_table_is_the_manifest():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.match(r"\| \d\d \|", line)] == [row(module) for module in load().modules]


def test_the_readme_s_lines_of_python_do_what_they_say():
    (lines,) = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "python")
    ran = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(lines, {}, "README.md", "README.md", 0))
    assert ran.attempted >= 3 and ran.failed == 0


def test_the_readme_opens_with_what_why_and_the_two_commands():
    top = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert any("make lab" in line for line in top)
    assert any("make test" in line for line in top)
    assert any(line.startswith("![") for line in top)


def undeclared(source: str, declared: set[str]) -> set[str]:
    """Packages that a file imports and that no declared distribution brings."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    ours = {"course_lib", "tests", "benchmarks"} | {path.stem for path in (ROOT / "tests").iterdir()}
    foreign = {name.split(".")[0] for name in names} - ours - sys.stdlib_module_names
    return {name for name in foreign if not declared & {canonicalize_name(d) for d in brought_by().get(name, [])}}


@functools.cache
def brought_by() -> dict[str, list[str]]:
    return metadata.packages_distributions()


def declared(*extras: str) -> set[str]:
    entries = [*PROJECT["dependencies"], *(e for extra in extras for e in PROJECT["optional-dependencies"][extra])]
    return {canonicalize_name(Requirement(entry).name) for entry in entries}


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("course_lib", ["dask"]), ("tests", ["test"]), ("benchmarks", ["test", "bench"])],
)
def test_what_is_imported_is_declared(folder, extras):
    files = sorted((ROOT / folder).rglob("*.py"))
    missing = {path.name: undeclared(path.read_text(encoding="utf-8"), declared(*extras)) for path in files}
    assert {path: names for path, names in missing.items() if names} == {}


def test_an_undeclared_import_is_seen():
    assert undeclared("def f():\n    from PIL import Image", {"numpy"}) == {"PIL"}
    assert undeclared("import numpy.linalg, os, course_lib.models, tiny_course", {"numpy"}) == set()
