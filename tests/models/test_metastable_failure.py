"""The metastable failure against its closed forms and an independent event loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.models.metastable_failure import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record
from course_lib.theory import metastable
from tests.models import metastable_failure_oracle
from tests.models.agreement import PEAK, STEADY, TOTAL, TRANSIENT, near
from tests.models.event_loops import replay
from tests.models.metastable_failure_oracle import Loop, Scenario

# -- the event loop ---------------------------------------------------------------------------------------------------

FLEET = dict(workers=6, arrival_rate=300.0, until=80.0)
CASES = {
    "back": dict(arrival_rate=132.0),
    "stuck": {},
    "spike": dict(trigger="spike", trigger_size=0.6),
    "budget": dict(arrival_rate=360.0, retry_budget=0.2),
    "degraded": dict(arrival_rate=360.0, max_retries=0, degradation=0.6, trigger_duration=4.0),
    "shut": dict(shut=(50.0, 65.0, 0.0)),
    "a long queue": dict(arrival_rate=180.0, max_retries=1, queue_limit=float("inf")),
    "a small budget": dict(arrival_rate=450.0, retry_budget=0.1, queue_limit=float("inf")),
    "the very edge": dict(
        arrival_rate=60.0, max_retries=2, trigger="spike", trigger_size=0.65, trigger_duration=7.0, degradation=0.4
    ),
    "more than it carries": dict(arrival_rate=465.0, max_retries=1, trigger_size=0.0, trigger_duration=13.0),
}
LIVE = "back"
WINDOWS = ((10, 30), (30, 40), (40, 50), (50, 65), (65, 80))


def measured(scenario, seed):
    """Means in each window, by name; totals; the highest queue."""
    run = Loop(scenario, int(seed)).run()
    seen = {f"{name} {begin}": run.count[name][begin:end].mean() for begin, end in WINDOWS for name in COMPARED}
    return seen | {"peak": run.count["queue"].max(), "all attempts": run.count["attempts"].sum(),
                   "all good": run.count["good"].sum(), "recovered": _recovered(run)}  # fmt: skip


def twenty(scenario, number):
    """The same over twenty runs: many runs, in a short record."""
    runs = [measured(scenario, seed) for seed in range(20 * int(number), 20 * int(number) + 20)]
    again = [run.pop("recovered") for run in runs]
    seen = {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
    healed = [when for when in again if np.isfinite(when)]
    return seen | {"healed": len(healed) / 20, "recovered": float(np.mean(healed)) if healed else np.nan}


COMPARED = ("attempts", "good", "served", "lost", "queue", "orbit")
NAMES = dict(attempts="attempt_rate", good="goodput", served="throughput", lost="lost_rate")


def _recovered(run):
    """By the model's definition, on the loop's whole seconds."""
    end = run.s.trigger_start + run.s.trigger_duration
    well = run.count["good"] >= 0.95 * run.count["first"]
    starts = [t for t in range(int(end), len(well) - 9) if well[t : t + 10].all()]
    return starts[0] if starts else np.nan


def of_model(scenario, seeds):
    """The same of the model."""
    settings = dataclasses.asdict(scenario)
    begin, end, part = settings.pop("shut")
    until = settings.pop("until")
    valve = Schedule(1.0, ((begin, part), (end, 1.0))) if end > begin else 1.0
    trace = simulate(Parameters(admitted=valve, **settings), seeds, until=until)
    seen = {}
    seconds = trace.time % 1 == 0  # at which the loop looks at queues
    for begin, end in WINDOWS:
        rows = (trace.time > begin) & (trace.time <= end)
        seen |= {f"{name} {begin}": trace[NAMES[name]][rows].mean(axis=0) for name in NAMES}
        seen |= {f"{name} {begin}": trace[name][rows & seconds].mean(axis=0) for name in ("queue", "orbit")}
    return seen | {"peak": trace["queue"][seconds].max(axis=0), "all attempts": trace["attempt_rate"].sum(axis=0) * 0.5,
                   "all good": trace["goodput"].sum(axis=0) * 0.5, "recovered": trace.events["recovered"]}  # fmt: skip


RARE = 3 / (60 * 10)
"""Of what the loop's runs show none of in ten seconds there may be three in as many (95 %)."""
ABSOLUTE = dict(good=RARE, lost=RARE, orbit=RARE * Scenario.retry_delay, peak=0.5)
"""The loop counts whole attempts, the model does not: where a healthy queue peaks at five, it says 5.5."""
SEEDS = np.arange(500)


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_event_loop(case):
    """Steady means 1 %, totals 0.5 %, peaks 1 %, recovery 2 s; from the trigger's start to 25 s after its end 5 %, and
    while retries of that time still wait, five seconds each. 200 runs of each."""
    scenario = Scenario(**(FLEET | CASES[case]))
    if case == LIVE:
        runs = replay(metastable_failure_oracle, measured, scenario, range(60), live=True)
        runs["healed"] = np.isfinite(runs["recovered"])
    else:
        runs = replay(metastable_failure_oracle, twenty, scenario, range(10))
    agrees(scenario, runs, EDGES.get(case, {}), "shut" in case)


