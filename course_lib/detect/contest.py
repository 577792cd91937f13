"""The tournament of rules: each over the same seeded days, incidents and look-alikes and attacks and nothing at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_lib.detect.evaluator import compared, first_of, gate, lasting, over, pages
from course_lib.detect.rule import Rule
from course_lib.detect.table import Table, table

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("incident", "lookalike", "twin", "quiet")
#: Days of each kind that a seed brings. Two of five are nothing: who always pages is to gain nothing by it.
SHARE = {"incident": 1, "lookalike": 1, "twin": 1, "quiet": 2}
WEEK = 604_800.0
LOOKALIKES_A_WEEK = 7  # stated, not found: a batch every night
SEEDS = range(12)
POINTS = 24  # thresholds on a curve

#: The two that any score must leave low: no reading lies beyond the largest number.
ALWAYS, NEVER = -np.finfo(float).max, np.finfo(float).max


@dataclasses.dataclass(frozen=True)
class Days:
    """Seeded days of one module, by kind.

    Parameters
    ----------
    table : Table
    traces : dict of str to trace
        Of each of `KINDS`, batches of so many days.
    """

    table: Table
    traces: dict[str, Any]

    @property
    def count(self) -> int:
        """How many days there are in all."""
        return sum(trace.shape[0] for trace in self.traces.values())


@dataclasses.dataclass(frozen=True)
class Score:
    """How a rule did.

    Parameters
    ----------
    paged : dict of str to float
        Share of the days of each kind on which it paged.
    recall, precision : float
        Share of what it is to find that it found; share of the days on which it paged that were that. NaN: never paged.
    to_detect : float
        Median seconds from the trigger to the page, of what it found; negative: ahead of it.
    false_pages_a_week : float
        Pages on weeks of quiet days, and `LOOKALIKES_A_WEEK` look-alikes in each.
    pages_an_incident : float
        Pages on one day of what it is to find: more than one is a rule that flutters.
    score : float
        0 to 100: how much of the trouble was over when the page came, less the share of other days on which one came,
        mean of the kinds. To page always scores 0, and so does never.
    """

    paged: dict[str, float]
    recall: float
    precision: float
    to_detect: float
    false_pages_a_week: float
    pages_an_incident: float
    score: float


@dataclasses.dataclass(frozen=True)
class Curve:
    """A rule at other thresholds, each array of shape (thresholds,).

    Parameters
    ----------
    threshold, recall, precision, to_detect, false_share : ndarray
        `false_share`: of other days, those on which it paged, mean of the kinds.
    """

    threshold: NDArray[np.float64]
    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    to_detect: NDArray[np.float64]
    false_share: NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Tournament:
    """What came of a tournament.

    Parameters
    ----------
    days : Days
    rules : dict of str to Rule
    finds : dict of str to str
        Which days each rule is meant to page on.
    scores : dict of str to Score
        Of the rules, and of ``"always page"`` and ``"never page"``.
    """

    days: Days
    rules: dict[str, Rule]
    finds: dict[str, str]
    scores: dict[str, Score]

    @property
    def frame(self) -> pd.DataFrame:
        """A row a rule, best first; shares between 0 and 1, times in seconds."""
        import pandas as pd

        rows = [
            {"rule": name, "score": score.score, "to_detect": score.to_detect, "recall": score.recall,
             "precision": score.precision, "false_pages_a_week": score.false_pages_a_week,
             "pages_an_incident": score.pages_an_incident} | {f"paged_{kind}": score.paged[kind] for kind in KINDS}
            for name, score in self.scores.items()
        ]  # fmt: skip
        return pd.DataFrame(rows).sort_values("score", ascending=False, kind="stable", ignore_index=True)

    def curve(self, name: str) -> Curve:
        """One rule at other thresholds."""
        return curve(self.rules[name], self.days, self.finds.get(name, "incident"))

    def _repr_html_(self) -> str:
        return self.frame.round(2).to_html(index=False)


def days(slug: str, seeds: Iterable[int] = SEEDS) -> Days:
    """Simulate the days of a tournament: five a seed, of which two are nothing at all."""
    own, seeds = table(slug), np.asarray(list(seeds))
    if not len(seeds):
        raise ValueError("a tournament needs at least one seed")
    more = {kind: np.concatenate([seeds + n * 1_000_003 for n in range(times)]) for kind, times in SHARE.items()}
    return Days(own, {kind: own.run(kind, more[kind]) for kind in KINDS})


def ours(slug: str) -> dict[str, Rule]:
    """Return the rules that the course enters: what it would page on, the first signal, the classic false reading."""
    own = table(slug)
    named = {"our alert": own.alert, "first signal": own.rules["first"], "false reading": own.rules["false_reading"]}
    return {name: rule for name, rule in named.items() if not (name == "first signal" and rule is own.alert)}


def tournament(
    slug: str,
    rules: Mapping[str, Rule] | Rule | None = None,
    seeds: Iterable[int] = SEEDS,
    finds: Mapping[str, str] | None = None,
) -> Tournament:
    """Run rules over seeded days of a module, ours beside them.

    Parameters
    ----------
    slug : str
    rules : mapping of str to Rule, or Rule, optional
        Yours, by name; one alone is called ``"yours"``.
    seeds : iterable of int
        Five days a seed: incident, look-alike, twin and two of nothing.
    finds : mapping of str to str, optional
        The rules that are meant for ``"twin"`` in place of ``"incident"``.

    Returns
    -------
    Tournament

    Raises
    ------
    KeyError
        A rule reads a signal that the module does not have.

    Examples
    --------
    >>> from course_lib.detect import Rule
    >>> mine = Rule(signal="amplification", above=1.5, hold=5.0, says="a retry storm has begun")
    >>> result = tournament("retry_storm", mine, seeds=range(2))
    >>> list(result.frame.rule)
    ['yours', 'our alert', 'false reading', 'always page', 'never page']
    """
    mine = {"yours": rules} if isinstance(rules, Rule) else dict(rules or {})
    entered, finds = {**mine, **ours(slug)}, dict(finds or {})
    if any(rule in mine.values() for rule in (table(slug).rules["twin"],)) or "twin" in finds.values():
        entered["our twin"], finds["our twin"] = table(slug).rules["twin"], "twin"
    run = days(slug, seeds)
    scores = {name: judge(rule, run, finds.get(name, "incident")) for name, rule in entered.items()}
    some = dataclasses.replace(run.table.rules["first"], reading="level", full=None, baseline=None, per=None, hold=0.0)
    for name, limit in (("always page", ALWAYS), ("never page", NEVER)):
        scores[name] = judge(dataclasses.replace(some, above=limit, below=None, floor=None), run)
    return Tournament(run, entered, finds, scores)


def judge(rule: Rule, run: Days, finds: str = "incident") -> Score:
    """Score one rule over the days of a tournament."""
    fires = {kind: lasting(rule, gate(rule, trace)(over(rule, compared(rule, trace))), trace)
             for kind, trace in run.traces.items()}  # fmt: skip
    return _score(fires, run, finds)


def _score(fires: Mapping[str, NDArray[np.bool_]], run: Days, finds: str) -> Score:
    first = {kind: first_of(on, run.traces[kind].time) for kind, on in fires.items()}
    paged = {kind: float(np.isfinite(when).mean()) for kind, when in first.items()}
    right = np.isfinite(first[finds])
    wrong = sum(int(np.isfinite(when).sum()) for kind, when in first.items() if kind != finds)
    starts = run.table.starts(finds, run.traces[finds])
    left = (run.table.until - first[finds]) / (run.table.until - starts)
    in_time = np.where(right, np.clip(left, 0.0, 1.0), 0.0).mean()
    false_share = np.mean([paged[kind] for kind in KINDS if kind != finds])
    quiet = run.traces["quiet"].shape[0] * run.table.until
    return Score(
        paged=paged,
        recall=paged[finds],
        precision=float(right.sum() / (right.sum() + wrong)) if right.sum() + wrong else float("nan"),
        to_detect=float(np.median((first[finds] - starts)[right])) if right.any() else float("nan"),
        false_pages_a_week=float(
            pages(fires["quiet"]).sum() * WEEK / quiet + LOOKALIKES_A_WEEK * pages(fires["lookalike"]).mean()
        ),
        pages_an_incident=float(pages(fires[finds]).mean()),
        score=100.0 * max(0.0, float(in_time - false_share)),
    )


def nearest(rule: Rule, run: Days) -> float:
    """The reading of all days that comes nearest to a rule's threshold, or lies farthest beyond; NaN: there is none."""
    extreme = np.fmin if rule.above is None else np.fmax
    return float(extreme.reduce([extreme.reduce(compared(rule, trace), axis=None) for trace in run.traces.values()]))


