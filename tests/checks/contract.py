"""What every graded task keeps, whatever it is about: clauses that yield a line for each fault.

`right` gives the task's right answers afresh, by name; nothing here knows what a task asks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from course_lib.checks.task import CRASHED, NOT_ATTEMPTED, RIGHT, Demand, Task, Verdict

Answers = Mapping[str, Callable[..., Any]]
Right = Callable[[], dict[str, Callable[..., Any]]]
VISIBLE, HIDDEN = 7, (20_261, 2**31 - 1)
MOST_CALLS, MOST_SECONDS, LONGEST_LINE = 1500, 1.0, 500


def lost(found: Demand) -> bool:
    """Nothing can be earned any more."""
    return found.essential and not found.ok


def _each(task: Task, right: Right, answer: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """The right answers with each in turn replaced."""
    for name in task.answers:
        yield right() | {name: answer}


def _earns(what: str, verdict: Verdict) -> Iterator[str]:
    if verdict.points or verdict.state == RIGHT:
        yield f"{verdict.task}: {what} earns {verdict.points:g} of {verdict.max_points:g} points"


# -- right answers ---------------------------------------------------------------------------------------------------


def one_text(task: Task, right: Right) -> Iterator[str]:
    """The verdict of a right answer is one text, whatever the seed: nbval compares it."""
    texts = {task.judge(right(), seed).text for seed in (VISIBLE, *HIDDEN)}
    if len(texts) > 1 or RIGHT not in next(iter(texts)).split("\n")[0]:
        yield f"{task.name}: a right answer reads {' | '.join(sorted(texts))}"


def modest(task: Task, right: Right) -> Iterator[str]:
    """In a class each call crosses a pipe, and each judgement is waited for; at its end the same is asked again."""
    calls: list[int] = []
    counted = {name: _counted(answer, calls) for name, answer in right().items()}
    began = time.process_time()
    verdict = task.judge(counted, 3)
    if len(calls) >= MOST_CALLS:
        yield f"{task.name}: asks {len(calls)} times"
    if (took := time.process_time() - began) >= MOST_SECONDS:
        yield f"{task.name}: takes {took:.1f} s"
    if "gives the same again" not in verdict.text:
        yield f"{task.name}: is not asked again"


def _counted(answer: Callable[..., Any], calls: list[int]) -> Callable[..., Any]:
    def ask(*arguments: Any) -> Any:
        calls.append(1)
        return answer(*arguments)

    return ask


def declared(task: Task, right: Right) -> Iterator[str]:
    """Arguments by name, and three hints."""
    if len(task.hints) != 3:
        yield f"{task.name}: {len(task.hints)} hints"
    for name, answer in right().items():
        names = answer.__code__.co_varnames[: answer.__code__.co_argcount]
        if task.declared[name][0] != names:
            yield f"{task.name}: {name} is declared with {task.declared[name][0]}, and written with {names}"


# -- what comes back is odd ------------------------------------------------------------------------------------------


def blank(task: Task, right: Right) -> Iterator[str]:
    """A blank among the answers is told as blank, and earns nothing where all are."""

    def unwritten(*_: Any) -> Any:
        raise NotImplementedError("Task 1")

    for answer in (unwritten, lambda *_: None, lambda *_: ...):
        verdict = task.judge(dict.fromkeys(task.answers, answer), 1)
        if verdict.state != NOT_ATTEMPTED or verdict.points or "write it in the answer cell" not in verdict.text:
            yield f"{task.name}: a blank reads {verdict.text}"


ODD = {
    "a word": lambda *_: "soon",
    "no number": lambda *_: np.nan,
    "a dictionary": lambda *_: {"a": 1},
    "nine results": lambda *_: (1,) * 9,
    "another shape": lambda *_: np.ones((3, 1, 2)),
}


def odd(task: Task, right: Right) -> Iterator[str]:
    """An odd return value is wrong, in one line that says what is wanted, without a traceback."""
    for what, value in ODD.items():
        for answers in _each(task, right, value):
            verdict = task.judge(answers, 1)
            told = [line for line in verdict.lines if line.startswith("  miss")]
            yield from _earns(f"{what} in place of an answer", verdict)
            if verdict.state != "wrong" or not told or "can work with" in verdict.text:
                yield f"{task.name}: {what} reads {verdict.text}"
            yield from (f"{task.name}: {len(line)} characters" for line in told if len(line) > LONGEST_LINE)


def count_of_results(task: Task, right: Right) -> Iterator[str]:
    """One result where several are wanted, and the other way round, is counted, not described as a shape."""
    for name, (_, results) in task.declared.items():
        many = len(results) > 1
        answer = right()[name]
        given = (lambda *a, f=answer: f(*a)[0]) if many else (lambda *a, f=answer: (f(*a), 1.5, [1.0, 2.0], 0))
        line = task.judge(right() | {name: given}, 1).lines[-1]
        want = f"returns 1 result, {len(results)} are wanted" if many else "returns 4 results, 1 is wanted"
        if want not in line and not (not many and "sub-keys" in line):
            yield f"{task.name}: another count of results reads {line}"


def crash(task: Task, right: Right) -> Iterator[str]:
    """An exception is told with what was passed, by name."""
    for name in task.answers:
        verdict = task.judge(right() | {name: lambda *_: 1 // 0}, 1)
        first = task.declared[name][0][0]
        if verdict.state != CRASHED or verdict.points:
            yield f"{task.name}: a crash is {verdict.state}"
        if "ZeroDivisionError" not in verdict.text or f"it was passed {first} = " not in verdict.text:
            yield f"{task.name}: a crash reads {verdict.lines[-1]}"


def one_at_a_time(task: Task, right: Right) -> Iterator[str]:
    """Python's `if` on an array gets one friendly line, without numpy's words or a list of arrays."""
    for name, answer in right().items():
        met: list[str] = []

        def scalar(*arguments: Any, answer: Callable[..., Any] = answer, met: list[str] = met) -> Any:
            for one in arguments:
                if np.size(one) > 1:
                    met.append("an array")
                    return 0 if one > 0 else 1
            return answer(*arguments)

        line = task.judge(right() | {name: scalar}, 1).lines[-1]
        if met and ("asks an array for one number" not in line or "truth value" in line or "passed" in line):
            yield f"{task.name}: an if on an array reads {line}"


# -- what earns nothing ----------------------------------------------------------------------------------------------


def thoughtless(task: Task, right: Right) -> Iterator[str]:
    """Constants, and arguments handed back, earn nothing."""
    names = max((arguments for arguments, _ in task.declared.values()), key=len)
    several = max(len(results) for _, results in task.declared.values()) or 1
    echoes = {f"`return {name}`": lambda *a, n=n: a[n % len(a)] for n, name in enumerate(names)}
    values = {f"`return {value}`": lambda *_, v=value: v for value in (0, 1, True, 0.5)}
    arrays = {"zeros": lambda *a: np.zeros(np.shape(a[0])), "ones": lambda *a: np.ones(np.shape(a[0]))}
    for what, one in {**echoes, **values, **arrays}.items():
        answer = one if several == 1 else lambda *a, one=one: (one(*a),) * several
        verdict = task.judge(dict.fromkeys(task.answers, answer), VISIBLE, until=lost)
        yield from _earns(what, verdict)


def constants_of_the_visible_seed(task: Task, right: Right) -> Iterator[str]:
    """What a right answer returned at home, call by call, earns nothing on a seed that nobody has seen."""
    for seed in HIDDEN:
        played = _played(_recorded(task, right, VISIBLE))
        yield from _earns(f"constants of the visible seed (on {seed})", task.judge(played, seed, until=lost))


def constants_tuned_on_other_seeds(task: Task, right: Right) -> Iterator[str]:
    """Nor does the median of what it returned on many seeds, call by call."""
    tapes = [_recorded(task, right, seed) for seed in range(100, 103)]
    tuned = {
        name: [_median([tape[name][n] for tape in tapes]) for n in range(min(len(tape[name]) for tape in tapes))]
        for name in task.answers
    }
    for seed in HIDDEN[:1]:
        yield from _earns(f"constants tuned on other seeds (on {seed})", task.judge(_played(tuned), seed, until=lost))


def _recorded(task: Task, right: Right, seed: int) -> dict[str, list[Any]]:
    tape: dict[str, list[Any]] = {name: [] for name in task.answers}

    def recording(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            tape[name].append(answer(*arguments))
            return tape[name][-1]

        return ask

    answers = right()
    task.judge({name: recording(name, answers[name]) for name in task.answers}, seed, lambda: answers)
    return tape


def _median(results: list[Any]) -> Any:
    if isinstance(results[0], tuple):
        return tuple(_median([one[n] for one in results]) for n in range(len(results[0])))
    size = min(np.size(one) for one in results)
    return np.median([np.resize(one, size) for one in results], axis=0) if np.ndim(results[0]) else results[0]


def _played(tape: Mapping[str, list[Any]]) -> dict[str, Callable[..., Any]]:
    """Answers that give a tape's values, fitted to the shape that is asked for."""

    def playing(values: list[Any]) -> Callable[..., Any]:
        at = [0]

        def ask(*arguments: Any) -> Any:
            at[0] += 1
            value = values[(at[0] - 1) % len(values)]
            shape = next((np.shape(one) for one in arguments if np.ndim(one)), ())
            fit = lambda one: np.resize(one, shape) if shape and np.ndim(one) == len(shape) else one  # noqa: E731
            return tuple(map(fit, value)) if isinstance(value, tuple) else fit(value)

        return ask

    return {name: playing(values) for name, values in tape.items()}


