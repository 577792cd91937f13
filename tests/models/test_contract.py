"""Every model keeps the contract of `docs/architecture.md`, whatever is drawn; and each clause catches a broken toy."""

from __future__ import annotations

import dataclasses
import gc
import os
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from course_lib.models import noise, simulation
from course_lib.models.parameters import ParameterSet, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.schedule import Schedule
from course_lib.models.simulation import GOLDEN, Model
from course_lib.models.trace import Curves, Record, Signal
from tests.models import contract
from tests.models.contract import CLAUSES, MEMBERS, Declared, Drawn, held
from tests.models.declared import MODELS

#: More of them, and others each time, once a week.
EXAMPLES = int(os.environ.get("COURSE_CONTRACT_EXAMPLES", "0"))
WEEKLY = bool(os.environ.get("COURSE_WEEKLY"))
SEEDS = (843, 1, 2**63 - 1)
HOUSE = settings(
    max_examples=EXAMPLES or 8,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=tuple(Phase) if EXAMPLES else (Phase.generate,),  # making a failure smaller takes minutes
    suppress_health_check=list(HealthCheck),
)

each_model = pytest.mark.parametrize("name", MODELS)


# -- every model, every clause ---------------------------------------------------------------------------------------


@each_model
def test_whatever_is_drawn(name):
    declared = MODELS[name]

    @HOUSE
    @given(contract.settings(declared))
    def holds(drawn):
        held(declared, drawn)

    holds()


@each_model
def test_settings_that_once_broke_it(name):
    """Each member alone once a week, otherwise one of each setting."""
    for number, changes in enumerate(({}, *MODELS[name].settings.values())):
        for member in range(MEMBERS) if WEEKLY else [number % MEMBERS]:
            held(MODELS[name], Drawn(dict(changes), SEEDS, 37, member))


@each_model
def test_a_record_of_a_wide_batch_is_the_mean_of_a_members_ticks(name, monkeypatch):
    """A batch that runs in chunks, kept at intervals: rates are means of the ticks they cover, levels their last."""
    declared, every, chunks = MODELS[name], 5, simulation.Batch.chunks
    monkeypatch.setattr(
        simulation.Batch, "chunks", lambda self, size: chunks(self, min(size, simulation.CHUNK))
    )  # whatever a model's own
    p = declared.module.Parameters(**declared.base)
    until = declared.ticks * float(p.dt)
    one = declared.module.simulate(p, seed=217, until=until)
    record = Record(one.signals, every=every * float(p.dt), start=10 * float(p.dt))
    wide = declared.module.simulate(p, seed=np.arange(simulation.CHUNK + 100), until=until, record=record)
    alone = declared.module.simulate(p, seed=217, until=until, record=record)
    assert len(wide.time) == (declared.ticks - 10) // every
    for signal in one.signals:
        np.testing.assert_array_equal(wide[signal][:, 217], alone[signal], err_msg=signal)
        mean = one[signal][10:].reshape(-1, every).mean(axis=1)
        if one.units[signal].endswith("/s") and "rate" in signal:
            np.testing.assert_allclose(alone[signal], mean, rtol=1e-6, atol=1e-6, err_msg=signal)
    for event, when in one.events.items():
        np.testing.assert_array_equal(wide.events[event][217], when)


@each_model
def test_what_a_chunk_worked_with_goes_as_soon_as_it_is_recorded(name, monkeypatch):
    """Curves that name themselves would stay until the collector comes: thirteen chunks held 2.6 GB."""
    assert lets_go(MODELS[name], monkeypatch)


def lets_go(declared: Declared, monkeypatch: pytest.MonkeyPatch) -> bool:
    seen, recorded = [], simulation._recorded
    monkeypatch.setattr(
        simulation, "_recorded", lambda model, curves, *more: (
            seen.append(weakref.ref(curves)) or recorded(model, curves, *more)
        )
    )  # fmt: skip
    p = declared.module.Parameters(**declared.base)
    trace = declared.module.simulate(p, seed=1, until=float(p.dt))
    gc.disable()
    try:
        record = Record(trace.signals, every=float(p.dt))
        declared.module.simulate(p, seed=1, until=declared.ticks * float(p.dt), record=record)
        return len(seen) == 1 and seen[0]() is None
    finally:
        gc.enable()


def test_a_toy_whose_curves_name_themselves_is_caught(monkeypatch):
    assert lets_go(toy(), monkeypatch) and not lets_go(toy("names itself"), monkeypatch)


@each_model
def test_members_of_one_seed_share_what_chance_brings(name):
    declared = MODELS[name]
    p = declared.module.Parameters(**declared.base)
    trace = declared.module.simulate(p, seed=np.array([4, 4, 5]), until=declared.ticks / 4 * max(1.0, float(p.dt)))
    for signal in trace.signals:
        np.testing.assert_array_equal(trace[signal][:, 0], trace[signal][:, 1], err_msg=signal)
    assert any((trace[signal][:, 0] != trace[signal][:, 2]).any() for signal in trace.signals)


