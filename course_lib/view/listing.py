"""Show code and parameters of a model where the lesson speaks of them, so that text and code can't drift apart."""

from __future__ import annotations

import dataclasses
import html
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

SHOWN = 10  # lines of source that stand in the open


def source(*functions: Callable[..., Any]) -> Any:
    """Return the source of one or more functions, highlighted, for display as a cell's last line.

    What is longer than `SHOWN` lines is folded under its first line, so that nobody has to scroll past it.
    """
    from IPython.display import Code

    text = "\n".join(textwrap.dedent(inspect.getsource(function)) for function in functions)
    return Folded(text) if text.rstrip().count("\n") >= SHOWN else Code(text, language="python")


class Folded:
    """Python source that shows its first line, and the rest on demand; `data` is its text."""

    def __init__(self, text: str) -> None:
        self.data = text

    def __repr__(self) -> str:
        return self.data

    def _repr_html_(self) -> str:
        from IPython.display import Code

        first, *rest = self.data.rstrip().splitlines()
        summary = f"<code>{html.escape(first)}</code> &nbsp; unfold {len(rest)} more lines"
        return f"<details><summary>{summary}</summary>{Code(self.data, language='python')._repr_html_()}</details>"


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
    """Return a DataFrame as a table of words: left-aligned, no index, nothing cut off, columns as wide as they need.

    JupyterLab makes all columns equally wide, which in a narrow window leaves one word a line of the longest.
    """
    left = {"selector": "th, td", "props": [("text-align", "left")]}
    fits = {"selector": "", "props": [("table-layout", "auto")]}
    return table.style.hide(axis="index").set_table_styles([left, fits]).format(_cell, na_rep="never")


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1e6 else f"{value:g}"
