"""Results of the independent event loops, kept so that the quick suite need not run them again.

A record is filed under a digest of what made it: the event loop's source, the function that measures a run, the
scenario and the seed. Change any of them and the record no longer counts: the loop runs. One seed of each test's
cheapest scenario runs each time all the same (``live=True``), and ``COURSE_EVENT_LOOPS=live`` (weekly) runs all; both
compare what they see with the record. ``COURSE_EVENT_LOOPS=record`` writes the records that are missing.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("records")
MODE = "COURSE_EVENT_LOOPS"
DIGITS = 12
Measured = dict[str, Any]


def replay(
    oracle: ModuleType,
    measure: Callable[[Any, int], Measured],
    scenario: Any,
    seeds: Iterable[int],
    *,
    live: bool = False,
    folder: Path = FOLDER,
) -> dict[str, np.ndarray]:
    """Return what a measure sees in the event loop's runs, from the record where there is one.

    Parameters
    ----------
    oracle : module
        The event loop; its whole source belongs to the digest.
    measure : callable(scenario, seed) -> dict of name to number or list of numbers
        Runs the loop once and boils the run down to what the test compares. A module-level function.
    scenario : Any
        Told apart by its ``repr``.
    seeds : iterable of int
    live : bool
        Run the loop on the first seed whatever the record says, and hold the record to it.
    folder : Path
        Where the records are.

    Returns
    -------
    dict of name to ndarray (seeds, ...)

    Raises
    ------
    AssertionError
        A record says something else than the loop does.
    """
    mode = os.environ.get(MODE, "")
    path = folder / f"{oracle.__name__.rpartition('.')[2].removesuffix('_oracle')}.json"
    known, found = _read(path), []
    for number, seed in enumerate(seeds):
        key = _digest(oracle, measure, scenario, seed)
        if key not in known or (live and number == 0) or mode == "live":
            seen = _plain(measure(scenario, seed))
            _hold(known.get(key, seen), seen, f"{path.name}: {scenario!r}, seed {seed}")
            if mode == "record" and key not in known:
                known[key] = seen
                _write(path, known)
            found.append(seen)
        else:
            found.append(known[key])
    return {name: np.asarray([run[name] for run in found], dtype=float) for name in found[0]}


def _digest(oracle: ModuleType, measure: Callable[..., Any], scenario: Any, seed: int) -> str:
    parts = (inspect.getsource(oracle), inspect.getsource(measure), repr(scenario), str(int(seed)))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _plain(measured: Measured) -> Measured:
    """As JSON keeps it: lists of numbers, NaN as null."""
    return {name: _listed(np.asarray(value, dtype=float)) for name, value in measured.items()}


def _listed(values: np.ndarray) -> Any:
    if values.ndim:
        return [_listed(value) for value in values]
    return float(f"{values:.{DIGITS}g}") if np.isfinite(values) else None


def _hold(record: Measured, seen: Measured, what: str) -> None:
    """A record was made elsewhere, where the last digit of a logarithm may differ."""
    assert set(record) == set(seen), f"{what}: the record holds {sorted(record)}, the loop measures {sorted(seen)}"
    for name in seen:
        before, now = (np.asarray(values[name], dtype=float) for values in (record, seen))
        assert before.shape == now.shape and np.allclose(before, now, rtol=1e-9, atol=1e-12, equal_nan=True), (
            f"{what}: the record says {name} = {record[name]}, the loop {seen[name]}"
        )


def _read(path: Path) -> dict[str, Measured]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write(path: Path, known: dict[str, Measured]) -> None:
    path.parent.mkdir(exist_ok=True)
    rows = [f" {json.dumps(key)}: {json.dumps(known[key], separators=(',', ':'))}" for key in sorted(known)]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