@each_model
def test_every_parameter_and_signal_says_what_it_is(name):
    module = MODELS[name].module
    for field in dataclasses.fields(module.Parameters):
        about = field.metadata
        assert about["meaning"] and about["source"] and about["by"] in ("world", "operator"), field.name
        assert about["choices"] or (about["low"] <= float(field.default) <= about["high"] and about["symbol"]), (
            field.name
        )
    for signal, what in module.SIGNALS.items():
        assert what.unit and what.meaning, signal


@each_model
def test_the_four_golden_signals_are_named(name):
    if name in ("retry_chain", "stampede_drill", "replica_fleet"):
        return  # a lab's drill shows what its lab asks about
    assert set(MODELS[name].module.MODEL.golden) == set(GOLDEN)


def test_a_golden_signal_that_is_none_is_refused():
    with pytest.raises(ValueError, match="toy: golden signal errors = 'oops'"):
        Model("toy", lambda batch, ticks: Curves(1.0), {}, lambda batch, curves: {}, golden={"errors": "oops"})


# -- bad input -------------------------------------------------------------------------------------------------------

HUGE = 10**400
BAD_CALLS = {
    "until": ["10", None, [10], float("nan"), float("inf"), HUGE, 1j, True, 0, -5, np.datetime64(1, "s"), {}],
    "seed": [2**63, HUGE, 10**5000, -1, 1.5, "1", [], None, [[1], [1, 2]], 1j, True, {}],
    "record": [
        3,
        Record(("speed",)),
        Record(every=float("nan")),
        Record(every="1"),
        Record(every=0.0),
        Record(every=1e-9),
        Record(start=-1.0),
        Record(start=float("inf")),
        Record(start=1e6),
        Record(every=1e6),
    ],
    "state": [3, "there", {}],
    "parameters": [{}, 3, "storm", []],
}
BAD_NUMBERS = [
    "5",
    [],
    None,
    {},
    float("nan"),
    -1e300,
    HUGE,
    1j,
    np.datetime64(5, "s"),
    object(),
    [1, [2, 3]],
    [[]],
    True,
]
BAD_WORDS = [[], 3, None, "of course not", np.array([["on"] * 40 + ["oops"]])]


def tick_or_second(module: Any) -> float:
    """A second, or a tick where that is longer: teams are told by the week."""
    return max(1.0, float(module.Parameters().dt))


def one_clear_line(call: Any, said: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    words = str(caught.value)
    assert "\n" not in words and len(words) < 700 and said in words and ":" in words, words


@each_model
@pytest.mark.parametrize("argument", BAD_CALLS)
def test_a_bad_call_is_told_in_one_line(name, argument):
    module = MODELS[name].module
    for value in BAD_CALLS[argument]:
        call = {"parameters": module.Parameters(), "until": 10 * tick_or_second(module)} | {argument: value}
        if isinstance(value, Record) and value.every == 1.0 and not value.signals:
            call["record"] = dataclasses.replace(value, every=float(module.Parameters().dt))
        one_clear_line(lambda call=call: module.simulate(**call), argument)


@each_model
def test_a_bad_parameter_is_told_in_one_line(name):
    parameters = MODELS[name].module.Parameters
    for field in dataclasses.fields(parameters):
        for value in BAD_NUMBERS if field.metadata["choices"] is None else BAD_WORDS:
            one_clear_line(lambda field=field, value=value: parameters(**{field.name: value}), field.name)
        if field.metadata["kind"] != "scheduled":
            one_clear_line(lambda field=field: parameters(**{field.name: Schedule(field.default)}), field.name)
        elif field.metadata["choices"] is None:
            one_clear_line(
                lambda field=field: parameters(**{field.name: Schedule(field.default, ((1, "x"),))}), field.name
            )
    swept_fields = [
        f for f in dataclasses.fields(parameters) if f.metadata["kind"] != "fixed" and not f.metadata["choices"]
    ]
    first, second = ({f.name: np.full(n, f.default)} for f, n in zip(swept_fields, (3, 4), strict=False))
    one_clear_line(lambda: parameters(**first, **second), next(iter(first)))
    one_clear_line(lambda: parameters().replace(oops=1), "oops")


@each_model
def test_a_past_that_is_changed_is_refused(name):
    declared, module = MODELS[name], MODELS[name].module
    p = module.Parameters(**declared.base)
    short = module.simulate(p, seed=1, until=5 * tick_or_second(module))
    changed = next(f for f in dataclasses.fields(p) if f.metadata["kind"] != "fixed" and not f.metadata["choices"])
    other = p.replace(**{changed.name: getattr(p, changed.name) * 0.5 + 1.0})
    until = 10 * tick_or_second(module)
    one_clear_line(lambda: module.simulate(other, seed=1, until=until, state=short.state), changed.name)
    one_clear_line(lambda: module.simulate(p, seed=2, until=until, state=short.state), "seed")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (((60, 0.3), (30, 1.0)), "must not go back"),
        ((("soon", 1.0),), "schedule time = 'soon'"),
        (((float("nan"), 1.0),), "must not go back"),
    ],
)
def test_a_bad_schedule_is_told_in_one_line(changes, said):
    one_clear_line(lambda: Schedule(1.0, changes), said)