def agrees(scenario, runs, edges, moves=False):
    """Hold what the model sees to what the loop's runs do; healing is a probability, to within 0.1."""
    seen = of_model(scenario, SEEDS)
    healed, when = runs.pop("healed").mean(), runs.pop("recovered")
    assert np.isfinite(seen["recovered"]).mean() == pytest.approx(healed, abs=edges.get("healed", 0.1))
    if healed == 1.0:
        assert abs(np.nanmean(seen["recovered"]) - when.mean()) < 2.0
    for name, loop in runs.items():
        edge = edges.get(name, 0.0)
        relative, least = (bar(name, moves), edge[0]) if isinstance(edge, tuple) else (max(bar(name, moves), edge), 0.0)
        near(seen[name], loop, relative, max(ABSOLUTE.get(name.partition(" ")[0], 0.0), least), name)


def bar(name, moves=False):
    """Of what is compared; while retries of the trigger's time still wait they are no steady state."""
    kind, _, begin = name.partition(" ")
    moving = moves or begin in ("30", "40", "50") or name == "orbit 65"
    return PEAK if kind == "peak" else TOTAL if kind == "all" else TRANSIENT if moving else STEADY


EDGES = {
    "back": {"orbit 10": 0.65},  # 0.270 by the exact law, 0.29 by the model; 60 runs chanced on 0.176
    "a long queue": {"good 40": 0.14},  # the first to be answered in time, of 3,000 runs 3.7/s of 180; here 4.3
    "a small budget": {"good 65": 0.04},  # who come back by luck: of 3,000 runs 5.6/s, of these 200 4.7; here 6.3
    "the very edge": {"queue 65": 0.05},  # 3,000 runs have 0.674 in queues, the model 0.669; of these 200 few fell
    # At 80 % load a tenth too many wait for a retry; of thirty workers, too (240 runs: +10 % give or take 2.5).
    4: {"lost 10": 0.09, "queue 10": 0.03, "orbit 10": 0.09},
    # A fleet that falls sooner or later by chance: a quarter of a second later than of 3,000 runs.
    # A fleet that falls sooner or later by chance; of 1,500 runs 19.3/s and 2,471 in all, here 25.3 and 2,613.
    5: {"good 10": 0.1, "good 30": (0.01,)},
    7: {"good 65": 0.1},  # of 3,000 runs one in a hundred heals in time, of the model's one in three hundred
    8: {"orbit 40": 0.06},  # of 3,000 runs 11.06 wait for a retry, of 210/s; here 10.0
    # Of thirty workers, 60 runs; who is rarely late, of 300 to 2,550 requests/s. Of 1,500 runs:
    ("thirty", 0): {"peak": 0.03},  # 46.7, here 46.8
    ("thirty", 2): {"orbit 65": 0.09},  # 1.641, here 1.638
    ("thirty", 3): {"orbit 50": 0.17, "orbit 65": 0.1},  # 1.63 and 0.36, here 1.55 and 0.34
    ("thirty", 8): {"good 40": (0.29,)},  # 0.003/s, here 0.35
    ("thirty", 9): {"lost 30": (0.01,)},  # 0.006/s, here 0.02
}  # fmt: skip
"""Beside the bars: what is off by more, with its size, in settings that were drawn before any was looked at.

A share of the loop's, or alone in brackets what it comes to."""


