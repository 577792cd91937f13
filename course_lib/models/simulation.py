"""One way to run every model: broadcast, cut into chunks, run, sample, resume."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models.parameters import ParameterSet, as_code, broadcast_shape, shortened
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

GOLDEN = ("traffic", "errors", "latency", "saturation")  # the four golden signals, SRE book ch. 6
CHUNK = 128  # members run together: their working set stays near the size of a core's cache


@dataclasses.dataclass(frozen=True)
class Model:
    """A failure mode: its dynamics, the signals it shows and the events it names.

    Parameters
    ----------
    name : str
    run : callable
        (batch, ticks) -> Curves with ``ticks + 1`` rows and the batch's members on the last axis.
    signals : dict of str to Signal
    events : callable
        (batch, curves) -> dict of name to array (members,), times in seconds, NaN for never.
    golden : dict of str to str
        Which signal shows each of `GOLDEN`: where one looks first, whatever the failure mode.
    chunk : int
        Members run together; no bit depends on it. More where a tick takes many calls of numpy on little data.
    """

    name: str
    run: Callable[[Batch, int], Curves]
    signals: Mapping[str, Signal]
    events: Callable[[Batch, Curves], dict[str, FloatArray]]
    golden: Mapping[str, str] = dataclasses.field(default_factory=dict)
    chunk: int = CHUNK

    def __post_init__(self) -> None:
        for word, name in self.golden.items():
            if word not in GOLDEN or name not in self.signals:
                raise ValueError(f"{self.name}: golden signal {word} = {name!r}: give one of its signals for {GOLDEN}")


class Batch:
    """Parameters of many members, flattened to one axis; ``batch.timeout`` is an array (1,) or (size,).

    A field that is the same for all members stays at length 1, so that members and scalars share one code path.
    """

    def __init__(self, parameters: ParameterSet, seeds: ArrayLike = 0) -> None:
        if not isinstance(parameters, ParameterSet):
            raise TypeError(f"parameters = {shortened(parameters)}: give the model's Parameters(...)")
        seeds = _checked_seeds(seeds)
        self.shape = broadcast_shape({"parameters": parameters.batch_shape, "seed": seeds.shape})
        self.size = int(np.prod(self.shape, dtype=np.int64))
        self.dt = float(parameters.dt)
        self._values = {
            f.name: self._flat_field(f, getattr(parameters, f.name)) for f in dataclasses.fields(parameters)
        }
        self.seeds = self._flat(seeds).astype(np.int64)

    def __getattr__(self, name: str) -> Any:
        try:
            value = self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(name) from None
        if isinstance(value, Schedule):
            raise AttributeError(f"{name} is scheduled: read it with batch.at({name!r}, time)")
        return value

    def at(self, name: str, time: FloatArray) -> FloatArray:
        """Value of a scheduled field, shape (len(time) or 1, size or 1)."""
        value = self._values[name]
        return value.at(time) if isinstance(value, Schedule) else value[None, :]

    def highest(self, name: str) -> float:
        """Largest value a field ever takes over members and time."""
        value = self._values[name]
        parts = [value] if not isinstance(value, Schedule) else [value.initial, *(part for _, part in value.changes)]
        return float(max(np.max(part) for part in parts))

    def lowest(self, name: str) -> float:
        """Smallest value a field ever takes over members and time."""
        value = self._values[name]
        parts = [value] if not isinstance(value, Schedule) else [value.initial, *(part for _, part in value.changes)]
        return float(min(np.min(part) for part in parts))

    def ticks_in(self, seconds: FloatArray) -> NDArray[np.int64]:
        """Seconds to whole ticks, at least one."""
        return np.maximum(np.round(np.asarray(seconds) / self.dt), 1).astype(np.int64)

    def chunks(self, size: int = CHUNK) -> Iterator[tuple[slice, Batch]]:
        """Cut the batch into runs of at most `size` members."""
        for start in range(0, self.size, size):
            part = slice(start, min(start + size, self.size))
            yield part, self._part(part)

    def _part(self, part: slice) -> Batch:
        if part == slice(0, self.size):
            return self
        piece = object.__new__(Batch)
        piece.shape, piece.size, piece.dt = (part.stop - part.start,), part.stop - part.start, self.dt
        piece._values = {name: _cut(value, part) for name, value in self._values.items()}
        piece.seeds = _cut(self.seeds, part)
        return piece

    def _flat_field(self, field: dataclasses.Field[Any], value: Any) -> Any:
        if not isinstance(value, Schedule):
            return self._flat(as_code(field, value))
        changes = tuple(
            (self._flat(np.asarray(t, dtype=float)), self._flat(as_code(field, v))) for t, v in value.changes
        )
        return Schedule(self._flat(as_code(field, value.initial)), changes)

    def _flat(self, value: NDArray[Any]) -> NDArray[Any]:
        if value.size == 1:
            return value.reshape(1)
        return np.broadcast_to(value, self.shape).reshape(-1)


def _cut(value: Any, part: slice) -> Any:
    if isinstance(value, Schedule):
        return Schedule(_cut(value.initial, part), tuple((_cut(t, part), _cut(v, part)) for t, v in value.changes))
    return value if value.size == 1 else value[part]


MOST = int(np.iinfo(np.int64).max)


def _checked_seeds(seeds: ArrayLike) -> NDArray[np.int64]:
    try:
        values = np.asarray(seeds)
        fits = values.size > 0 and values.dtype.kind in "iu" and bool((values >= 0).all() and (values <= MOST).all())
    except (TypeError, ValueError, OverflowError):  # ragged, or larger than any integer of numpy's
        fits = False
    if not fits:
        raise ValueError(f"seed = {shortened(seeds)}: give a whole number from 0 to {MOST}, or an array of them")
    return values.astype(np.int64)


def simulate(
    model: Model,
    parameters: ParameterSet,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run `model` and return its trace; each model's own ``simulate`` is this with the model filled in.

    Parameters
    ----------
    parameters : ParameterSet
        Swept fields and `seed` broadcast to the batch.
    seed : array_like of int, >= 0
    until : float
        Seconds; the run ends at the tick at or before it.
    state : State, optional
        Where an earlier run ended: only the ticks after it are returned. The past is computed again from the
        parameters, so a change made since must be a schedule that begins after the earlier run's end.
    record : Record, optional
        Keep only these signals at this interval. Without it every tick is kept.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        `until` is not after the start, a record's interval is not a whole number of ticks, a signal is unknown, or
        the parameters given with `state` rewrite the past.
    """
    batch = Batch(parameters, seed)
    start = 0.0 if state is None else _resumed(state, parameters, seed, batch)
    ticks = _ticks(until, start, batch.dt)
    if (
        record is None and batch.size > model.chunk
    ):  # a batch in chunks keeps finished signals, not each chunk's workings
        record = Record(tuple(model.signals), every=batch.dt)
    every, first = (1, 0) if record is None else _interval(record, batch.dt, model, ticks)
    parts = [_chunk(model, part, ticks, record, every, first) for _, part in batch.chunks(model.chunk)]
    events, kept, (curves, *_) = zip(*parts, strict=True)
    whole = {name: np.concatenate([part[name] for part in kept], axis=-1) for name in kept[0]}
    names = model.signals if record is None else record.signals
    first = max(first, round(start / batch.dt))
    return Trace(
        {name: model.signals[name] for name in names},
        whole.__getitem__ if record else lambda name: model.signals[name].read(curves),
        np.round(np.arange(first + every, ticks + 1, every) * batch.dt, 9),
        {name: np.concatenate([part[name] for part in events]) for name in events[0]},
        State(parameters, seed, ticks * batch.dt),
        batch.shape,
    )


