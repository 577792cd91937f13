"""Calls that come one by one to hosts without queues, and a balancer that counts what each has outstanding.

Used by tests only; it shares no code with the model, and knows no pages, copies or checks: it is quick enough for as
many hosts and calls as the lesson's.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass


@dataclass
class Scenario:
    """One balancer; names and units as in ``gray_failure.Parameters``."""

    balancer: str = "least_outstanding"
    fault: str = "sinkhole"
    impaired_hosts: int = 2
    hosts: int = 40
    request_rate: float = 100.0
    fan_out: int = 100
    median_time: float = 0.01
    spread: float = 0.5
    slow_fraction: float = 0.2
    slow_time: float = 1.0
    work_factor: float = 4.0
    fail_time: float = 0.0001
    error_penalty: float = 0.0
    timeout: float = 5.0


def impaired_share(scenario: Scenario, seed: int, calls: int, before: int) -> float:
    """Share of calls that goes to impaired hosts, over as long as so many calls take; nothing is seen of those before.

    By Little's law, from the mean number of calls outstanding there: that is nearly the same all the time, while of
    calls that count for long few come, and unevenly.
    """
    s, draw = scenario, random.Random(seed)
    outstanding, ends, now, held = [0] * s.hosts, [], 0.0, 0.0
    rate, everybody = s.request_rate * s.fan_out, range(s.hosts)
    begin, end = before / rate, (before + calls) / rate
    while now < end:
        now += draw.expovariate(rate)
        while ends and ends[0][0] <= now:
            outstanding[heapq.heappop(ends)[1]] -= 1
        looked_at = draw.sample(everybody, 2) if s.balancer == "two_choices" else everybody
        least = min(outstanding) if looked_at is everybody else min(outstanding[host] for host in looked_at)
        host = draw.choice([host for host in looked_at if outstanding[host] == least])
        outstanding[host] += 1
        over = now + min(_counts_for(s, host < s.impaired_hosts, draw), s.timeout)
        heapq.heappush(ends, (over, host))
        if host < s.impaired_hosts:
            held += max(min(over, end) - max(now, begin), 0.0)
    return held / (end - begin) / (rate * _mean(s))


def _counts_for(s: Scenario, impaired: bool, draw: random.Random) -> float:
    """Seconds that a call counts as outstanding."""
    took = s.median_time * math.exp(s.spread * draw.gauss(0, 1))
    if not impaired:
        return took
    if s.fault == "sinkhole":
        return max(s.fail_time, s.error_penalty)
    if s.fault == "heavy":
        return took * s.work_factor
    if draw.random() >= s.slow_fraction:
        return took
    return math.inf if s.fault == "lossy" else s.slow_time * math.exp(s.spread * draw.gauss(0, 1))


def _mean(s: Scenario) -> float:
    """Its mean at an impaired host."""
    if s.fault == "sinkhole":
        return max(s.fail_time, s.error_penalty)
    if s.fault == "heavy":
        return _mean_at_most(s.timeout, s.median_time * s.work_factor, s.spread)
    slow = s.timeout if s.fault == "lossy" else _mean_at_most(s.timeout, s.slow_time, s.spread)
    return (1.0 - s.slow_fraction) * _mean_at_most(s.timeout, s.median_time, s.spread) + s.slow_fraction * slow


def _mean_at_most(most: float, median: float, spread: float) -> float:
    """Mean of a log-normal time, or of `most` where that is less."""
    below = lambda z: 0.5 * math.erfc(-z / math.sqrt(2.0))  # noqa: E731
    z = math.log(most / median) / spread
    return median * math.exp(spread * spread / 2.0) * below(z - spread) + most * below(-z)
