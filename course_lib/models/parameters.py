"""What a model may be told: typed, bounded parameters that broadcast.

A model's ``Parameters`` is a frozen dataclass whose fields are made by `swept` (a number, or an array: one value per
member of a batch), `scheduled` (also a `Schedule`: a value that changes while the model runs), `fixed` or `choice`. The
field itself says what it means, in which unit, over which range, where its default comes from, and who changes it: the
world, or an operator.
"""

from __future__ import annotations

import dataclasses
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.models.schedule import Schedule

KINDS = ("swept", "scheduled", "fixed")


WORLD, OPERATOR = "world", "operator"


def swept(
    default: Any,
    unit: str,
    low: float,
    high: float,
    symbol: str,
    meaning: str,
    source: str,
    *,
    kind: str = "swept",
    integer: bool = False,
    by: str = WORLD,
) -> Any:
    """Declare a numeric field of a parameter set: one value a run, or an array of them for a batch.

    Parameters
    ----------
    default : float
    unit : str
        Unit shown beside every slider, table and error.
    low, high : float
        Inclusive range; ``high=inf`` admits infinity, which means "no limit".
    symbol, meaning, source : str
        How texts write it, what it is, and where the default comes from.
    kind : {"swept", "scheduled", "fixed"}
    integer : bool
        Whole numbers only.
    by : {"world", "operator"}
        Who changes it: what happens to a service, or what somebody on call may turn.
    """
    about = dict(unit=unit, low=low, high=high, symbol=symbol, meaning=meaning, source=source, kind=kind)
    return dataclasses.field(default=default, metadata={**about, "integer": integer, "choices": None, "by": by})


def scheduled(
    default: Any, unit: str, low: float, high: float, symbol: str, meaning: str, source: str, **more: Any
) -> Any:
    """Declare a numeric field that may also change during a run; otherwise as `swept`."""
    return swept(default, unit, low, high, symbol, meaning, source, kind="scheduled", **more)


def fixed(default: Any, unit: str, low: float, high: float, symbol: str, meaning: str, source: str, **more: Any) -> Any:
    """Declare a numeric field that is one number for a whole batch; otherwise as `swept`."""
    return swept(default, unit, low, high, symbol, meaning, source, kind="fixed", **more)


def choice(
    default: str, choices: tuple[str, ...], meaning: str, source: str, *, kind: str = "swept", by: str = OPERATOR
) -> Any:
    """Declare a field that takes one of a few words; an array of words sweeps it."""
    about = dict(unit="", low=None, high=None, symbol="", meaning=meaning, source=source, kind=kind)
    return dataclasses.field(default=default, metadata={**about, "integer": False, "choices": choices, "by": by})


@dataclasses.dataclass(frozen=True)
class ParameterSet:
    """Base of every model's ``Parameters``: checks each field when it is made.

    Raises
    ------
    ValueError
        A value is not a number, out of range, not one of the choices, or does not broadcast with the others. The
        message names the field, the value and the range.
    TypeError
        A schedule or an array was given to a field that does not take one.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check_field(field, getattr(self, field.name))
        self.batch_shape  # noqa: B018 - raises when the shapes do not fit together

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Broadcast shape of all swept values, schedule values and schedule times."""
        shapes: dict[str, tuple[int, ...]] = {}
        for field in dataclasses.fields(self):
            shapes[field.name] = _shape(getattr(self, field.name))
        return broadcast_shape(shapes)

    def replace(self, **changes: Any) -> Any:
        """Return a copy with some fields changed, checked again."""
        names = [field.name for field in dataclasses.fields(self)]
        unknown = sorted(set(changes) - set(names))
        if unknown:
            raise ValueError(f"{type(self).__name__} has no parameter {unknown[0]!r}: it has {', '.join(names)}")
        return dataclasses.replace(self, **changes)


def broadcast_shape(shapes: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Broadcast named shapes, or say which two do not fit."""
    result: tuple[int, ...] = ()
    widest = ""
    for name, shape in shapes.items():
        try:
            joined = np.broadcast_shapes(result, shape)
        except ValueError:
            message = f"{name} has shape {shape}, which does not broadcast with {widest} of shape {result}"
            raise ValueError(message + ": give each swept parameter an axis of its own, as in x[:, None]") from None
        if joined != result:
            result, widest = joined, name
    return result


def _shape(value: Any) -> tuple[int, ...]:
    return value.shape if isinstance(value, Schedule) else np.shape(value)


def _check_field(field: dataclasses.Field[Any], value: Any) -> None:
    kind = field.metadata["kind"]
    if isinstance(value, Schedule):
        if kind != "scheduled":
            raise TypeError(f"{field.name} can't change during a run: give it a number, not a Schedule")
        for part in (value.initial, *(changed for _, changed in value.changes)):
            _check_values(field, part)
        return
    _check_values(field, value)
    if kind == "fixed" and np.ndim(value):
        raise TypeError(
            f"{field.name} is fixed for a batch: give it one number, not an array of shape {np.shape(value)}"
        )


def _check_values(field: dataclasses.Field[Any], value: Any) -> None:
    if field.metadata["choices"] is not None:
        _check_choice(field, value)
    else:
        _check_range(field, value)


def _check_choice(field: dataclasses.Field[Any], value: Any) -> None:
    choices = field.metadata["choices"]
    if np.size(value) == 0:
        raise ValueError(f"{field.name} is empty: choose at least one of {', '.join(choices)}")
    for word in np.unique(np.asarray(value, dtype=object).astype(str)):
        if word not in choices:
            raise ValueError(f"{field.name} = {str(word)!r}: choose one of {', '.join(choices)}")


def _check_range(field: dataclasses.Field[Any], value: Any) -> None:
    low, high, unit = (field.metadata[key] for key in ("low", "high", "unit"))
    try:
        values = np.asarray(value)
        if values.dtype.kind not in "iuf":  # a word, a truth value, a date, a complex number
            values = np.asarray([_real(one) for one in values.ravel()]).reshape(values.shape)
        values = values.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"{field.name} = {shortened(value)}: give a number between {low:g} and {high:g} {unit}"
        ) from None
    if values.size == 0:
        raise ValueError(f"{field.name} is empty: give at least one value between {low:g} and {high:g} {unit}")
    bad = ~((values >= low) & (values <= high))  # NaN fails both comparisons
    if bad.any():
        raise ValueError(f"{field.name} = {values[bad].flat[0]:g}: must lie between {low:g} and {high:g} {unit}")
    if field.metadata["integer"] and (np.isfinite(values) & (values != np.round(values))).any():
        raise ValueError(f"{field.name} = {values[values != np.round(values)].flat[0]:g}: must be a whole number")


def shortened(value: Any) -> str:
    """What was given, on one line of an error."""
    try:
        words = " ".join(repr(value).split())
    except ValueError:  # Python refuses to print integers of more than some thousand digits
        return "a number of thousands of digits"
    return words if len(words) <= 60 else f"{words[:57]}..."


def _real(value: Any) -> float:
    """A number that numpy keeps as an object, such as an integer beyond 64 bits; nothing else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(value)
    return float(value)


def as_code(field: dataclasses.Field[Any], value: Any) -> NDArray[np.float64]:
    """Turn a checked value into numbers: choices become their position in the list of choices."""
    choices = field.metadata["choices"]
    if choices is None:
        return np.asarray(value, dtype=float)
    words = np.asarray(value, dtype=object).astype(str)
    return np.select([words == word for word in choices], range(len(choices))).astype(float)