def drawn(workers=6):
    """Twelve settings all over the panel's sliders, for so many workers, as they come."""
    rng, settings = np.random.default_rng({6: 20261130, 30: 20261201}[workers]), []
    for _ in range(12):
        settings.append(dict(
            workers=workers,
            arrival_rate=float(rng.choice(np.arange(150, 2701, 75))) / (30 / workers),
            max_retries=int(rng.integers(0, 7)),
            trigger_size=float(np.round(rng.choice(np.arange(21)) * 0.05, 2)),
            trigger_duration=float(rng.integers(0, 21)),
            trigger=str(rng.choice(["outage", "spike"])),
            degradation=float(np.round(rng.integers(0, 9) * 0.1, 1)),
            retry_budget=float(rng.choice([0.0, 0.05, 0.1, 0.2, 0.5, 1.0, np.inf])),
            deadline=float(rng.choice([0.05, 0.1, 0.2, 0.3, 0.5, 1.0])),
        ))  # fmt: skip
    return settings


@pytest.mark.parametrize("number", range(12))
def test_agrees_with_the_event_loop_wherever_the_sliders_are(number):
    """200 runs of each."""
    scenario = Scenario(**(FLEET | drawn()[number]))
    agrees(scenario, replay(metastable_failure_oracle, twenty, scenario, range(10)), EDGES.get(number, {}))


@pytest.mark.parametrize("number", range(12))
def test_agrees_with_an_event_loop_of_thirty_workers_wherever_the_sliders_are(number):
    """As many as in the lesson; 60 runs of each."""
    scenario = Scenario(**(FLEET | drawn(30)[number]))
    agrees(scenario, replay(metastable_failure_oracle, twenty, scenario, range(3)), EDGES.get(("thirty", number), {}))


EDGE = dict(workers=6, arrival_rate=300.0, trigger_size=0.6, until=70.0)


def tipped(scenario, seed):
    """Whether a run is down at its end."""
    return {"down": float(Loop(scenario, int(seed)).run().count["good"][-10:].mean() < 150)}


@pytest.mark.parametrize("length", [2.0, 3.0, 4.0])
def test_tips_as_often_as_the_event_loop(length):
    """Near the tipping point chances are compared, not means: a second more or less makes nearly all the difference.

    With ticks of a tenth of a second: this trigger lasts a few of the default ones."""
    scenario = Scenario(**EDGE, trigger_duration=length)
    loop = replay(metastable_failure_oracle, tipped, scenario, range(20))["down"].mean()
    settings = {k: v for k, v in dataclasses.asdict(scenario).items() if k not in ("shut", "until")}
    model = (
        simulate(Parameters(dt=0.1, **settings), np.arange(60), until=70)["goodput"][-100:].mean(axis=0) < 150
    ).mean()
    assert model == pytest.approx(loop, abs=0.1)


BURSTS = {
    "rare": dict(workers=6, arrival_rate=360.0),
    "frequent": dict(workers=6, arrival_rate=510.0),
    "long": dict(workers=6, arrival_rate=510.0, deadline=0.2),
    "near capacity": dict(workers=6, arrival_rate=552.0, deadline=0.2),
    "of many workers": dict(workers=30, arrival_rate=2550.0, deadline=0.2),
}
QUIET = dict(max_retries=0, trigger_size=0.0, queue_limit=float("inf"), until=240.0)


