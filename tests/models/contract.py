"""What every model promises, clause by clause: each clause looks at one run of a drawn setting and raises.

A module is declared in a few lines (`Declared`); `settings` draws from the whole valid range of its parameters, and
`laws` say in one line each what is conserved. `test_contract.py` holds each model to every clause, and plants a broken
toy model for each.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from course_lib.models.parameters import ParameterSet
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Trace

MEMBERS = 3
TOLERANCE = 1e-9  # of the larger side: what running sums of a run may round off
Law = Callable[["Counted"], tuple[NDArray[Any], NDArray[Any]]]


@dataclasses.dataclass(frozen=True)
class Declared:
    """A module under contract.

    Parameters
    ----------
    module : module
        With `simulate` and `Parameters`.
    base : mapping
        Parameters of every run, small enough to be quick.
    ranges : mapping of str to (low, high)
        Narrower ranges of drawn fields: what would take too long, or is left out for a reason the model states.
    ticks : int
        Length of a run.
    at_most, equal : mapping of str to law
        Conservation: counted up since time 0, the left never exceeds the right, or equals it.
    steady : tuple of str
        Fields drawn without schedules: the model states why.
    settings : mapping of str to mapping
        Settings that every clause is tried on, whatever is drawn.
    """

    module: ModuleType
    base: Mapping[str, Any]
    at_most: Mapping[str, Law]
    equal: Mapping[str, Law] = dataclasses.field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    ticks: int = 90
    steady: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One setting: what is changed of the base, a seed for each member, a tick to break at, a member to run alone."""

    changes: dict[str, Any]
    seeds: tuple[int, ...]
    broken: int
    member: int


