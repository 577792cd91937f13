"""Whole numbers are 64 bits wide where seeds and keys meet them: numpy's own are 32 on some systems.

The narrow default is planted: `np.arange` and its kin give 32 bits wherever nobody states a type, as they do there.
"""

import ast
import functools
import gc
import json
from pathlib import Path

import nbformat
import numpy as np
import pytest

from course_lib.checks import hot_partition
from course_lib.grading import kill_table
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.theory import hashing
from tests.models.declared import MODELS

ROOT = Path(__file__).parents[1]
SEEDS = np.array([2**31 + 5, 2**40 + 1, 3], dtype=np.int64)
EACH_TIME = ("hot_partition", "stampede_drill", "bad_rollout")
MAKERS = ("arange", "array", "asarray", "full", "zeros", "ones")


def narrowed(make):
    @functools.wraps(make)
    def narrow(*arguments, dtype=None, **more):
        wide = np.dtype(np.int64)
        if dtype is int:
            return make(*arguments, dtype=np.int32, **more)
        made = make(*arguments, dtype=dtype, **more) if dtype is not None else make(*arguments, **more)
        asked = any(getattr(argument, "dtype", None) == wide for argument in arguments)
        if dtype is not None or asked or getattr(made, "dtype", None) != wide or _holds_wide(arguments):
            return made
        if made.size and (made.max() >= 2**31 or made.min() < -(2**31)):
            return made  # what does not fit takes the next type
        return made.astype(np.int32)

    return narrow


def _holds_wide(arguments):
    """Whether a list holds numpy's own numbers, whose type counts."""
    first = arguments[0] if arguments else ()
    return isinstance(first, list | tuple) and any(isinstance(item, np.generic | np.ndarray) for item in first)


def forget():
    """Empty the course's caches: what was computed at one width must not stand in for the other."""
    for cache in gc.get_objects():
        if isinstance(cache, functools._lru_cache_wrapper) and str(cache.__module__).startswith("course_lib"):
            cache.cache_clear()


@pytest.fixture
def narrow(monkeypatch):
    """Return a function that turns the narrow default on."""

    def on():
        forget()
        for name in MAKERS:
            monkeypatch.setattr(np, name, narrowed(getattr(np, name)))

    yield on
    monkeypatch.undo()
    forget()


def some_weekly(names):
    """The names as parameters: those that draw by keys each time, the others once a week."""
    return [pytest.param(name, marks=[] if name in EACH_TIME else pytest.mark.weekly) for name in names]


@pytest.mark.parametrize("name", some_weekly(MODELS))
def test_a_model_says_the_same_where_whole_numbers_have_32_bits(name, narrow):
    declared = MODELS[name]
    settings = [declared.module.Parameters(**{**declared.base, **more}) for more in ({}, *declared.settings.values())]

    def runs():
        until = declared.ticks * float(settings[0].dt)
        shaped = [SEEDS.reshape(-1, *[1] * len(p.batch_shape)) for p in settings]
        return [
            declared.module.simulate(p, seed, until=until * p.dt / settings[0].dt)
            for p, seed in zip(settings, shaped, strict=True)
        ]

    wide = runs()
    narrow()
    for one, other in zip(wide, runs(), strict=True):
        for signal in one.signals:
            assert one[signal].tobytes() == other[signal].tobytes(), signal


def test_hashes_of_large_keys_and_seeds_are_the_same(narrow):
    def slots():
        return [hashing.slot_of(np.arange(1000), 2**33 + 1).tolist(), hashing.slot_of(1 << 40, 2**33 + 1).tolist()]

    wide = slots()
    narrow()
    assert slots() == wide


def answers_of(notebook, task):
    book = nbformat.read(ROOT / "solutions" / notebook, 4)
    namespace = {"np": np, "MOST_SALTS": 512}
    exec(next(cell.source for cell in book.cells if cell.id == f"{task}-answer"), namespace)
    return namespace


@pytest.mark.parametrize("seed", [7, 2**31 + 7])
def test_the_solution_for_salts_is_right_there_and_one_without_a_type_is_not(narrow, seed):
    solution = answers_of("04_hot_partition.ipynb", "salt")
    narrow()
    assert hot_partition.salt.judge(solution, seed).points == hot_partition.salt.judge(solution, 8).points > 0

    def untyped(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)

    assert hot_partition.salt.judge(solution | {"read_keys": untyped}, seed).points == 0


@pytest.mark.weekly
def test_each_solution_is_right_there(narrow):
    course = CourseRef(str(ROOT))
    labs = [(lab, pristine.solution(course, lab)) for lab in pristine.labs(course).values()]
    answers = [
        (lab.tasks[name], kill_table.answers_here(lab, name, solution)) for lab, solution in labs for name in lab.tasks
    ]
    narrow()
    assert [task.name for task, answer in answers if task.judge(answer, 2**31 + 7).state != "right"] == []
    assert len(answers) > 60


def loose(source):
    """Lines on which a type is left to the system: `astype(int)` and `dtype=int`."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        call.lineno
        for call in calls
        if any(isinstance(given, ast.Name) and given.id == "int" for given in _types(call))
    ]


def _types(call):
    stated = [keyword.value for keyword in call.keywords if keyword.arg == "dtype"]
    return stated + (call.args if isinstance(call.func, ast.Attribute) and call.func.attr == "astype" else [])


def test_no_type_is_left_to_the_system_in_the_course():
    files = sorted((ROOT / "course_lib").rglob("*.py"))
    found = {f"{path.relative_to(ROOT)}:{line}" for path in files for line in loose(path.read_text(encoding="utf-8"))}
    assert found == set()


def test_no_type_is_left_to_the_system_in_a_solution():
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        assert not [cell["id"] for cell in cells if loose("".join(cell["source"]))], path.name


def test_a_planted_loose_type_is_seen():
    assert loose("a.astype(int)\nb.astype(np.int64)\nnp.zeros(3, dtype=int)\nint(3)") == [1, 3]