def bursts(scenario, number):
    """Variances of late attempts and of what queues hold, on average over a second, five and twenty; of twenty runs."""
    runs = [Loop(scenario, seed).run().count for seed in range(20 * int(number), 20 * int(number) + 20)]
    return {f"{name} {seconds}": _varies([run[name][40:] for run in runs], seconds)
            for name in ("lost", "queue") for seconds in (1, 5, 20)}  # fmt: skip


def _varies(runs, seconds):
    """Variance of averages over a time, of rows by the second."""
    return float(np.reshape(runs, (len(runs), -1, seconds)).mean(axis=-1).var())


@pytest.mark.parametrize("case", BURSTS)
def test_late_ones_come_in_bursts_as_long_as_the_event_loops(case):
    """Standard deviations within a tenth, give or take their scatter: a retry budget, and a fold, live off bursts."""
    scenario = Scenario(**(BURSTS[case] | QUIET))
    loop = replay(metastable_failure_oracle, bursts, scenario, range(3))
    settings = {k: v for k, v in dataclasses.asdict(scenario).items() if k not in ("shut", "until")}
    trace = simulate(Parameters(**settings), np.arange(100), until=scenario.until)
    late = (trace["distress"] * trace["attempt_rate"] * 0.5).reshape(240, 2, 100).sum(axis=1)
    seen = {"lost": late.T[:, 40:], "queue": trace["queue"][1::2].T[:, 40:]}
    for name, values in loop.items():
        kind, _, seconds = name.partition(" ")
        scatter = 1.96 * values.std() / np.sqrt(len(values)) / values.mean() / 2
        assert np.sqrt(_varies(seen[kind], int(seconds)) / values.mean()) == pytest.approx(1, abs=0.1 + scatter), name


GROWS = dict(workers=30, arrival_rate=1500.0, deadline=1.0, trigger="spike", trigger_size=0.65, trigger_duration=5.0)
SECONDS = (33, 34, 35, 36)
"""From when a few are late to when most queues are short again."""


def by_second(scenario, number):
    """Variances of those found late in each second, and of what queues hold at its end, of twenty runs."""
    runs = [Loop(scenario, seed).run().count for seed in range(20 * int(number), 20 * int(number) + 20)]
    return {f"{name} {second}": float(np.var([run[name][second] for run in runs], ddof=1))
            for name in ("lost", "queue") for second in SECONDS}  # fmt: skip


def test_who_is_late_varies_as_in_the_event_loop_as_queues_grow_and_empty():
    """Standard deviations within a tenth, give or take their scatter; in the second in which they empty within 0.3.

    Of 1,500 runs: 1.01, 1.07, 1.04 and 1.29 times for those late, 0.99 to 1.04 times for queues."""
    scenario = Scenario(**(QUIET | GROWS | dict(until=38.0)))
    loop = replay(metastable_failure_oracle, by_second, scenario, range(15))
    settings = {k: v for k, v in dataclasses.asdict(scenario).items() if k not in ("shut", "until")}
    trace = simulate(Parameters(**settings), np.arange(1000), until=scenario.until)
    seen = {"lost": 0.5 * trace["lost_rate"].reshape(38, 2, -1).sum(axis=1), "queue": trace["queue"][1::2]}
    for name, values in loop.items():
        kind, _, second = name.partition(" ")
        scatter = 1.96 * values.std() / np.sqrt(len(values)) / values.mean() / 2
        deviation = np.sqrt(seen[kind][int(second)].var() / values.mean())
        assert deviation == pytest.approx(1, abs=(0.3 if name == "lost 36" else 0.1) + scatter), name


# -- closed forms -----------------------------------------------------------------------------------------------------


def ends_at(goodput, loads):
    """Which loads are answered at the end."""
    return (goodput[-1] > 0.5 * loads).tolist()


