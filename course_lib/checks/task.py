"""The framework every check is written on: a task, its demands, its verdict.

A check is a generator over demands, decorated with `task`::

    @task("budget", answers=("retry_budget(tokens, wanted) -> granted, tokens",), hints=("Who earns?", "First tries."))
    def budget(answers, seed):
        told = (draws(seed, "budget").uniform(0, 9, 5), np.full(5, 4.0))
        granted, _ = answers.retry_budget.several(*told)
        yield demand("grants all that the bucket holds", ok=granted == np.minimum(*told),
                     seen=answers.retry_budget.example(told, granted, np.minimum(*told)))

At home `budget(retry_budget, seed=seed)` prints the verdict. The grader calls `budget.judge(...)` with proxies that
run the learner's functions in a sandbox: one check, one code path. What comes back from an answer is reduced to plain
arrays before a check sees it, so an object with its own idea of equality never reaches a comparison.

An answer whose arguments are declared is asked again at the end (`consistency`): what it earned counts only if it gives
the same later, afresh, alone, in another order and in a batch. Members lie along the last axis; an answer whose members
are rows says so by `rows`, and one that is not elementwise at all by `whole`.

Rules for authors: a demand's text is the same for every seed, it says what right answers do, and a right answer meets
every demand on every seed. Numbers that vary go into `seen`, which is printed for misses only.
"""

from __future__ import annotations

import contextlib
import functools
import io
import linecache
import re
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


class Crash(AnswerError):
    """An exception inside an answer; `Answer` adds what it was passed.

    Parameters
    ----------
    name : str
        The answer's name.
    error : str
        The exception as ``ValueError: text``.
    where : str
        As from `line_in_answer`; may be empty.
    """

    def __init__(self, name: str, error: str, where: str = "") -> None:
        at = f" at {where}" if where else ""
        self.one_at_a_time = bool(_ONE_AT_A_TIME.match(error))
        told = f"{name} raised {error}{at}"
        if self.one_at_a_time:
            told = f"{name} asks an array for one number or one yes or no{at} : {_FOR_ARRAYS}"
        super().__init__(CRASHED, told)

    def passed(self, names: Sequence[str], arguments: Sequence[Any]) -> AnswerError:
        """The same with the arguments by name, where they help to see what happened."""
        if self.one_at_a_time:
            return AnswerError(self.state, self.text)
        return AnswerError(self.state, f"{self.text}; it was passed {_told(names, arguments)}")


#: What numpy says where Python's `if`, `and`, `min`, `int` and their kin meet an array.
_ONE_AT_A_TIME = re.compile(
    r"ValueError: The truth value of an array|TypeError: only (length-1|size-1|0-dimensional) arrays can be converted"
)
_FOR_ARRAYS = "if, and, or, not, min, max, int take one at a time; np.where, &, |, ~, np.minimum, np.maximum take all"


