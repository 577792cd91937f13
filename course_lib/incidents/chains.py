"""Chains: two models in a row, where what the first shows drives a parameter of the second.

A link is arithmetic over the first model's signals and over levers of the chain's own: the gateway's workers wait for a
cart that is slow, so fewer of them are free. It is read every `EVERY` seconds and felt from then on. Nothing flows
back: load that the second model's trouble puts on the first is left out, and where users' reloads matter to the first,
they are in the first model as its retries. A chain is therefore as true as its links, which stand here, and no truer.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.incidents import expression
from course_lib.models.schedule import Schedule

EVERY = 10.0  # seconds between two readings of a link
APART = 7919  # between the seeds of a chain's models, lest they share their luck
Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Lever:
    """A number of the chain's own that its links read, and that the world or an operator may change."""

    value: float
    unit: str
    low: float
    high: float
    by: str
    meaning: str

    @property
    def about(self) -> dict[str, Any]:
        """Metadata, as a model's field has it."""
        return dict(
            unit=self.unit, low=self.low, high=self.high, symbol="", meaning=self.meaning, source="chosen",
            kind="scheduled", integer=False, choices=None, by=self.by,
        )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Chain:
    """Models by the name of their tier, upstream first, with settings; links as ``tier.parameter: arithmetic``."""

    says: str
    stages: Mapping[str, tuple[str, Mapping[str, Any]]]
    links: Mapping[str, str]
    levers: Mapping[str, Lever]


CHAINS: dict[str, Chain] = {
    "cart_gateway": Chain(
        "a store's hot partition makes carts slow, and the gateway's workers wait for them",
        {
            "cart": ("hot_partition", dict(viral_start=0.0, viral_duration=1e5, viral_share=0.0, dt=2.0)),
            "gateway": (
                "retry_storm",
                dict(
                    dt=0.5, brownout_duration=0.0, arrival_rate=900.0, max_retries=0, queue_limit=1200.0, breaker="on"
                ),
            ),
        },
        {
            # A worker works 0.1 s on a request, and as long as the cart's queue when the request is for its busiest
            # partition; requests whose cart fails are loaded again.
            "gateway.service_rate": (
                "120 * gateway.fleet / (0.1 + 0.25 * cart.throttled_share * cart.longest_queue / 1000)"
            ),
            "gateway.arrival_rate": "gateway.users * (1 + gateway.reloads * cart.error_ratio)",
        },
        {
            "gateway.users": Lever(
                900.0, "requests/s", 0.0, 1e5, "operator", "requests that users send to the gateway"
            ),
            "gateway.fleet": Lever(1.0, "times", 0.001, 4.0, "operator", "the gateway's workers compared with usual"),
            "gateway.reloads": Lever(2.0, "per failed request", 0.0, 10.0, "world", "reloads for each failed request"),
        },
    ),
    "cache_orders": Chain(
        "a stampede keeps a database busy that the workers of a queue write to",
        {
            "cache": ("cache_stampede", dict(trigger="none")),
            "orders": ("queue_overload", dict(burst_duration=0.0, deadline=10.0)),
        },
        {"orders.downstream_rate": "max(2000 * orders.database * (1 - cache.utilisation), 150 * orders.database)"},
        {"orders.database": Lever(1.0, "times", 0.001, 4.0, "operator", "what the database leaves for orders")},
    ),
    "names_shop": Chain(
        "names fail to resolve, so part of a service's workers cannot work; its clients try again",
        {
            "names": ("dns_outage", dict(outage_duration=0.0, ttl=60.0)),
            "shop": ("metastable_failure", dict(trigger_duration=0.0)),
        },
        {"shop.capacity": "min(names.availability * shop.fleet, 1)"},
        {"shop.fleet": Lever(1.0, "of capacity", 0.0, 1.0, "operator", "workers in service compared with usual")},
    ),
    "registry_checkout": Chain(
        "a registry hands out lists without living instances, and the callers of those that are left try again",
        {
            "registry": ("discovery_failure", dict(outage_duration=0.0)),
            "checkout": ("retry_storm", dict(dt=0.5, brownout_duration=0.0, queue_limit=3000.0)),
        },
        {"checkout.service_rate": "0.3 * registry.visible_capacity * checkout.fleet"},
        {"checkout.fleet": Lever(1.0, "times", 0.001, 2.0, "operator", "checkout's machines compared with usual")},
    ),
}


