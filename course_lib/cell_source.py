"""Read a cell's source as IPython would, in bounded time: magics, ``!``, ``?`` and top-level ``await`` included."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

#: Characters times lines that may hold a magic: IPython's transformer reads the whole cell anew for each, 7 µs a
#: character. Beyond it a cell that is not Python as it stands counts as one that does not parse.
MOST_WORK = 60_000
MAX_SOURCE = 50_000
_MAYBE_MAGIC = re.compile(r"^[^\S\n]*(?:[%!?]|[\w., =]*=\s*[%!]|.*\?[^\S\n]*$|>>>|In \[)", re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*")


@lru_cache(maxsize=256)
def plain(source: str) -> str:
    """The cell as Python, by IPython's own input transformer where it is not Python as it stands.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
        `source` itself where it is Python, or where it would take too long to find out.
    """
    magics = len(_MAYBE_MAGIC.findall(source))
    if not magics or _parsed(source) is not None or len(source) * (1 + magics) > MOST_WORK:
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return TransformerManager().transform_cell(source)
    except (SyntaxError, ValueError, RuntimeError, RecursionError, MemoryError, IndexError, TypeError):
        return source


def tree(source: str) -> ast.Module | None:
    """The syntax tree of a cell, or None where it has none or is longer than `MAX_SOURCE`."""
    return _parsed(plain(source)) if len(source) <= MAX_SOURCE else None


def words(source: str) -> set[str]:
    """Everything in a text that could be a name."""
    return set(_WORD.findall(source))


def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            return compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return None
