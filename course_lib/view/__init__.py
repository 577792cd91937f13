"""What a learner sees and drags.

Charts in one look (`style`), panels of sliders built from data (`panel`), predictions before the reveal
(`prediction`), tidy tables (`frame`), and one file a module that says which sliders, presets, challenges and charts
belong to its model.

Importing the package costs nothing: each name is loaded when it is first used. (`frame` is both a file and its main
function; the name means the function.)
"""

from __future__ import annotations

import importlib
from typing import Any

from course_lib.view.frame import frame as frame
from course_lib.view.frame import spread as spread
from course_lib.view.frame import thin as thin

_HOME = {
    "Challenge": "panel",
    "Choice": "controls",
    "Panel": "panel",
    "PhaseMap": "phase_map",
    "Picture": "picture",
    "Readout": "panel",
    "Slider": "controls",
    "Switch": "controls",
    "alarms": "alarm_chart",
    "predict": "prediction",
    "predict_curve": "prediction",
    "show": "single_chart",
    "tournament": "tournament_chart",
    "own_data": "own_data_chart",
    "parameter_table": "listing",
    "source": "listing",
}

__all__ = sorted([*_HOME, "frame", "spread", "thin"])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
