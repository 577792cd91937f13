"""What a run leaves behind: named signals over time, events, and the place from which to go on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import FloatArray, accumulate, ratio  # noqa: F401 - signals are read with these


class Curves(dict[str, NDArray[Any]]):
    """Raw curves of a batch: row 0 is time zero, row k the end of step k; members on the last axis.

    Counts are kept cumulative, so that a coarser sampling of the rows loses nothing: a rate is a difference.

    Parameters
    ----------
    step : float
        Seconds between rows.
    curves : mapping of str to ndarray, optional
    make : mapping of str to callable, optional
        Curves computed when first read: a sweep that looks at one signal pays for one.
    """

    def __init__(
        self,
        step: float,
        curves: Mapping[str, NDArray[Any]] | None = None,
        make: Mapping[str, Callable[[], NDArray[Any]]] | None = None,
    ) -> None:
        super().__init__(curves or {})
        self.step = step
        self.make = dict(make or {})

    def __missing__(self, name: str) -> NDArray[Any]:
        self[name] = value = self.make[name]()
        return value

    def rate(self, name: str) -> FloatArray:
        """Increase of a cumulative curve per second, shape (rows - 1, members)."""
        return np.diff(self[name], axis=0) / self.step

    def level(self, name: str) -> FloatArray:
        """Value at the end of each step, shape (rows - 1, members)."""
        return self[name][1:]

    def sampled(self, every: int, start: int = 0) -> Curves:
        """Every `every`-th row from `start`."""
        names = {*self, *self.make}
        return Curves(self.step * every, make={name: lambda name=name: self[name][start::every] for name in names})


@dataclasses.dataclass(frozen=True)
class Signal:
    """How one named signal is read off the raw curves.

    Parameters
    ----------
    unit, meaning : str
    read : callable
        Curves -> array (steps, members).
    full : bool
        True when it needs every tick (latency): read before curves are sampled for a record.
    """

    unit: str
    meaning: str
    read: Callable[[Curves], FloatArray]
    full: bool = False


@dataclasses.dataclass(frozen=True)
class Record:
    """What to keep of a run, so that sweeps of thousands of members stay small.

    Parameters
    ----------
    signals : tuple of str
        Names to keep; empty keeps the events alone.
    every : float
        Seconds between kept values. Rates become means over the interval, levels are read at its end.
    start : float
        Seconds at which keeping begins.
    """

    signals: tuple[str, ...] = ()
    every: float = 1.0
    start: float = 0.0


@dataclasses.dataclass(frozen=True)
class State:
    """Where a run ended; give it to `simulate` to go on from there."""

    parameters: Any
    seed: Any
    until: float


class Trace(Mapping[str, FloatArray]):
    """Signals of a run by name, each of shape (steps, *batch), computed when first asked for.

    Made by `simulate`; `read` gives one signal's values, shape (steps or more, members).

    Attributes
    ----------
    time : ndarray (steps,)
        Seconds at the *end* of each step; a rate is the mean over the step, a level is as seen then.
    units : dict of str to str
    events : dict of str to ndarray (*batch)
        Times in seconds; NaN means never.
    state : State
    parameters, seed
        What the run was given.
    """

    def __init__(
        self,
        signals: Mapping[str, Signal],
        read: Callable[[str], FloatArray],
        time: FloatArray,
        events: Mapping[str, FloatArray],
        state: State,
        shape: tuple[int, ...],
    ) -> None:
        self._signals = dict(signals)
        self._compute = read
        self._read: dict[str, FloatArray] = {}
        self.time = time
        self.shape = shape
        self.units = {name: signal.unit for name, signal in self._signals.items()}
        self.meanings = {name: signal.meaning for name, signal in self._signals.items()}
        self.events = {name: np.asarray(value).reshape(shape) for name, value in events.items()}
        self.state = state
        self.parameters = state.parameters
        self.seed = state.seed

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the signals at hand."""
        return tuple(self._signals)

    def __getitem__(self, name: str) -> FloatArray:
        if name not in self._signals:
            raise KeyError(f"no signal {name!r} in this trace; it has {', '.join(self._signals)}")
        if name not in self._read:
            values = self._compute(name)[-len(self.time) :]
            self._read[name] = values.reshape(len(self.time), *self.shape)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._signals)

    def __len__(self) -> int:
        return len(self._signals)

    def __repr__(self) -> str:
        span = f"{self.time[0]:g} to {self.time[-1]:g} s" if len(self.time) else "no steps"
        return f"<Trace of {len(self.time)} steps ({span}), batch {self.shape}: {', '.join(self._signals)}>"