def test_comes_back_below_the_hidden_capacity_and_stays_down_above():
    """Bronson's example, 300 in all, the deadline long against a worker's time; with a budget, and degraded."""
    loads = np.array([140.0, 160.0, 240.0, 260.0])
    base = Parameters(workers=1, worker_rate=300.0, deadline=1.0, queue_limit=5.0, trigger_duration=20.0)
    ways = dict(
        max_retries=[[1], [5], [0]], retry_budget=[[np.inf], [0.2], [np.inf]], degradation=[[0.0], [0.0], [0.6]]
    )
    run = simulate(base.replace(arrival_rate=loads, **ways), until=900, record=Record(("goodput",), every=100.0))
    down_first = ~np.array([[True, False, False, False], [True, True, True, False], [False] * 4])
    np.testing.assert_array_equal(run["goodput"][-1] < 0.5 * loads, down_first)
    hidden = metastable.hidden_capacity(300.0, [1, 5, 0], [np.inf, 0.2, np.inf], [0.0, 0.0, 0.6])
    np.testing.assert_allclose(hidden, [150, 250, 120])


@pytest.mark.parametrize("deadline", [0.05, 0.1, 1.0])
def test_settles_at_the_closed_forms_fixed_points(deadline):
    loads = np.array([600.0, 1200.0, 1500.0])
    base = Parameters(arrival_rate=loads, deadline=deadline, retry_delay=10.0, workers=30, queue_limit=4.0)
    low, _, high = metastable.fixed_points(loads / 30, 100.0, 3, deadline)
    for size, expected in ((0.0, low), (1.0, high)):
        run = simulate(base.replace(trigger_size=size, trigger_duration=30.0), np.arange(40)[:, None], until=400)
        seen = run["attempt_rate"][-400:].mean(axis=(0, 1)) / 30
        there = np.isfinite(expected)
        np.testing.assert_allclose(seen[there], expected[there], rtol=0.01)
        if size:
            assert (run["goodput"][-1].mean(axis=0)[~there] > 500).all()


def test_a_load_that_climbs_falls_at_the_upper_fold_whatever_the_trigger():
    fold = 30 * metastable.upper_fold(100.0, 3, 0.1)[0]
    loads = fold * np.array([0.96, 1.04])
    fleet = Parameters(trigger_size=0.0, workers=3000, worker_rate=1.0, deadline=10.0, retry_delay=60.0, dt=1.0)
    run = simulate(fleet.replace(arrival_rate=loads), until=3000, record=Record(("goodput",), every=100.0))
    assert ends_at(run["goodput"], loads) == [True, False]


def test_a_backlog_takes_its_time_over_what_is_spare():
    shut = Schedule(1.0, ((40.0, [0.0, 0.5, 0.8]), (90.0, 1.0)))
    drill = Parameters(max_retries=0, queue_limit=np.inf, arrival_rate=2000.0, admitted=shut, trigger_duration=10.0)
    run = simulate(drill, 3, until=90)
    row = int(40 / 0.5) - 1
    backlog = run["queue"][row, 0]
    drained = 40 + 0.5 * (run["queue"][row + 1 :] <= backlog / 20).argmax(axis=0)  # the rest is a healthy queue's
    expected = metastable.recovery_time(0.95 * backlog, 3000.0, 2000.0 * np.array([0.0, 0.5, 0.8]))
    np.testing.assert_allclose(drained - 40, expected, atol=0.7)


