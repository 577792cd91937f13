"""How often chance refuses a right answer: by the distribution, for each bar that chance can miss.

A seed of the grader's is drawn once for a class; fewer than one in a million may refuse the solution. What a check
compares with a reference on the same draws cannot be missed. What is left is here: where the statistic is a count, its
binomial tail, times all that are counted; where it is a time, the chance of going on, step by step. The others are sums
of many independent draws: so many standard deviations lie between their mean and the bar, where five are one in
3.5 million.
"""

from __future__ import annotations

import ast
import inspect
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from course_lib.checks import bad_rollout, cache_stampede, dns_outage, hot_partition, queue_overload, retry_storm
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.models import noise
from course_lib.models.drills import retry_chain
from course_lib.theory import hashing, rollouts

ONE_IN_A_MILLION = 1e-6
LABS = pristine.labs(CourseRef(str(Path(__file__).parents[2])))


def binomial(n: int, p: float, most: int | None = None) -> np.ndarray:
    """Chances of 0 to n, or to `most`."""
    k = np.arange(1.0, (n if most is None else min(most, n)) + 1)
    ways = np.concatenate([[0.0], np.cumsum(np.log((n - k + 1) / k))])
    return np.exp(ways + np.arange(len(ways)) * math.log(p) + (n - np.arange(len(ways))) * math.log1p(-p))


def below(n: int, p: float, share: float) -> float:
    """Chance that fewer than this share of n come."""
    return float(binomial(n, p)[: math.ceil(share * n - 1e-9)].sum())


def above(n: int, p: float, share: float) -> float:
    """Chance that more than this share of n come."""
    return float(binomial(n, p)[math.floor(share * n + 1e-9) + 1 :].sum())


# -- counts: the tail of a binomial distribution ----------------------------------------------------------------------


def test_full_jitter_s_busiest_moment_has_a_binomial_tail():
    """Each client sends one retry after the outage: each bin holds a binomial number, whose chance is a convolution."""
    step, clients, base, cap = 0.001, 1000, 0.1, 2.0
    time = np.zeros(round(6 / step))  # density of the next retry's time, of those that are still failing
    time[0], hit = 1.0, np.zeros(len(time))
    for retry in range(12):
        wait = round(min(cap, base * 2**retry) / step)
        whole = np.cumsum(np.concatenate([[0.0], time]))
        ends = np.arange(len(time))
        time = (whole[ends] - whole[np.maximum(ends - wait, 0)]) / wait
        hit, time = hit + time * (ends * step >= 1), time * (ends * step < 1)
    chance = hit.reshape(-1, 100).sum(axis=1)[10:]
    seen = np.mean([retry_chain.herd(retry_chain.jittered, seed)[10:] for seed in range(60)], axis=0)
    assert np.abs(seen - clients * chance).max() < 5 * math.sqrt(150 / 60) + 2  # it is the model's
    assert sum(above(clients, 1.01 * p, 0.230) for p in chance if p > 0) < ONE_IN_A_MILLION


def _arms(size: int, control: float, canary: float, limit: float) -> float:
    """Chance that a look finds the canary worse, by all pairs of counts."""
    most = int(size * canary + 12 * math.sqrt(size * canary)) + 20
    other, own = (binomial(size, p, most) for p in (control, canary))
    c, x = np.arange(len(other))[:, None], np.arange(len(own))
    z = (x - c) - limit * np.sqrt(x * (1 - x / size) + c * (1 - c / size))
    return float((other[:, None] * own * (z > 0)).sum())


@pytest.mark.parametrize("usual", [0.0008, 0.0625])
def test_bake_s_drawn_errors_have_a_binomial_tail_for_sizes_that_are_3_per_cent_off(usual):
    """A gate finds as many as its last look does, or more, and alarms as often as all looks in sum, or less often."""
    most, bars = 9, {"found": 0.05, "false": 0.05}
    for ratio in (1.6, 3.0):
        for power, alarm, looks in ((0.8, 0.01, 1), (0.8, 0.1, 1), (0.95, 0.1, 1), (0.8, 0.01, 4), (0.8, 0.1, 30)):
            limit = float(rollouts.normal_quantile(1 - alarm / looks))
            needed = float(rollouts.requests_per_arm(usual, ratio * usual, alarm / looks, power))
            each = round((1 - bad_rollout.CLOSE) * needed / looks)
            found = _arms(each * looks, usual, ratio * usual, limit)
            false = sum(_arms(each * n, usual, usual, limit) for n in range(1, looks + 1))
            missed = below(bad_rollout.TRIALS, found, power - bars["found"])
            missed += above(bad_rollout.TRIALS, false, alarm + bars["false"])
            assert most * missed < ONE_IN_A_MILLION, (ratio, power, alarm, looks, found, false)


