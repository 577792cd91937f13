"""How the code is written: the linter is silent, functions are short, and names say what is in them."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "course_lib").rglob("*.py"))
MEDIAN, P90, MAX = 8, 20, 40
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


@functools.cache
def lengths(source: str) -> tuple[tuple[str, int], ...]:
    """Name and length of each function: lines of code from its `def`, without docstring, comments and blank lines."""
    return tuple(_lengths(source))


def _lengths(source: str) -> Iterator[tuple[str, int]]:
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            skipped = set()
            if ast.get_docstring(node) is not None:
                skipped = set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
            code = (lines[n - 1].strip() for n in range(node.lineno, node.end_lineno + 1) if n not in skipped)
            yield node.name, sum(bool(line) and not line.startswith("#") for line in code)


def ruff(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "ruff", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_the_linter_is_silent():
    ran = ruff("check", "--output-format=concise", "--no-cache", ".")
    assert ran.returncode == 0, ran.stdout


def test_the_formatter_has_nothing_to_do():
    ran = ruff("format", "--check", "--no-cache", ".")
    assert ran.returncode == 0, ran.stdout


def test_a_file_that_is_not_formatted_is_seen(tmp_path):
    (tmp_path / "a.py").write_text("x = {  'a':1 }\n")
    assert ruff("format", "--check", "--no-cache", str(tmp_path)).returncode == 1


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_function_is_long(path):
    assert [(name, n) for name, n in lengths(path.read_text(encoding="utf-8")) if n > MAX] == []


def test_most_functions_are_short():
    found = [n for path in SOURCES for _, n in lengths(path.read_text(encoding="utf-8"))]
    assert median(found) <= MEDIAN
    assert quantiles(found, n=10)[8] <= P90


def test_no_file_has_a_name_that_says_nothing():
    assert [path for path in SOURCES if VAGUE & {*path.relative_to(ROOT).parts, path.stem}] == []


def test_a_long_function_is_counted_without_its_docstring():
    source = 'def f():\n    """One\n\n    two.\n    """\n    # why\n\n' + "    x = 1\n" * 41
    assert list(lengths(source)) == [("f", 42)]