def test_shapes_within_a_schedule_that_do_not_fit_are_told():
    one_clear_line(lambda: Schedule(np.ones(2), ((np.ones(3), 1.0),)).shape, "(2,), (3,)")


# -- each clause catches a toy that breaks it ------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class ToyParameters(ParameterSet):
    """A queue of nothing in particular."""

    rate: Any = scheduled(5.0, "requests/s", 0, 100, "λ", "requests", "chosen")
    weight: Any = swept(0.1, "", 0, 1, "w", "anything", "chosen")
    dt: Any = fixed(1.0, "s", 1, 1, "Δ", "length of a tick", "chosen")


def toy(fault: str = "") -> Declared:
    """A healthy toy model, or one that breaks one clause."""
    calls = iter(range(1000))

    def run(batch: simulation.Batch, ticks: int) -> Curves:
        time = np.arange(ticks) * batch.dt
        offered = noise.counts(batch.seeds, "toy", batch.at("rate", time) + 0 * batch.weight, ticks)
        offered = offered + np.zeros(batch.size)
        good = offered * (1.5 if fault == "conserved" else 1.0)
        parts = np.arange(1.0, 200.0)[:, None] * (batch.weight + np.zeros(batch.size)) / 3.0
        level = parts.sum(axis=0) if fault == "member_equals_scalar" else np.add.accumulate(parts, axis=0)[-1]
        levels = np.zeros((ticks + 1, batch.size)) + level
        levels[:, :] += ticks if fault == "shorter_run_is_a_prefix" else 0.0
        levels[-1] += next(calls) if fault == "resumed_run_goes_on" else 0.0
        levels[5:6] = {"finite": np.inf, "nothing_negative": -1e-15}.get(fault, levels[5:6])
        if fault == "no_warning":
            np.log(np.zeros(1))
        counted = {n: np.add.accumulate(np.concatenate([offered[:1] * 0, x])) for n, x in (("o", offered), ("g", good))}
        curves = Curves(batch.dt, {**counted, "level": levels})
        if fault == "names itself":
            curves.make["again"] = lambda: curves["level"]
        return curves

    def events(batch: simulation.Batch, curves: Curves) -> dict[str, Any]:
        starts = np.full(batch.size, 10.0)
        found = trigger_events(starts, starts + 5.0, curves["g"], curves["o"], step=batch.dt, share=0.9, seconds=2.0)
        if fault == "no_recovery_before_the_trigger_ends":
            found["recovered"] = starts
        return found

    most = 1.0 + 1e-12 if fault == "shares_up_to_1" else 1.0
    signals = {
        "offered_rate": Signal("requests/s", "offered", lambda c: c.rate("o")),
        "goodput": Signal("requests/s", "answered", lambda c: c.rate("g")),
        "share": Signal("of requests", "answered", lambda c: np.full_like(c.rate("g"), most)),
        "level": Signal("", "anything", lambda c: c.level("level")),
    }
    model = Model("toy", run, signals, events)
    module = SimpleNamespace(
        __name__="toy",
        Parameters=ToyParameters,
        simulate=lambda p, seed=0, **more: simulation.simulate(model, p, seed, **more),
    )
    return Declared(
        module, base={}, ticks=40, at_most={"answered <= offered": lambda c: (c["goodput"], c["offered_rate"])}
    )


TOY_DRAWN = Drawn(dict(weight=np.array([0.1, 0.7, 0.3])), SEEDS, 17, 1)


def test_a_sound_toy_keeps_every_clause():
    held(toy(), TOY_DRAWN)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
def test_a_broken_toy_is_caught_by_its_clause(clause):
    with pytest.raises(AssertionError):
        held(toy(clause.__name__), TOY_DRAWN, (clause,))


def test_drawn_settings_find_a_toy_that_breaks_rarely():
    """The draw reaches schedules, ends of ranges and members that differ."""
    seen = {"schedule": False, "end": False, "differs": False}

    @settings(max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(contract.settings(dataclasses.replace(toy(), module=MODELS["retry_storm"].module)), st.just(0))
    def look(drawn, _):
        for value in drawn.changes.values():
            seen["schedule"] |= isinstance(value, Schedule) and any(np.ndim(t) for t, _ in value.changes)
            seen["end"] |= isinstance(value, float) and value in (0.0, np.inf, 1e6)
            seen["differs"] |= isinstance(value, np.ndarray) and len(set(value.tolist())) == MEMBERS

    look()
    assert all(seen.values()), seen