def test_the_long_runs_of_the_sequential_test_have_a_binomial_tail():
    """By Ville's inequality a good change is stopped with at most the chance that was promised."""
    assert above(1500, 0.05, 0.085) < ONE_IN_A_MILLION
    own, other = (float(one) for one in rollouts.evidence(3.0))
    drift, spread = 600 * own + 200 * other, math.sqrt(600 * own**2 + 200 * other**2)
    assert (drift - math.log(20)) / spread > 7  # of the bad ones, by the last look


def test_plan_s_runs_have_a_binomial_tail_on_all_services_together():
    """A rollout of the size that was asked for finds and stops with the chances that were asked for."""
    services, runs = 8, bad_rollout.RUNS
    assert services * (below(runs, 0.8, 0.8 - 0.14) + above(runs, 0.15, 0.15 + 0.13)) < ONE_IN_A_MILLION
    assert services * (below(runs, 0.8, 0.8 - 0.11) + above(runs, 0.15, 0.15 + 0.12)) > 10 * ONE_IN_A_MILLION  # as was


def test_the_hot_key_leads_its_partition_s_sample():
    """Chernoff's bound for two counts of one sample, over all keys that may share the partition."""
    for count, exponent, share, _, _ in hot_partition.SCENES:
        hot = 0.95 * share
        others = (1 - hot) * np.asarray(hashing.zipf_shares(hot_partition.ORDINARY, exponent))[hot_partition.HEAVY :]
        tie = (1 - (math.sqrt(hot) - np.sqrt(others)) ** 2) ** 700
        assert tie.sum() / count < ONE_IN_A_MILLION, (count, exponent)


def test_a_queue_of_nine_tenths_of_a_deadline_s_work_is_done_within_it():
    """Chernoff's bound for a Poisson count that falls a tenth short, in any of 60 windows of nine queues."""
    for seed in range(60):
        (_, mu, _, _, deadline, _), best = queue_overload._services(seed)
        work = (best * mu * deadline)[best > 0]
        assert (deadline == np.round(deadline)).all()  # whole ticks: half a second less than six and a half is a tenth
        short = 1 - queue_overload.MARGIN
        assert 60 * 9 * np.exp(-work * ((1 - short) * math.log(1 - short) + short)).max() < ONE_IN_A_MILLION


# -- times: the chance of going on, step by step ----------------------------------------------------------------------


class Spliced:
    """Noise of members that share their past with others: pieces of (seeds, first tick), the later over the earlier."""

    def __init__(self, pieces: list[tuple[np.ndarray, int]]) -> None:
        self.pieces = pieces

    def counts(self, places: np.ndarray, stream: str, mean: np.ndarray, rows: int) -> np.ndarray:
        drawn = np.zeros((rows, len(places)))
        for seeds, first in self.pieces:
            drawn[first:] = noise.normal(seeds[places], stream, rows)[first:]
        return noise.poisson(drawn, mean)


@pytest.mark.weekly  # 2,000 runs each, half a minute of CPU
@pytest.mark.parametrize(
    ("policy", "lates"),
    [
        ({"breaker": "on"}, (8, 12, 16, 20, 24, 28, 32, 35)),
        ({"error_share": 1.0, "budget": "first_attempts"}, (2, 5, 9, 13, 17, 21, 25, 30)),
    ],
    ids=["breaker", "retry_budget"],
)
def test_a_right_answer_is_back_in_time_but_for_less_than_one_in_a_million(policy, lates, monkeypatch):
    """The chance of going on for 35 s is that of going on for 8, times that of 12 after 8, and so on.

    At each step those that have not recovered are continued with noise of their own. Each share is of 250 runs, so
    that the product is good to about half: three times it must be enough.
    """
    random, runs, chance = np.random.default_rng(1), 250, 1.0
    pieces = [(random.integers(1 << 40, size=runs), 0)]
    drill = retry_chain.Parameters(**retry_storm.SHORT, **policy)
    for late in lates:
        monkeypatch.setattr(retry_chain, "noise", Spliced(pieces))
        run = retry_chain.simulate(drill, np.arange(runs), until=70)
        took = np.nan_to_num(run.events["recovered"] - 30.0, nan=np.inf)
        chance *= np.mean(took > late)
        if chance == 0:
            break
        parents = random.choice(np.flatnonzero(took > late), runs)
        seen = round((30 + late + 5) * 10)  # recovery is five good seconds
        pieces = [(seeds[parents], first) for seeds, first in pieces]
        pieces.append((random.integers(1 << 40, size=runs), seen))
    assert 3 * chance < ONE_IN_A_MILLION


