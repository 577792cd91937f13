"""The framework every check is written on: a task, its demands, its verdict.

A check is a generator over demands, decorated with `task`::

    @task("budget", answers=("retry_budget",), hints=("Which calls earn tokens?", "First attempts do."))
    def budget(answers, seed):
        granted = expect_array(answers.retry_budget(first_tries, wanted), wanted.shape, "retry_budget")
        yield demand("never grants more than was asked for", ok=(granted <= wanted).all(), seen=f"{granted.max():.3g}")

At home `budget(retry_budget, seed=seed)` prints the verdict. The grader calls `budget.judge(...)` with proxies that
run the learner's functions in a sandbox: one check, one code path. What comes back from an answer is reduced to plain
arrays before a check sees it, so an object with its own idea of equality never reaches a comparison.

Rules for authors: a demand's text is the same for every seed, it says what right answers do, and a right answer meets
every demand on every seed. Numbers that vary go into `seen`, which is printed for misses only.
"""

from __future__ import annotations

import contextlib
import io
import linecache
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

RIGHT, WRONG, NOT_ATTEMPTED, CRASHED = "right", "wrong", "not attempted", "crashed"
#: Array kinds an answer may return: booleans, signed and unsigned integers, floats.
NUMERIC_KINDS = "biuf"
_LONGEST_LINE = 400
_LONGEST_ERROR = 120
_PRINTED_LINES_SHOWN = 5


@dataclass(frozen=True)
class Curve:
    """The learner's curve beside the reference, for the feedback page.

    Attributes
    ----------
    title, x_title, y_title : str
        Axis titles carry their unit, for example ``"Time (s)"``.
    x, yours, reference : ndarray, shape (n,)
    """

    title: str
    x: NDArray[np.float64]
    yours: NDArray[np.float64]
    reference: NDArray[np.float64]
    x_title: str = "Time (s)"
    y_title: str = ""


@dataclass(frozen=True)
class Demand:
    """One property that every right answer has, and whether this one has it; made by `demand`."""

    text: str
    ok: bool
    seen: str = ""
    weight: float = 1.0
    essential: bool = False
    curve: Curve | None = None

    @property
    def line(self) -> str:
        """The demand as one line of a verdict."""
        if self.ok:
            return f"  ok    {self.text}"
        return f"  miss  {self.text}" + (f" : saw {self.seen}" if self.seen else "")


def demand(
    text: str, *, ok: Any, seen: Any = "", weight: float = 1.0, essential: bool = False, curve: Curve | None = None
) -> Demand:
    """State one property, for a check to yield.

    Parameters
    ----------
    text : str
        What every right answer does, in words; must not depend on the seed.
    ok : bool or array_like of bool
        Met where every element is true.
    seen : str or number, optional
        What came instead, and by how much it missed; shown for misses only.
    weight : float, > 0
        Share of the task's points, relative to the other demands.
    essential : bool
        If missed, the task earns nothing, whatever else is met: for what a do-nothing answer would meet for free.
    curve : Curve, optional
        Drawn in the learner's feedback page.
    """
    return Demand(_one_line(text), bool(np.all(ok)), _one_line(seen), float(weight), essential, curve)