def test_the_signals_say_what_they_mean():
    run = simulate(Parameters(arrival_rate=[600.0, 1800.0]), 7, until=100)
    assert run["state"][40].tolist() == [0, 1] and run["state"][-1].tolist() == [0, 2]
    low, tipping, _ = (30 * x for x in metastable.fixed_points(60, 100.0, 3, 0.1))
    assert run["tipping_distance"][50, 1] == pytest.approx(tipping - low, rel=0.02)
    assert run["tipping_distance"][50, 0] == 3000 and run["tipping_distance"][-1, 1] == 0
    assert run["hidden_capacity"][-1].tolist() == [750, 750] and run["load_ratio"][-1, 1] == pytest.approx(2.4)
    assert run["goodput_share"][-1].tolist() == pytest.approx([1, 0], abs=0.01)
    assert 40 <= run.events["left"][0] < 45 and np.isnan(run.events["left"][1])
    ended = run["dropped"][-1, 1] + run["orbit"][-1, 1] + 0.5 * run["goodput"][:, 1].sum()
    unaware = 0.1 * (run["attempt_rate"] - run["refused_rate"])[-1, 1]  # late, and still within their deadlines
    assert ended + unaware == pytest.approx(0.5 * run["offered_rate"][:, 1].sum())


@pytest.mark.parametrize("size", [0.9, 1.0])
def test_a_full_bucket_pays_for_what_fails_first_and_earns_meanwhile(size):
    """All fail from the outage's begin, and it is known a deadline later: a second's retries, and what comes by then.

    The bucket is full until then. None of the retries has come back yet, but for those that had."""
    day = Parameters(retry_budget=0.1, retry_delay=600.0, deadline=0.2, trigger_size=size, trigger_duration=20.0)
    run = simulate(day.replace(arrival_rate=1650.0), np.arange(100), until=45.0)
    paid = 165.0 * (1.0 + 45.0 - 30.0 - 0.2)
    assert run["orbit"][-1].mean() == pytest.approx(paid, rel=0.01)


def test_a_trigger_may_come_twice():
    once = Parameters(arrival_rate=600.0)
    same = once.replace(trigger_start=0.0, trigger_duration=1e5, trigger_size=Schedule(0.0, ((30.0, 1.0), (40.0, 0.0))))
    one, other = (simulate(day, 7, until=120)["goodput"] for day in (once, same))
    np.testing.assert_allclose(one, other, atol=15)  # who is with a worker knows a trigger's times, not a schedule's
    twice = same.replace(trigger_size=same.trigger_size.then(150.0, 1.0).then(160.0, 0.0))
    assert (simulate(twice, 7, until=170)["throughput"][[70, 310]] == 0).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("odd", [
    dict(arrival_rate=1e6, capacity=0.014, deadline=0.026, max_retries=6, queue_limit=float("inf"), trigger_size=1.0),
    dict(arrival_rate=0.0, workers=10_000, worker_rate=3000.0, capacity=0.0, queue_limit=1000.0, trigger="spike",
         trigger_start=0.1, trigger_duration=26.0),
])  # fmt: skip
def test_fleets_that_can_do_next_to_nothing_have_numbers_too(odd):
    trace = simulate(Parameters(**odd), 3, until=60.0)
    assert all(np.isfinite(trace[name]).all() for name in ("goodput", "queue", "orbit", "attempt_rate", "distress"))


@pytest.mark.parametrize("other", [dict(retry_budget=0.1), dict(retry_budget=3.0, max_retries=5)])
def test_nobody_is_held_to_a_budget_because_a_neighbour_is(other):
    """Nor when users stop coming, who earn what a budget pays with."""
    stops = dict(arrival_rate=Schedule(2400.0, ((60.0, 0.0),)), trigger_start=30.0, trigger_duration=20.0)
    for own in (dict(retry_budget=np.inf, max_retries=3), dict(retry_budget=3.0, max_retries=3)):
        pair = {name: [own[name], (own | other)[name]] for name in own}
        alone = simulate(Parameters(**(stops | own)), 3, until=120.0)
        both = simulate(Parameters(**(stops | pair)), 3, until=120.0)
        assert alone["orbit"][61 * 2] > 100.0
        for signal in ("queue", "orbit", "goodput"):
            np.testing.assert_array_equal(both[signal][:, 0], alone[signal])