def test_a_share_of_simulated_caches_has_bernstein_s_tail():
    """What a cache keeps of an outage has at most a variance of 1/9; eleven services at most, of 5,000 caches each."""
    missed, variance = 0.03, 1 / 9
    assert 11 * math.exp(-5000 * missed**2 / (2 * (variance + missed / 3))) < ONE_IN_A_MILLION
    assert "caches=5000" in inspect.getsource(dns_outage._simulated)


def test_a_crowd_of_twelve_expiries_has_a_poisson_tail():
    """Readers who wait at twelve expiries, of 1,001 each, and as many who get what is stale: within 5 per cent."""
    mean, k = 1001.0 * len(cache_stampede.NOISE), np.arange(1.0, 30_000)
    chance = np.exp(np.cumsum(np.log(mean / k)) - mean)
    assert 2 * chance[np.abs(k / mean - 1) >= 0.05].sum() < ONE_IN_A_MILLION


def test_a_limping_host_is_seen_in_its_slowest_hundredth_and_no_healthy_one_is():
    """Of 20,000 calls three in a hundred are slow; of 15,000 none in a million takes three times a p99 of 0.4."""
    assert below(20_000, 0.03, 0.01) + above(15_000, 1e-6, 0.01) < ONE_IN_A_MILLION


# -- and which of the tasks are statistical at all --------------------------------------------------------------------

#: Bars whose chance is worked out above.
COUNTED = {
    "full_jitter", "bake", "sequential", "plan", "hot_key", "plan_queue", "breaker", "retry_budget", "shortest_ttl",
    "price", "limping",
}  # fmt: skip
#: Sums over many draws: standard deviations from the mean to the nearest bar, over 50 to 500 seeds of the solution.
SUMS = {
    "safe_budget": 5.5, "amplification": 54, "sweet_spot": 60, "freshest_ttl": 7, "lock": 16, "refresh_early": 9,
    "enough_partitions": 11, "smallest_salts": 6, "choose": 8, "pause": 36, "forecast": 13, "serve_stale": 15,
    "three_days": 9, "limits": 79, "fewest_copies": 75, "fix": 21, "items": 7, "runbook": 6,
}  # fmt: skip
#: Compared with a reference on the same draws, or with a bound that no draw passes; or the model has no noise.
EXACT = {
    "serve", "objectives", "doubling", "scale", "two_days", "panic_threshold", "settings", "restart",
    "next_load", "valve", "hedge_delay", "precautions", "by_region", "timeline", "impact",
}  # fmt: skip
NOISE = {"simulate", "herd", "together", "run_each", "opened", "poisson", "binomial", "multinomial"}


def _called(module: ModuleType, name: str) -> Iterator[str]:
    """Every name that a function of a module's uses, and the functions it uses there."""
    functions = {node.name: node for node in ast.parse(inspect.getsource(module)).body if hasattr(node, "name")}
    ahead, known = [name], set()
    while ahead:
        for node in ast.walk(functions[ahead.pop()]):
            used = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            yield used
            if used in functions and used not in known:
                known.add(used)
                ahead.append(used)


def test_each_bar_that_chance_could_miss_is_known():
    noisy = set()
    for lab in LABS.values():
        for name, task in lab.tasks.items():
            module = sys.modules[task.check.__module__]
            if NOISE & set(_called(module, task.check.__name__)):
                noisy.add(name)
    assert noisy == COUNTED | set(SUMS) | EXACT
    assert all(deviations > 5 for deviations in SUMS.values())