@dataclass(frozen=True)
class Verdict:
    """What a task earned, and why.

    Attributes
    ----------
    task : str
    state : {"right", "wrong", "not attempted", "crashed"}
        The grader adds "timed out", "refused" and "not graded".
    points, max_points : float
    lines : tuple of str
        What the learner reads; for right answers the same on every seed.
    findings : tuple of Demand
    hints : tuple of str
        Empty for right answers.
    """

    task: str
    state: str
    points: float
    max_points: float
    lines: tuple[str, ...]
    findings: tuple[Demand, ...] = ()
    hints: tuple[str, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """The lines joined, without a newline at the end."""
        return "\n".join(self.lines)


class AnswerError(Exception):
    """An answer that could not be used.

    Parameters
    ----------
    state : str
        The verdict's state: "not attempted", "crashed", "wrong" or, from the grader, "timed out".
    text : str
        One line for the learner, naming the thing and the mend.
    """

    def __init__(self, state: str, text: str) -> None:
        super().__init__(text)
        self.state, self.text = state, _one_line(text)


def expect_array(value: Any, shape: Sequence[int | None], name: str, *, finite: bool = True) -> NDArray[Any]:
    """An answer's return value as an array, or a miss that says what is wrong with it.

    Parameters
    ----------
    value : array_like
        What the answer returned.
    shape : sequence of int or None
        None matches any length; ``()`` is a single number.
    name : str
        The answer's name, for the message.
    finite : bool
        Whether NaN and infinities are a miss.

    Returns
    -------
    ndarray, shape `shape`

    Raises
    ------
    AnswerError
        With state "wrong"; `Task.judge` turns it into a missed demand.
    """
    array = _as_numbers(value, name)
    wanted = tuple(shape)
    if len(array.shape) != len(wanted) or any(w not in (None, n) for w, n in zip(wanted, array.shape, strict=True)):
        raise AnswerError(WRONG, f"{name} returns {_shape_words(wanted)} : saw {_shape_words(array.shape)}")
    if finite and not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise AnswerError(WRONG, f"{name} returns finite numbers : saw {count} NaN or infinite of {array.size}")
    return array


class Answers:
    """A learner's answers as attributes, each a guarded callable.

    Arguments are passed as copies; results come back as plain arrays, numpy scalars or a tuple of them. An answer that
    is a value rather than a function is called without arguments: ``answers.limit()``.

    Parameters
    ----------
    answers : mapping of str to callable or number
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = dict(answers)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            answer = self._answers[name]
        except KeyError:
            raise AttributeError(f"this task has no answer {name!r}; its answers: {', '.join(self._answers)}") from None
        return lambda *arguments: _guarded_call(name, answer, arguments)


class Task:
    """A graded task: call it in a notebook, `judge` it in the grader; made by `task`.

    Attributes
    ----------
    name, module : str
        The task's name and its module's slug.
    answers : tuple of str
        Names the answer cell defines, in the order the notebook passes them.
    hints : tuple of str
    """

    def __init__(
        self,
        check: Callable[[Answers, int], Iterator[Demand]],
        name: str,
        answers: Sequence[str],
        hints: Sequence[str],
        total: float | None,
        points: float | None,
    ) -> None:
        self.check, self.name, self.total = check, name, total
        self.module = check.__module__.rpartition(".")[2]
        self.answers, self.hints = tuple(answers), tuple(map(_one_line, hints))
        self.__doc__, self._points = check.__doc__, points
        self._attempts, self._counted = 0, ""

    @property
    def points(self) -> float:
        """What the task is worth, from course.toml."""
        if self._points is None:
            self._points = _points_in_manifest(self.module, self.name)
        return self._points

    def __call__(self, *answers: Any, seed: int = 0) -> None:
        """Judge the learner's answers and print the verdict.

        Parameters
        ----------
        *answers : callable or number
            In the order of `self.answers`.
        seed : int
            The notebook's own seed; the grader uses another.
        """
        if len(answers) != len(self.answers):
            print(f"Task {self.name} checks {', '.join(self.answers)}; it was given {len(answers)} answers.")
            return
        printed = io.StringIO()
        # What a right answer prints or warns must not disturb the verdict, which nbval compares.
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            verdict = self.judge(dict(zip(self.answers, answers, strict=True)), seed)
        self._show(verdict, printed.getvalue(), self._noted(verdict, source_of(answers)))

    def judge(self, answers: Mapping[str, Any], seed: int) -> Verdict:
        """Judge answers without printing.

        Parameters
        ----------
        answers : mapping of str to callable or number
            A learner's own objects, or proxies that return arrays.
        seed : int

        Returns
        -------
        Verdict
        """
        findings: list[Demand] = []
        trouble: AnswerError | None = None
        try:
            with np.errstate(all="ignore"):
                findings.extend(self.check(Answers(answers), int(seed)))
        except AnswerError as error:
            trouble = error
        except Exception as error:  # a check that trips over what an answer returned
            trouble = AnswerError(WRONG, f"the check can work with what comes back : saw {_name_and_text(error)}")
        return self._verdict(findings, trouble)

    def stopped(self, state: str, reason: str) -> Verdict:
        """A verdict without a judgement: nothing could be asked of the answers.

        Parameters
        ----------
        state, reason : str
        """
        return self._verdict([], AnswerError(state, reason))

    def hint(self, n: int = 1) -> None:
        """Print hint `n`, counted from 1."""
        if not 1 <= n <= len(self.hints):
            print(f"Task {self.name} has {len(self.hints)} hints; ask for 1 to {len(self.hints)}.")
            return
        print(f"Hint {n} of {len(self.hints)}: {self.hints[n - 1]}")

    def _verdict(self, findings: list[Demand], trouble: AnswerError | None) -> Verdict:
        state = _state(findings, trouble)
        points = self._credit(findings, trouble) if state in (RIGHT, WRONG) else 0.0
        head = f"Task {self.name}: {state}, {points:g} of {self.points:g} points"
        lines = [head, *(found.line for found in findings)]
        if trouble is not None:
            lines.append(f"  {_trouble_tag(trouble)}  {trouble.text}")
        lines += [
            f"  note  no points without this: {found.text}" for found in findings if found.essential and not found.ok
        ]
        hints = () if state == RIGHT else self.hints
        return Verdict(self.name, state, points, self.points, tuple(lines), tuple(findings), hints)

    def _credit(self, findings: list[Demand], trouble: AnswerError | None) -> float:
        """Points by weight of the demands met; after an early end, only of a stated total."""
        total = self.total if trouble is not None else sum(found.weight for found in findings)
        if not total or any(found.essential and not found.ok for found in findings):
            return 0.0
        met = sum(found.weight for found in findings if found.ok)
        return round(self.points * min(1.0, met / total), 2)

    def _noted(self, verdict: Verdict, source: str) -> int:
        """Note the verdict as progress where the notebook is the learner's own; the different wrong answers so far."""
        if verdict.state == WRONG and source != self._counted:
            self._attempts, self._counted = self._attempts + 1, source
        from course_lib import progress  # a check at home can do without it

        known = progress.note(self.module, progress.Result(self.name, verdict.state, verdict.points, source))
        return self._attempts if known is None else known

    def _show(self, verdict: Verdict, printed: str, attempts: int) -> None:
        print(verdict.text)
        if verdict.state == RIGHT:
            return
        if printed.strip():
            shown = printed.strip().splitlines()[:_PRINTED_LINES_SHOWN]
            print("\n".join(f"  your code printed: {_one_line(line)}" for line in shown))
        if verdict.state == WRONG:
            for n, hint in enumerate(offered_hints(self.hints, attempts), start=1):
                print(f"  hint {n}  {hint}")
            if attempts >= (last := len(self.hints)) > 1:
                print(f"  hint {last}  nearly gives it away; to see it: checks.{self.name}.hint({last})")


def offered_hints(hints: Sequence[str], attempts: int) -> Sequence[str]:
    """One more hint with each different wrong answer; the last, nearly the answer, only when it is asked for."""
    return hints[: min(attempts, max(1, len(hints) - 1))]


def source_of(answers: Sequence[Any]) -> str:
    """The text of the cells that define some answers, to tell a new attempt from the same one again."""
    return "\n".join(dict.fromkeys(map(_cell_text, answers)))


def _cell_text(answer: Any) -> str:
    code = getattr(answer, "__code__", None)
    if code is None:
        return repr(answer)
    cell = "".join(linecache.getlines(code.co_filename)) if "ipy" in code.co_filename else ""
    return cell or f"{code.co_code!r} {code.co_names} {[c for c in code.co_consts if not hasattr(c, 'co_code')]}"


def task(
    name: str,
    *,
    answers: Sequence[str],
    hints: Sequence[str] = (),
    total: float | None = None,
    points: float | None = None,
) -> Callable[[Callable[[Answers, int], Iterator[Demand]]], Task]:
    """Turn a generator of demands into a `Task`.

    Parameters
    ----------
    name : str
        As in course.toml and in the cell ids ``<name>-answer`` and ``<name>-check``.
    answers : sequence of str
        The names the answer cell defines.
    hints : sequence of str
        From a nudge to nearly the answer.
    total : float, optional
        The demands' summed weight. With it, an answer that breaks half-way keeps the credit of the demands it met.
    points : float, optional
        For checks outside the course's manifest; left out, course.toml says.
    """
    return lambda check: Task(check, name, answers, hints, total, points)


def _state(findings: list[Demand], trouble: AnswerError | None) -> str:
    met = any(found.ok for found in findings)
    if trouble is None:
        return RIGHT if findings and all(found.ok for found in findings) else WRONG
    return WRONG if trouble.state == NOT_ATTEMPTED and met else trouble.state


def _trouble_tag(trouble: AnswerError) -> str:
    return {NOT_ATTEMPTED: "blank", WRONG: "miss"}.get(trouble.state, "stop").ljust(4)


def _points_in_manifest(module: str, name: str) -> float:
    from course_lib import manifest  # read on first use, so that importing a check costs nothing

    entry = manifest.load().module(module)
    points = {**entry.lesson_points, **entry.lab_points}
    if name not in points:
        raise KeyError(f"course.toml gives no points for task {name!r} of module {module!r}")
    return float(points[name])


def _guarded_call(name: str, answer: Any, arguments: tuple[Any, ...]) -> Any:
    result = _call(name, answer, arguments) if callable(answer) else answer
    if result is None or result is Ellipsis:
        raise AnswerError(NOT_ATTEMPTED, f"{name} returns nothing yet: write it in the answer cell")
    if isinstance(result, tuple) or holds_arrays(result):
        return tuple(_as_numbers(part, name)[()] for part in result)
    return _as_numbers(result, name)[()]


def holds_arrays(result: Any) -> bool:
    """Whether a list stands for several results, as a tuple does, and not for one array."""
    return isinstance(result, list) and any(isinstance(part, np.ndarray | list | tuple) for part in result)


def _call(name: str, answer: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    copies = [np.array(a) if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        return answer(*copies)
    except AnswerError:
        raise
    except NotImplementedError:
        raise AnswerError(NOT_ATTEMPTED, f"{name} is still blank: write it in the answer cell") from None
    except (Exception, SystemExit) as error:
        where = line_in_answer(answer, error.__traceback__)
        raise AnswerError(CRASHED, crash_text(name, _name_and_text(error), where, arguments)) from None


def crash_text(name: str, error: str, where: str, arguments: Sequence[Any]) -> str:
    """One line about an exception in an answer: its name, where it arose, and what was passed.

    Parameters
    ----------
    name : str
        The answer's name.
    error : str
        The exception as ``ValueError: text``.
    where : str
        As from `line_in_answer`; may be empty.
    arguments : sequence
        What the answer was called with.
    """
    passed = ", ".join(map(describe, arguments)) or "nothing"
    return f"{name} raised {error}" + (f" at {where}" if where else "") + f"; it was passed {passed}"


def line_in_answer(answer: Callable[..., Any], traceback: TracebackType | None) -> str:
    """The last line of the learner's own code that a traceback passes through, or an empty string."""
    filename = getattr(getattr(answer, "__code__", None), "co_filename", None)
    number = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            number = traceback.tb_lineno
        traceback = traceback.tb_next
    if not number:
        return ""
    source = linecache.getline(filename, number).strip()
    return f"line {number}" + (f" ({source})" if source else "")


def describe(value: Any) -> str:
    """An argument in few words: a number as it is, an array by dtype, shape and range."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array[()]:.6g}" if array.dtype.kind == "f" else str(array[()])
    span = f" from {array.min():.6g} to {array.max():.6g}" if array.size and array.dtype.kind in "iuf" else ""
    return f"{array.dtype} array of shape {array.shape}{span}"


def _as_numbers(value: Any, name: str) -> NDArray[Any]:
    """A plain array of numbers; subclasses and odd objects are reduced or refused."""
    try:
        array = np.array(value, subok=False)
    except Exception as error:
        raise AnswerError(WRONG, f"{name} returns numbers : saw {type(value).__name__} ({error})") from None
    if array.dtype.kind not in NUMERIC_KINDS:
        raise AnswerError(WRONG, f"{name} returns numbers : saw {type(value).__name__} of {array.dtype}")
    return array


def _shape_words(shape: Sequence[int | None]) -> str:
    if not shape:
        return "a single number"
    inside = ", ".join("any" if n is None else str(n) for n in shape)
    return f"an array of shape ({inside}{',' if len(shape) == 1 else ''})"


def _name_and_text(error: BaseException) -> str:
    text = _one_line(error, _LONGEST_ERROR)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _one_line(text: Any, longest: int = _LONGEST_LINE) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
