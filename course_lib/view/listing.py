"""Show code and parameters of a model where the lesson speaks of them, so that text and code can't drift apart."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def source(*functions: Callable[..., Any]) -> Any:
    """Return the source of one or more functions, highlighted, for display as a cell's last line."""
    from IPython.display import Code

    return Code("\n".join(textwrap.dedent(inspect.getsource(function)) for function in functions), language="python")


def parameter_table(parameters: type, *names: str) -> Any:
    """Return the table *symbol, name in code, meaning, unit, default* of a model's parameters, read off the model.

    Parameters
    ----------
    parameters : type
        The model's ``Parameters``.
    *names : str
        Which, in this order.

    Returns
    -------
    pandas Styler
        Shown in full; its ``data`` is the table.
    """
    import pandas as pd

    fields = {field.name: field for field in dataclasses.fields(parameters)}
    rows = []
    for name in names:
        about = fields[name].metadata
        rows.append((about["symbol"], name, about["meaning"], about["unit"], fields[name].default))
    return whole(pd.DataFrame(rows, columns=["symbol", "name in code", "meaning", "unit", "default"]))


def whole(table: Any) -> Any:
    """Return a DataFrame as a table of words: left-aligned, no index, nothing cut off."""
    left = [{"selector": "th, td", "props": [("text-align", "left")]}]
    return table.style.hide(axis="index").set_table_styles(left).format(_cell, na_rep="never")


def _cell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
