"""What a scenario runs on: one model, or a chain of them, behind one face."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_lib import models
from course_lib.incidents import chains
from course_lib.models.schedule import Schedule
from course_lib.models.simulation import Model


@dataclasses.dataclass(frozen=True)
class System:
    """Parameters that can be set, signals that can be seen, and a way to run them.

    Parameters
    ----------
    name : str
    fields : mapping of str to mapping
        Metadata of each parameter, as `models.parameters` declares it.
    defaults : mapping of str to float or str
    signals : mapping of str to (unit, meaning)
    run : callable
        (values, seeds, until) -> (time, mapping of signal to array (steps, members)).
    """

    name: str
    fields: Mapping[str, Mapping[str, Any]]
    defaults: Mapping[str, Any]
    signals: Mapping[str, tuple[str, str]]
    run: Callable[[Mapping[str, Any], Any, float], tuple[Any, Mapping[str, Any]]]


def of_model(slug: str) -> System:
    """One model of the course, by its slug.

    Examples
    --------
    >>> of_model("retry_storm").defaults["max_retries"]
    3
    """
    module = importlib.import_module(f"course_lib.models.{slug}")
    model: Model = module.MODEL
    fields = dataclasses.fields(module.Parameters)

    def run(values: Mapping[str, Any], seeds: Any, until: float) -> tuple[Any, Mapping[str, Any]]:
        trace = module.simulate(module.Parameters(**values), np.asarray(seeds), until=until)
        return trace.time, trace

    return System(
        slug,
        {field.name: field.metadata for field in fields},
        {field.name: field.default for field in fields},
        {name: (signal.unit, signal.meaning) for name, signal in model.signals.items()},
        run,
    )


@functools.lru_cache
def system(name: str) -> System:
    """A model by its slug, or a chain by its name.

    Raises
    ------
    KeyError
        There is neither; the message names those that there are.
    """
    if name in _slugs():
        return of_model(name)
    if name in chains.CHAINS:
        return System(name, *chains.fields_of(name), functools.partial(chains.run, name))
    raise KeyError(f"no model or chain {name!r}: there are {', '.join([*_slugs(), *chains.CHAINS])}")


@functools.lru_cache
def _slugs() -> tuple[str, ...]:
    from course_lib import detect

    tables = {found.name for found in pkgutil.iter_modules(detect.__path__)}
    return tuple(sorted(tables & {found.name for found in pkgutil.iter_modules(models.__path__)}))


def steps(changes: list[tuple[float, Any]]) -> Any:
    """Piecewise-constant values as a schedule, or as one value where nothing changes."""
    if len(changes) == 1:
        return changes[0][1]
    return Schedule(changes[0][1], tuple(changes[1:]))