def curve(rule: Rule, run: Days, finds: str = "incident", points: int = POINTS) -> Curve:
    """One rule at other thresholds: what more of the one costs of the other."""
    seen = {kind: compared(rule, trace) for kind, trace in run.traces.items()}
    gates = {kind: gate(rule, trace) for kind, trace in run.traces.items()}
    limits = _thresholds(rule, seen, points)
    rows = []
    for limit in limits:
        fires = {kind: lasting(rule, gates[kind](over(rule, seen[kind], limit)), trace)
                 for kind, trace in run.traces.items()}  # fmt: skip
        score = _score(fires, run, finds)
        false_share = np.mean([score.paged[kind] for kind in KINDS if kind != finds])
        rows.append((score.recall, score.precision, score.to_detect, false_share))
    return Curve(limits, *np.array(rows).T)


def _thresholds(rule: Rule, seen: Mapping[str, NDArray[np.float64]], points: int) -> NDArray[np.float64]:
    """The rule's own threshold, and some between a usual moment of a quiet day and what the wildest day reaches."""
    extreme = np.fmin if rule.above is None else np.fmax
    reached = np.concatenate([extreme.reduce(values, axis=0).ravel() for values in seen.values()])
    reached = reached[np.isfinite(reached)]
    usual = seen["quiet"][np.isfinite(seen["quiet"])]
    if not len(reached):
        return np.array([rule.threshold])
    ends = [
        np.median(usual) if len(usual) else reached.min(),
        reached.max() if rule.above is not None else reached.min(),
    ]
    half = (points - 1) // 2
    return np.unique([*np.quantile(reached, np.linspace(0, 1, half)), *np.linspace(*ends, half), rule.threshold])