class Counted:
    """Signals of a run counted up since time 0; a level stays as it is."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.p = trace, trace.parameters
        self.step = float(trace.parameters.dt)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.cumsum(self.trace[name], axis=0) * self.step

    def level(self, name: str) -> NDArray[Any]:
        return self.trace[name]


# -- what is drawn ---------------------------------------------------------------------------------------------------


def settings(declared: Declared) -> st.SearchStrategy[Drawn]:
    """Each choice, and a few of the other fields: for all members alike, for each of three, or by a schedule."""
    fields = {f.name: f for f in dataclasses.fields(declared.module.Parameters)}
    words = [name for name, field in fields.items() if field.metadata["choices"]]
    numbers = st.lists(st.sampled_from(sorted(set(fields) - set(words))), min_size=3, max_size=9, unique=True)
    changes = numbers.flatmap(
        lambda names: st.fixed_dictionaries({name: _given(fields[name], declared) for name in [*words, *names]})
    )
    seed = st.sampled_from([0, 1, 843, 2**31, 2**63 - 1]) | st.integers(0, 2**32)
    return st.builds(
        Drawn, changes, st.tuples(*[seed] * MEMBERS), st.integers(1, declared.ticks - 1), st.integers(0, MEMBERS - 1)
    )


def _given(field: dataclasses.Field[Any], declared: Declared) -> st.SearchStrategy[Any]:
    one, kind = _value(field, declared), field.metadata["kind"]
    if kind == "fixed":
        return one
    many = st.lists(one, min_size=MEMBERS, max_size=MEMBERS).map(np.array)
    if kind == "swept" or field.name in declared.steady:
        return one | many | many
    time = st.integers(0, declared.ticks)
    times = st.lists(time, min_size=2, max_size=2).map(sorted) | st.lists(
        st.lists(time, min_size=MEMBERS, max_size=MEMBERS).map(np.array), min_size=2, max_size=2
    ).map(lambda pair: [np.minimum(*pair), np.maximum(*pair)])
    step = declared.base.get("dt", declared.module.Parameters().dt)
    changing = st.builds(
        lambda first, when, values: Schedule(
            first, tuple((t * step, v) for t, v in zip(when, values, strict=True))
        ),
        one | many, times, st.tuples(one | many, one | many),
    )  # fmt: skip
    return one | many | changing | changing


def _value(field: dataclasses.Field[Any], declared: Declared) -> st.SearchStrategy[Any]:
    about = field.metadata
    if about["choices"] is not None:
        return st.sampled_from(about["choices"])
    low, high = declared.ranges.get(field.name, (about["low"], about["high"]))
    ends = [value for value in {field.default, low, high} if low <= value <= high]
    top = min(high, max(low * 1e4, 1e5))
    if about["integer"]:
        return st.sampled_from([int(value) for value in ends]) | st.integers(int(low), int(top))
    least = max(low, top * 1e-7)
    spread = st.floats(0, 1).map(lambda u: min(least * (top / least) ** u, top))
    return st.sampled_from([float(value) for value in ends]) | spread


def alone(parameters: ParameterSet, member: int) -> ParameterSet:
    """The parameters of one member of a batch of `MEMBERS`."""
    pick = lambda value: np.broadcast_to(value, (MEMBERS,))[member].item()  # noqa: E731
    own = {}
    for field in dataclasses.fields(parameters):
        value = getattr(parameters, field.name)
        if isinstance(value, Schedule):
            own[field.name] = Schedule(pick(value.initial), tuple((pick(t), pick(v)) for t, v in value.changes))
        elif np.ndim(value):
            own[field.name] = pick(value)
    return parameters.replace(**own)


# -- the clauses -----------------------------------------------------------------------------------------------------


class Runs:
    """The runs that the clauses look at: a batch, one of its members alone, a shorter run and the rest of it."""

    def __init__(self, declared: Declared, drawn: Drawn) -> None:
        self.declared, self.drawn = declared, drawn
        self.p = declared.module.Parameters(**{**declared.base, **drawn.changes})
        step, seeds = float(self.p.dt), np.array(drawn.seeds)
        until = declared.ticks * step
        with warnings.catch_warnings(record=True) as self.warned:
            warnings.simplefilter("always")
            self.batch = self._run(self.p, seeds, until=until)
            own = alone(self.p, drawn.member)
            self.one = self._run(own, int(seeds[drawn.member]), until=until)
            self.short = self._run(own, int(seeds[drawn.member]), until=drawn.broken * step)
            self.rest = self._run(own, int(seeds[drawn.member]), until=until, state=self.short.state)

    def _run(self, p: ParameterSet, seed: Any, **more: Any) -> Trace:
        trace = self.declared.module.simulate(p, seed, **more)
        for name in trace.signals:
            trace[name]  # computed while warnings are watched
        return trace


def member_equals_scalar(runs: Runs) -> None:
    """A member of a batch is the scalar run, bit for bit."""
    for name in runs.one.signals:
        _same(runs.batch[name][..., runs.drawn.member], runs.one[name], name)
    for name, value in runs.one.events.items():
        _same(runs.batch.events[name][..., runs.drawn.member], value, name)


def shorter_run_is_a_prefix(runs: Runs) -> None:
    """What a trace shows up to t does not depend on what comes after."""
    for name in runs.short.signals:
        _same(runs.one[name][: runs.drawn.broken], runs.short[name], name)


def resumed_run_goes_on(runs: Runs) -> None:
    """A run in two parts is the run in one."""
    for name in runs.rest.signals:
        _same(runs.one[name][runs.drawn.broken :], runs.rest[name], name)


def finite(runs: Runs) -> None:
    """Every signal is a number at every instant."""
    for name in runs.batch.signals:
        assert np.isfinite(runs.batch[name]).all(), name


def nothing_negative(runs: Runs) -> None:
    """Nothing is less than nothing."""
    for name in runs.batch.signals:
        assert (runs.batch[name] >= 0).all(), (name, runs.batch[name].min())


def shares_up_to_1(runs: Runs) -> None:
    """What has the unit "of ..." is a share."""
    for name, unit in runs.batch.units.items():
        if unit.startswith("of "):
            assert (runs.batch[name] <= 1).all(), (name, runs.batch[name].max())


def conserved(runs: Runs) -> None:
    """The model's own laws."""
    counted = Counted(runs.batch)
    for name, law in runs.declared.at_most.items():
        left, right = np.broadcast_arrays(*law(counted))
        over = left - right - TOLERANCE * np.maximum(np.abs(left), 1.0)
        assert (over <= 0).all(), (name, over.max())
    for name, law in runs.declared.equal.items():
        left, right = np.broadcast_arrays(*law(counted))
        np.testing.assert_allclose(left, right, rtol=TOLERANCE, atol=1e-6, err_msg=name)


def no_recovery_before_the_trigger_ends(runs: Runs) -> None:
    """Recovered is after the trigger, on a healthy run too."""
    events = runs.batch.events
    if "recovered" in events:
        known = np.isfinite(events["recovered"])
        assert (events["recovered"] >= events["trigger_ends"])[known].all()


def no_warning(runs: Runs) -> None:
    """Numpy has nothing to complain of."""
    assert not runs.warned, str(runs.warned[0].message)


CLAUSES = (
    member_equals_scalar,
    shorter_run_is_a_prefix,
    resumed_run_goes_on,
    finite,
    nothing_negative,
    shares_up_to_1,
    conserved,
    no_recovery_before_the_trigger_ends,
    no_warning,
)


def _same(left: NDArray[Any], right: NDArray[Any], name: str) -> None:
    np.testing.assert_array_equal(left, right, err_msg=name)


def held(declared: Declared, drawn: Drawn, clauses: tuple[Callable[[Runs], None], ...] = CLAUSES) -> None:
    """Raise where a setting breaks a clause, naming it."""
    runs = Runs(declared, drawn)
    for clause in clauses:
        try:
            clause(runs)
        except AssertionError as broken:
            broken.add_note(f"{declared.module.__name__} breaks: {clause.__doc__} With {drawn}")
            raise