# -- the same again --------------------------------------------------------------------------------------------------


def _spoilt(result: Any, by: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(_spoilt(part, by) for part in result)
    array = np.asarray(result) + 0  # a truth value and one more is still one, a number is two
    return array + (array == array.max(initial=0)) * by if array.dtype.kind in "iub" else array * (1 + 1e-6 * by)


def _stateful(task: Task, right: Right, by: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Right answers whose results are spoilt by what `by(calls so far, arguments)` says."""
    calls = [0]

    def wrapped(answer: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            calls[0] += 1
            amount = by(calls[0], arguments)
            return _spoilt(answer(*arguments), amount) if np.any(amount) else answer(*arguments)

        return ask

    return {name: wrapped(answer) for name, answer in right().items()}


#: The first every day, all of them once a week: it is one mechanism that finds them.
SPOILT: dict[str, Callable[..., Any]] = {
    "right on the first call only": lambda calls, _: calls > 1,
    "right on the first two calls only": lambda calls, _: calls > 2,
    "right on every other call": lambda calls, _: calls % 2,
    "drifting from call to call": lambda calls, _: calls,
}
CROWDED: dict[str, Callable[..., Any]] = {
    "that hangs on how many are asked about": lambda _, arguments: max(map(np.size, arguments)),
    "that hangs on the place in the array": lambda _, arguments: np.arange(max(map(_length, arguments))),
}


def _length(argument: Any) -> int:
    return np.shape(argument)[-1] if np.ndim(argument) else 1


def again(task: Task, right: Right) -> Iterator[str]:
    """What is right once, or in company, earns nothing: later, alone, in another order, in a batch."""
    for what, by in list(SPOILT.items())[: None if os.environ.get("COURSE_WEEKLY") else 1]:
        yield from _earns(f"an answer {what}", task.judge(_stateful(task, right, by), VISIBLE, until=lost))
    for what, by in CROWDED.items() if not (task.whole or task.rows) else ():
        yield from _earns(f"an answer {what}", task.judge(_stateful(task, right, by), VISIBLE, until=lost))


#: Those that judge often.
SLOW = (one_text, constants_of_the_visible_seed, constants_tuned_on_other_seeds, again)
CLAUSES = (
    one_text,
    modest,
    declared,
    blank,
    odd,
    count_of_results,
    crash,
    one_at_a_time,
    thoughtless,
    constants_of_the_visible_seed,
    constants_tuned_on_other_seeds,
    again,
)