def _named(names: Sequence[str], arguments: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for place, argument in enumerate(arguments):
        yield names[place] if place < len(names) else "", argument


def _told(names: Sequence[str], arguments: Sequence[Any]) -> str:
    """Arguments by name, in few words."""
    told = (f"{name} = {describe(one)}" if name else describe(one) for name, one in _named(names, arguments))
    return ", ".join(told) or "nothing"


def draws(seed: int, name: str) -> np.random.Generator:
    """A generator for one task's probes: other numbers for each seed and each name."""
    return np.random.default_rng([seed, *name.encode()])


def lineup(random: np.random.Generator, cases: int, extra: int = 3) -> NDArray[np.int64]:
    """Which designed case each member of a probe is: every one, up to `extra` of them again, in any order.

    Members that stand in one order and number let an answer of constants pass.
    """
    more = random.integers(cases, size=random.integers(extra + 1))
    return random.permutation(np.concatenate([np.arange(cases), more]))


def expect_array(value: Any, shape: Sequence[int | None], name: str, *, finite: bool = True) -> NDArray[Any]:
    """An answer's return value as an array, or a miss that says what is wrong with it.

    Parameters
    ----------
    value : array_like
        What the answer returned.
    shape : sequence of int or None
        None matches any length; ``()`` is a single number, be it in an array of one.
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
    if isinstance(value, tuple) and len({np.shape(part) for part in value}) > 1:
        raise AnswerError(WRONG, f"{name} returns {_results(len(value))}, 1 is wanted")
    array = _as_numbers(value, name)
    wanted = tuple(shape)
    if wanted == () and array.size == 1:  # whoever writes np.atleast_1d, or a loop over one, is not wrong
        array = array.reshape(())
    if len(array.shape) != len(wanted) or any(w not in (None, n) for w, n in zip(wanted, array.shape, strict=True)):
        if isinstance(value, tuple):
            raise AnswerError(WRONG, f"{name} returns {_results(len(value))}, 1 is wanted")
        raise AnswerError(WRONG, f"{name} returns {_shape_words(wanted)} : saw {_shape_words(array.shape)}")
    if finite and not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise AnswerError(WRONG, f"{name} returns finite numbers : saw {count} NaN or infinite of {array.size}")
    return array


@dataclass(frozen=True)
class Call:
    """One call of an answer and what came back."""

    name: str
    arguments: tuple[Any, ...]
    result: Any


class Answer:
    """One of a learner's answers, guarded: arguments are passed as copies, results come back as plain arrays.

    Parameters
    ----------
    name : str
    arguments, results : tuple of str
        As declared: ``"lock(held_until, now) -> granted, held_until"``.
    function : callable or number
        A value that is no function is called without arguments.
    calls : list of Call
        Where some of the calls are noted.
    """

    def __init__(
        self, name: str, arguments: tuple[str, ...], results: tuple[str, ...], function: Any, calls: list[Call]
    ) -> None:
        self.name, self.arguments, self.results = name, arguments, results
        self._function, self._calls, self._count, self._noted, self._answered = function, calls, 0, 1, False

    def __call__(self, *arguments: Any) -> Any:
        """Plain arrays, numpy scalars or a tuple of them."""
        kept = self._to_note(arguments)
        try:
            result = _guarded_call(self.name, self._function, arguments)
        except Crash as crash:
            raise crash.passed(self.arguments, arguments) from None
        except AnswerError as error:
            if error.state == NOT_ATTEMPTED and self._answered:
                raise self._silent(arguments) from None
            raise
        self._answered = True
        if len(self.results) > 1 and isinstance(result, np.ndarray) and len(result) == len(self.results):
            result = tuple(result)  # stacked: it unpacks as a tuple does
        if kept is not None:
            self._calls.append(Call(self.name, kept, result))
        return result

    def _silent(self, arguments: tuple[Any, ...]) -> AnswerError:
        """An answer that has answered before, and here does not: a branch that falls off its end is no blank."""
        told = f"{self.name} returns nothing here, though it did elsewhere: each way through it must end in a return"
        return AnswerError(WRONG, f"{told}; it was passed {_told(self.arguments, arguments)}")

    def _to_note(self, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Copies of the arguments of the first call and of ever fewer later ones."""
        self._count += 1
        if self._count < self._noted:
            return None
        self._noted *= 3
        return tuple(np.array(one) if isinstance(one, np.ndarray) else one for one in arguments)

    def array(self, *arguments: Any, shape: Sequence[int | None] | None = None, finite: bool = True) -> NDArray[Any]:
        """Call it for one array, of the first argument's shape where none is given."""
        return expect_array(
            self(*arguments), np.shape(arguments[0]) if shape is None else shape, self.name, finite=finite
        )

    def several(self, *arguments: Any, shape: Sequence[int] | None = None, finite: bool = True) -> tuple[Any, ...]:
        """Call it for as many results as are declared; a single number stands for a whole array."""
        value = self(*arguments)
        parts = value if isinstance(value, tuple) else (value,)
        if len(parts) != len(self.results):
            many = f"{len(self.results)} are wanted: {', '.join(self.results)}"
            raise AnswerError(WRONG, f"{self.name} returns {_results(len(parts))}, {many}")
        shape = np.shape(arguments[0]) if shape is None else shape
        whole = (np.broadcast_to(part, shape) if np.ndim(part) == 0 else part for part in parts)
        pairs = zip(self.results, whole, strict=True)
        return tuple(expect_array(part, shape, f"{self.name} ({name})", finite=finite) for name, part in pairs)

    def at(self, arguments: Sequence[Any], place: int | tuple[int, ...], shape: Sequence[int]) -> str:
        """The arguments of one member, by name: ``for ttl = 3, beta = 1``."""
        return "for " + ", ".join(
            f"{name} = {_element(one, place, shape)}" if name else _element(one, place, shape)
            for name, one in _named(self.arguments, arguments)
        )

    def example(self, arguments: Sequence[Any], got: Any, wanted: Any, ok: Any = None, words: Any = None) -> str:
        """The smallest input that fails: what came, what is wanted, and the arguments by name.

        Where results have an axis in front of that of the members, as dependencies of a page, whole columns are shown.

        Parameters
        ----------
        arguments : sequence
            As the answer was called with.
        got, wanted : array_like
            Broadcast against each other.
        ok : array_like of bool, optional
            Which are right; left out, those that are close.
        words : mapping of number to str, optional
            Names of values.
        """
        got, wanted = np.broadcast_arrays(got, wanted)
        fails = ~np.broadcast_to(_close(got, wanted) if ok is None else np.asarray(ok, bool), got.shape)
        if not fails.any():
            return ""
        sizes = np.where(fails, _sizes(arguments, got.shape), np.inf)
        place = np.unravel_index(int(np.argmin(sizes)), got.shape)
        if got.ndim > 1:
            place, shape = place[1:], got.shape[1:]
            saw, right = (_element(array, place, shape) for array in (got, wanted))
            return f"{saw}, not {right}, {self.at(arguments, place, shape)}"
        saw, right = (_worded(array[place], words) for array in (got, wanted))
        return f"{saw}, not {right}, {self.at(arguments, place, got.shape)}"

    def worst(self, arguments: Sequence[Any], values: NDArray[Any], text: str, *, least: bool = False) -> str:
        """The largest (or least) of some values in a format such as ``"{:.0%} of the target"``, and whose it is."""
        place = int(np.argmin(values) if least else np.argmax(values))
        return f"{text.format(values[place])} {self.at(arguments, place, values.shape)}"


class Answers:
    """A learner's answers as attributes, each an `Answer`.

    Parameters
    ----------
    answers : mapping of str to callable or number
    declared : mapping of str to (arguments, results), optional
    """

    def __init__(
        self, answers: Mapping[str, Any], declared: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] | None = None
    ) -> None:
        self.calls: list[Call] = []
        told = dict(declared or {})
        self._answers = {
            name: Answer(name, *told.get(name, ((), ())), answer, self.calls) for name, answer in answers.items()
        }

    def __getattr__(self, name: str) -> Answer:
        try:
            return self._answers[name]
        except KeyError:
            raise AttributeError(f"this task has no answer {name!r}; its answers: {', '.join(self._answers)}") from None


