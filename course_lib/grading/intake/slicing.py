"""Which of a notebook's given cells the answers need, so that nothing else of it runs where they are judged."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from course_lib import cell_source


@dataclass(frozen=True)
class Cell:
    """A code cell: its id and source."""

    id: str
    source: str


def needed(
    given: Sequence[Cell],
    answers: Iterable[Cell],
    order: Sequence[str],
    read: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> list[Cell]:
    """Answer cells, and those given cells that define a name they use, directly or through other given cells.

    Parameters
    ----------
    given, answers : sequences of Cell
    order : sequence of str
        Cell ids in notebook order.
    read : mapping of str to collection of str
        By id of answer cells, the names they use, where the text was read elsewhere; it is not parsed here then.

    Returns
    -------
    list of Cell, in notebook order

    Notes
    -----
    Names are read from the symbol table of what IPython would run: a function's
    own variables need no cell, whatever they are called. A cell that has none may
    use every word in it.
    """
    kept = list(answers)
    wanted = set().union(*(read[cell.id] if cell.id in read else used(cell.source) for cell in kept))
    left = list(given)
    while True:
        more = [cell for cell in left if defined(cell.source) & wanted]
        if not more:
            break
        kept += more
        left = [cell for cell in left if cell not in more]
        wanted |= set().union(*(used(cell.source) for cell in more))
    return sorted(kept, key=lambda cell: order.index(cell.id))


@lru_cache(maxsize=512)
def used(source: str) -> frozenset[str]:
    """Names a cell looks up outside its functions; what a magic is given is text, and may hold names."""
    tree = cell_source.tree(source)
    if tree is None or cell_source.plain(source) != source:
        return frozenset(cell_source.words(source))
    try:
        return frozenset(_looked_up(symtable.symtable(source, "cell", "exec"), _added_to(tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):  # a top-level await has no table
        return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _added_to(tree: ast.Module) -> set[str]:
    """Names with ``+=`` or the like, which the symbol table counts as assigned alone."""
    targets = (node.target for node in ast.walk(tree) if isinstance(node, ast.AugAssign))
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _looked_up(table: symtable.SymbolTable, added_to: Collection[str]) -> Iterator[str]:
    """Names that are not a function's own, in a scope and those inside it; never fewer than are looked up."""
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        own = isinstance(scope, symtable.Function)
        for symbol in scope.get_symbols():
            read = symbol.is_referenced() or symbol.get_name() in added_to
            if symbol.is_global() if own else read:
                yield symbol.get_name()
        waiting += scope.get_children()


@lru_cache(maxsize=512)
def defined(source: str) -> set[str]:
    """Names a given cell binds at its top level; the symbol table knows assignments, imports, definitions and loops."""
    try:
        table = symtable.symtable(cell_source.plain(source), "cell", "exec")
    except (SyntaxError, ValueError):
        return set()
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