def _chunk(
    model: Model, part: Batch, ticks: int, record: Record | None, every: int, first: int
) -> tuple[dict[str, FloatArray], dict[str, FloatArray], Curves]:
    """Run one chunk: its events, what is recorded of it, and its curves where nothing is; else its workings go."""
    curves = model.run(part, ticks)
    found = model.events(part, curves)
    events = {name: np.broadcast_to(value, (part.size,)) for name, value in found.items()}
    if record is None:
        return events, {}, curves
    return events, _recorded(model, curves, record, every, first), Curves(part.dt)


def _recorded(model: Model, curves: Curves, record: Record, every: int, first: int) -> dict[str, FloatArray]:
    sampled = curves.sampled(every, first)
    kept = {}
    for name in record.signals:
        signal = model.signals[name]
        values = signal.read(curves)[first + every - 1 :: every] if signal.full else signal.read(sampled)
        kept[name] = np.array(values)  # a copy: a view would keep the whole chunk alive
    return kept


def _interval(record: Record, dt: float, model: Model, ticks: int) -> tuple[int, int]:
    if not isinstance(record, Record):
        raise TypeError(f"record = {shortened(record)}: give a Record(...)")
    for name in record.signals:
        if name not in model.signals:
            raise ValueError(f"record: {model.name} has no signal {name!r}; it has {', '.join(model.signals)}")
    for name, value in (("every", record.every), ("start", record.start)):
        _number(f"record's {name}", value)
    every, first = round(record.every / dt), round(record.start / dt)
    if every < 1 or first < 0 or abs(every * dt - record.every) > 1e-9 or abs(first * dt - record.start) > 1e-9:
        raise ValueError(
            f"record every {record.every:g} s from {record.start:g} s: both must be whole ticks of {dt:g} s"
        )
    if first + every > ticks:
        raise ValueError(
            f"record every {record.every:g} s from {record.start:g} s: the run ends at {ticks * dt:g} s, before that"
        )
    return every, first


def _number(name: str, value: Any) -> float:
    """Let through one finite number; bool and text are none."""
    if isinstance(value, (bool, np.bool_, str, bytes)) or np.ndim(value) or not np.issubdtype(type(value), np.number):
        raise ValueError(f"{name} = {shortened(value)}: give one number, in seconds")
    try:
        seconds = float(value) if np.isreal(value) else np.nan
    except OverflowError:
        seconds = np.inf
    if not np.isfinite(seconds):
        raise ValueError(f"{name} = {shortened(value)} s: give a finite number of seconds")
    return seconds


def _ticks(until: float, start: float, dt: float) -> int:
    until = _number("until", until)
    ticks = int(np.floor(until / dt + 1e-6))
    if ticks < 1 or ticks * dt <= start:
        raise ValueError(f"until = {until:g} s: must lie after the start of the run, {start:g} s")
    return ticks


def _resumed(state: State, parameters: ParameterSet, seed: ArrayLike, batch: Batch) -> float:
    if not isinstance(state, State):
        raise TypeError(f"state = {shortened(state)}: give the state of an earlier trace, as in state=earlier.state")
    earlier = Batch(state.parameters, state.seed)
    if type(state.parameters) is not type(parameters) or not np.array_equal(np.asarray(seed), np.asarray(state.seed)):
        raise ValueError("state belongs to another model or seed: resume with the ones it was made with")
    past = np.arange(round(state.until / batch.dt)) * batch.dt
    for field in dataclasses.fields(parameters):
        before, now = earlier.at(field.name, past), batch.at(field.name, past)
        if before.shape[-1] not in (1, now.shape[-1]) or not (before == now).all():
            raise ValueError(
                f"{field.name} changed before {state.until:g} s, which has already been run: schedule it later"
            )
    return state.until
