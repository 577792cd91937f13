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
    """Share of so many calls that goes to impaired hosts; of those before them nothing is counted."""
    s, draw = scenario, random.Random(seed)
    outstanding, ends, now, to_impaired = [0] * s.hosts, [], 0.0, 0
    rate, everybody = s.request_rate * s.fan_out, range(s.hosts)
    for number in range(before + calls):
        now += draw.expovariate(rate)
        while ends and ends[0][0] <= now:
            outstanding[heapq.heappop(ends)[1]] -= 1
        looked_at = draw.sample(everybody, 2) if s.balancer == "two_choices" else everybody
        least = min(outstanding) if looked_at is everybody else min(outstanding[host] for host in looked_at)
        host = draw.choice([host for host in looked_at if outstanding[host] == least])
        outstanding[host] += 1
        heapq.heappush(ends, (now + min(_counts_for(s, host < s.impaired_hosts, draw), s.timeout), host))
        to_impaired += number >= before and host < s.impaired_hosts
    return to_impaired / calls


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