def fields_of(name: str) -> tuple[dict[str, Mapping[str, Any]], dict[str, Any], dict[str, tuple[str, str]]]:
    """What can be set of a chain, with which defaults, and what can be seen: as ``tier.parameter``, ``tier.signal``."""
    chain = CHAINS[name]
    about: dict[str, Mapping[str, Any]] = {lever: made.about for lever, made in chain.levers.items()}
    defaults: dict[str, Any] = {lever: made.value for lever, made in chain.levers.items()}
    seen: dict[str, tuple[str, str]] = {}
    for stage, (slug, settings) in chain.stages.items():
        module = importlib.import_module(f"course_lib.models.{slug}")
        for field in dataclasses.fields(module.Parameters):
            full = f"{stage}.{field.name}"
            if full not in chain.links:
                about[full] = field.metadata
                defaults[full] = settings.get(field.name, field.default)
        for signal, made in module.MODEL.signals.items():
            seen[f"{stage}.{signal}"] = made.unit, made.meaning
    return about, defaults, seen


def run(name: str, values: Mapping[str, Any], seeds: Any, until: float) -> tuple[Array, Mapping[str, Any]]:
    """Run a chain, stage by stage; signals come at the pace of its slowest model."""
    chain, seeds = CHAINS[name], np.asarray(seeds, dtype=np.int64)
    given = {lever: values.get(lever, made.value) for lever, made in chain.levers.items()}
    traces: dict[str, Any] = {}
    for place, (stage, (slug, settings)) in enumerate(chain.stages.items()):
        module = importlib.import_module(f"course_lib.models.{slug}")
        own = dict(settings) | {k.split(".", 1)[1]: v for k, v in values.items() if k.startswith(f"{stage}.")}
        own = {k: v for k, v in own.items() if f"{stage}.{k}" not in chain.levers}
        for full, text in chain.links.items():
            tier, parameter = full.split(".", 1)
            if tier == stage:
                own[parameter] = _linked(text, traces, given, len(seeds), until)
        traces[stage] = module.simulate(module.Parameters(**own), (seeds + APART * place) % 2**62, until=until)
    step = max(float(trace.time[0]) for trace in traces.values())
    rows = int(min(trace.time[-1] for trace in traces.values()) / step + 1e-9)
    return np.round(np.arange(1, rows + 1) * step, 9), _Together(traces, step, rows)


class _Together(dict[str, Any]):
    """Signals of all stages on one clock, worked out when first read."""

    def __init__(self, traces: Mapping[str, Any], step: float, rows: int) -> None:
        super().__init__()
        self._traces, self._step, self._rows = traces, step, rows

    def __missing__(self, name: str) -> Array:
        stage, signal = name.split(".", 1)
        self[name] = means(self._traces[stage], signal, self._step)[: self._rows]
        return self[name]


def means(trace: Any, signal: str, step: float) -> Array:
    """A signal's mean over each whole `step`, (steps, members); added row by row, so that a batch changes no bit."""
    every = max(round(step / float(trace.time[0])), 1)
    values = np.asarray(trace[signal], dtype=float)
    total = values[: len(values) // every * every]
    total = total.reshape(-1, every, values.shape[1])
    added = total[:, 0]
    for row in range(1, every):
        added = added + total[:, row]
    return added / every


def _linked(text: str, traces: Mapping[str, Any], levers: Mapping[str, Any], members: int, until: float) -> Schedule:
    """A link over time: each reading of the stage before is felt from its end on."""
    times = np.arange(0.0, until, EVERY)
    known: dict[str, Any] = {}
    for name in expression.names(text):
        if name in levers:
            lever = levers[name]
            over = lever.at(times) if isinstance(lever, Schedule) else np.asarray(lever)
            known[name] = over.reshape(len(times) if isinstance(lever, Schedule) else 1, -1)
        else:
            stage, signal = name.split(".", 1)
            seen = np.nan_to_num(means(traces[stage], signal, EVERY))
            first = np.nan_to_num(np.asarray(traces[stage][signal])[:1])
            known[name] = np.concatenate([first, seen])[: len(times)]
    values = np.broadcast_to(expression.evaluate(text, known), (len(times), members))
    moved = [k for k in range(1, len(times)) if (values[k] != values[k - 1]).any()]
    return Schedule(values[0], tuple((times[k], values[k]) for k in moved))
