"""The question as a form on the page: an answer, a confidence in three steps, "commit" and "skip"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from course_lib.view.live import HERE


class PredictionCard(anywidget.AnyWidget):
    """See `prediction.js` for the page's side.

    Attributes
    ----------
    question : dict
        Kind, wording and scale or captions.
    value : float, str or None
        What was committed earlier; None where nothing was, so that no answer is suggested.
    confidence : int
        1 to 3; 0 before a choice.
    committed : bool
    """

    _esm = HERE / "prediction.js"
    _css = HERE / "live.css"
    question = traitlets.Dict().tag(sync=True)
    value = traitlets.Any().tag(sync=True)
    confidence = traitlets.Int().tag(sync=True)
    committed = traitlets.Bool().tag(sync=True)

    def __init__(self, about: Mapping[str, Any], **traits: Any) -> None:
        super().__init__(question=shown(about), **traits)


def shown(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page needs to know of a question, JSON-ready."""
    known = ("kind", "question", "low", "high", "step", "unit", "missing", "captions")
    return {key: about[key] for key in known if key in about}