class Task:
    """A graded task: call it in a notebook, `judge` it in the grader; made by `task`.

    Attributes
    ----------
    name, module : str
        The task's name and its module's slug.
    answers : tuple of str
        Names the answer cell defines, in the order the notebook passes them.
    declared : dict of str to (arguments, results)
        For the answers that were declared with their arguments: names of these and of the results.
    whole : tuple of str
        Answers that are not elementwise.
    rows : dict of str to tuple of str
        Answers whose members are rows, and which of their arguments have a row a member.
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
        whole: Sequence[str] = (),
        rows: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.check, self.name, self.total = check, name, total
        self.module = check.__module__.rpartition(".")[2]
        self.declared = {name: rest for name, *rest in map(_signature, answers)}
        self.answers, self.whole, self.hints = tuple(self.declared), tuple(whole), tuple(map(_one_line, hints))
        self.rows = {name: tuple(arguments) for name, arguments in (rows or {}).items()}
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

    def judge(
        self,
        answers: Mapping[str, Any],
        seed: int,
        afresh: Callable[[], Mapping[str, Any]] | None = None,
        *,
        until: Callable[[Demand], bool] | None = None,
    ) -> Verdict:
        """Judge answers without printing.

        Parameters
        ----------
        answers : mapping of str to callable or number
            A learner's own objects, or proxies that return arrays.
        seed : int
        afresh : callable, optional
            Gives the answers as they were before any of them was called, to be asked again; asked for only when the
            answers have earned something. Left out, copies of the functions and of what they refer to.
        until : callable, optional
            Stops after the first demand of which it is true: for whoever need not know all that is missed.

        Returns
        -------
        Verdict
        """
        from course_lib.checks import consistency

        findings: list[Demand] = []
        trouble: AnswerError | None = None
        asked = Answers(answers, self.declared)
        afresh = afresh or functools.partial(dict, consistency.copies(answers))
        try:
            with np.errstate(all="ignore"):
                for found in self.check(asked, int(seed)):
                    findings.append(found)
                    if until is not None and until(found):
                        break
                if self.asks_again and self._credit(findings, None):
                    findings.append(consistency.again(self, asked, afresh(), int(seed)))
        except AnswerError as error:
            trouble = error
        except Exception as error:  # a check that trips over what an answer returned
            trouble = AnswerError(WRONG, f"the check can work with what comes back : saw {_name_and_text(error)}")
        return self._verdict(findings, trouble)

    @property
    def asks_again(self) -> bool:
        """Whether its answers are declared with their arguments, and so are asked again at the end."""
        return any(arguments for arguments, _ in self.declared.values())

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
    whole: Sequence[str] = (),
    rows: Mapping[str, Sequence[str]] | None = None,
) -> Callable[[Callable[[Answers, int], Iterator[Demand]]], Task]:
    """Turn a generator of demands into a `Task`.

    Parameters
    ----------
    name : str
        As in course.toml and in the cell ids ``<name>-answer`` and ``<name>-check``.
    answers : sequence of str
        What the answer cell defines: ``"limit"``, or ``"lock(held_until, now) -> granted, held_until"``.
    hints : sequence of str
        From a nudge to nearly the answer.
    total : float, optional
        The demands' summed weight. With it, an answer that breaks half-way keeps the credit of the demands it met.
    points : float, optional
        For checks outside the course's manifest; left out, course.toml says.
    whole : sequence of str
        Answers that look at their arguments as a whole, not element by element along the last axis.
    rows : mapping of str to sequence of str, optional
        Answers that give a row a member, and the arguments that have a row a member; the others are for all.
    """
    return lambda check: Task(check, name, answers, hints, total, points, whole, rows)


def _signature(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Name, arguments and results of ``"name(a, b) -> c, d"``."""
    call, _, results = text.partition("->")
    name, _, arguments = call.strip().rstrip(")").partition("(")
    split = lambda names: tuple(one.strip() for one in names.split(",") if one.strip())  # noqa: E731
    return name.strip(), split(arguments), split(results)


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
        raise Crash(name, _name_and_text(error), where) from None


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


