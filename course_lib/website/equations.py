"""Equations as MathML, which browsers draw themselves."""

from __future__ import annotations

import re

from latex2mathml.converter import convert as latex_to_mathml

from course_lib.notebook_file import NotebookError

#: A command or an alignment mark that the converter passed through.
_LEFT_OVER = re.compile(r">\s*(?:\\|&(?!#?\w+;))")
#: Environments that the converter knows only by their numbered siblings' names.
_SIBLINGS = {"aligned": "align*", "gathered": "align*", "equation": "align*", "equation*": "align*"}


def mathml(latex: str, display: str) -> str:
    """Turn an equation into MathML.

    Parameters
    ----------
    latex : str
        Without its dollar signs.
    display : {"inline", "block"}

    Raises
    ------
    NotebookError
        With the equation, where the converter left part of it as LaTeX.
    """
    for name, sibling in _SIBLINGS.items():
        latex = latex.replace(f"{{{name}}}", f"{{{sibling}}}")
    try:
        drawn = latex_to_mathml(latex.strip(), display=display)
    except Exception as error:  # the converter has many ways to fail on what it does not know
        raise NotebookError(f"an equation cannot be drawn ({type(error).__name__}): {latex.strip()}") from None
    if _LEFT_OVER.search(drawn):
        raise NotebookError(f"an equation cannot be drawn in full: {latex.strip()}")
    return drawn
