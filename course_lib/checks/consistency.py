"""The same again: an answer is asked once more, and what it earned counts only if it gives the same.

A learner's function is used later, by other callers, on another machine: so nothing may hang on how often it was
called, on what was asked before, or on who else is in the array. Some of the calls of a check are made again, in
reverse order: later, by the answers as they stand; and by answers that have not been called yet, with the members in
another order, twice in one batch, and one alone. Answers right on their first call, drawing chance of their own,
keeping a table between calls, or looking at their neighbours differ somewhere.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.task import AnswerError, Answers, Call, Demand, Task, demand, draws

TEXT = "gives the same again: later, alone, in another order, in a batch"


def again(task: Task, asked: Answers, fresh: Mapping[str, Any], seed: int) -> Demand:
    """The demand that a second asking finds nothing else; without it a task earns nothing.

    Parameters
    ----------
    task : Task
    asked : Answers
        What the check has called, with some of its calls.
    fresh : mapping of str to callable
        The same answers, not called yet.
    seed : int
    """
    try:
        seen = next(_differences(task, asked, Answers(fresh, task.declared), draws(seed, "again")), "")
    except AnswerError as error:
        seen = error.text
    return demand(TEXT, ok=not seen, seen=seen, essential=True, weight=0.0)


def _differences(task: Task, asked: Answers, fresh: Answers, random: np.random.Generator) -> Iterator[str]:
    """What differs, in words, from the last call backwards."""
    for number, call in enumerate(reversed(tuple(asked.calls))):
        rows, results = _rows(task, call), task.declared[call.name][1]
        call = Call(call.name, call.arguments, _one_array(call.result, results))
        count = 0 if call.name in task.whole else len(_parts(call.result)[0]) if rows else _members(call)
        if number == 0 or count < 2:
            yield from _compared(asked, call, call.arguments, call.result, "later")
            yield from _compared(asked, call, call.arguments, call.result, "later")
        if count < 2:
            yield from _compared(fresh, call, call.arguments, call.result, "asked in another order")
            continue
        mixed = random.permutation(np.tile(np.arange(count), 2))
        for order, how in ((mixed, "in another order and batch"), (mixed[:1], "alone")):
            if rows:
                arguments = tuple(one[order] if row else one for one, row in zip(call.arguments, rows, strict=True))
                cut = tuple(part[order] for part in _parts(call.result))
                yield from _compared(fresh, call, arguments, cut if isinstance(call.result, tuple) else cut[0], how)
                continue
            arguments = tuple(_taken(one, order, count) for one in call.arguments)
            yield from _compared(fresh, call, arguments, _of_parts(call.result, order, count), how)


def _compared(answers: Answers, call: Call, arguments: tuple[Any, ...], wanted: Any, how: str) -> Iterator[str]:
    answer = getattr(answers, call.name)
    found, wanted = (_parts(_one_array(one, answer.results)) for one in (answer(*arguments), wanted))
    if len(found) != len(wanted):
        yield f"another number of results {how}"
    for got, right in zip(found, wanted, strict=False):
        if np.ndim(got) and np.ndim(right) and np.shape(got) != np.shape(right):
            yield f"an array of shape {np.shape(got)}, not {np.shape(right)}, {how}"
        elif not _same(got, right):
            yield f"{answer.example(arguments, got, right, _same_each(got, right))}, {how}"


def _one_array(result: Any, results: tuple[str, ...]) -> Any:
    """Rows that came as a list of lists, where one array is wanted, are that array."""
    many = len(results) > 1 or not isinstance(result, tuple) or len({np.shape(part) for part in result}) != 1
    return result if many else np.array(result)


def _parts(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def _same(got: Any, wanted: Any) -> bool:
    return bool(np.all(_same_each(got, wanted)))


def _same_each(got: Any, wanted: Any) -> NDArray[np.bool_]:
    """Equal to the last bits, which the width of a processor's registers may decide."""
    return np.isclose(np.asarray(got, float), np.asarray(wanted, float), rtol=1e-9, atol=1e-12, equal_nan=True)


def _rows(task: Task, call: Call) -> list[bool]:
    """Which arguments of a call have a row a member; empty where members lie along the last axis."""
    return [name in task.rows[call.name] for name in task.declared[call.name][0]] if call.name in task.rows else []


def _members(call: Call) -> int:
    """How many members the last axis of a call holds; 0 where arguments and results do not share one."""
    arrays = [one for one in call.arguments if np.ndim(one)]
    count = max((one.shape[-1] for one in arrays), default=0)
    parts = _parts(call.result)
    fits = all(np.ndim(one) == 0 or one.shape[-1] == count for one in parts) and any(map(np.ndim, parts))
    return count if fits and all(one.shape[-1] in (1, count) for one in arrays) else 0


def _taken(argument: Any, order: NDArray[np.int64], count: int) -> Any:
    return argument[..., order] if np.ndim(argument) and np.shape(argument)[-1] == count else argument


def _of_parts(result: Any, order: NDArray[np.int64], count: int) -> Any:
    if isinstance(result, tuple):
        return tuple(_taken(part, order, count) for part in result)
    return _taken(result, order, count)


def copies(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers that share no state with the given ones: copies of the functions and of what they refer to.

    In a class the grader has fresh processes for this; at home the learner's functions live in one kernel.
    """
    made: dict[int, Any] = {}
    return {name: _copied(answer, made) for name, answer in answers.items()}


def _copied(value: Any, made: dict[int, Any]) -> Any:
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, types.FunctionType):
        return _copied_function(value, made)
    if isinstance(value, type | types.ModuleType | types.BuiltinFunctionType | np.ufunc):
        return value
    made[id(value)] = value
    with contextlib.suppress(Exception):  # what cannot be copied is shared
        made[id(value)] = copy.deepcopy(value)
    return made[id(value)]


def _copied_function(function: types.FunctionType, made: dict[int, Any]) -> Any:
    """A function over globals of its own; functions of a module, a package's say, stay as they are."""
    scope = function.__globals__
    if not _is_a_learners(function):
        return function
    if id(scope) not in made:
        made[id(scope)] = {"__builtins__": builtins, "__name__": scope.get("__name__", "")}
    own = made[id(scope)]
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    twin = types.FunctionType(function.__code__, own, function.__name__, None, cells or None)
    made[id(function)] = twin
    for name in _names(function.__code__):
        if name in scope and name not in own:
            own[name] = _copied(scope[name], made)
    for cell, old in zip(cells, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # an empty cell
            cell.cell_contents = _copied(old.cell_contents, made)
    twin.__defaults__ = _copied(function.__defaults__, made)
    twin.__kwdefaults__ = _copied(function.__kwdefaults__, made)
    twin.__dict__.update(_copied(function.__dict__, made))
    return twin


def _is_a_learners(function: types.FunctionType) -> bool:
    return not str(function.__module__ or "").startswith(("course_lib.", "numpy."))


def _names(code: types.CodeType) -> Iterator[str]:
    """Global names that code may use, in functions inside it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