COLUMN_SHOWN = 6  # values of a member's column in a miss


def describe(value: Any) -> str:
    """An argument in few words: a number as it is, an array by dtype, shape and range."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array[()]:.6g}" if array.dtype.kind == "f" else str(array[()])
    span = f" from {array.min():.6g} to {array.max():.6g}" if array.size and array.dtype.kind in "iuf" else ""
    return f"{array.dtype} array of shape {array.shape}{span}"


def _element(argument: Any, place: int | tuple[int, ...], shape: Sequence[int]) -> str:
    """One member's part of an argument, or the whole in few words where it has no parts by member."""
    array, where = np.asarray(argument), (place,) if isinstance(place, int) else tuple(place)
    if array.ndim == len(shape) + 1 and array.shape[1:] == tuple(shape):  # a column of regions, or of looks
        column = array[(slice(None), *where)]
        return f"[{', '.join(map(describe, column[:COLUMN_SHOWN]))}{', …' * (len(column) > COLUMN_SHOWN)}]"
    try:
        return describe(np.broadcast_to(argument, tuple(shape))[place])
    except ValueError:
        return describe(argument)


def _sizes(arguments: Sequence[Any], shape: Sequence[int]) -> NDArray[np.float64]:
    """How large each member's arguments are beside the largest, to find the plainest."""
    size = np.zeros(tuple(shape))
    for argument in arguments:
        with contextlib.suppress(ValueError, TypeError):
            part = np.abs(np.broadcast_to(np.asarray(argument, float), size.shape))
            part = np.nan_to_num(part, nan=1e300, posinf=1e300)
            size = size + part / max(float(part.max(initial=0.0)), 1e-300)
    return size


def _close(got: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isclose(got.astype(float), wanted.astype(float), equal_nan=True)


def _worded(value: Any, words: Mapping[Any, str] | None) -> str:
    plain = describe(value)
    return f"{plain} ({words[value.item()]})" if words and value.item() in words else plain


def _results(count: int) -> str:
    return "1 result" if count == 1 else f"{count} results"


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
