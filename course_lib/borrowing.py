"""What an answer takes of the course's own code: a formula called is not a formula written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from course_lib import cell_source

#: Parts of the course that hold what answers are asked to write.
_FORMULAS = ("detect", "models", "theory")
#: What labs themselves hand out of every model: no task asks for one.
_EVERYBODYS = {"Parameters", "Record", "Run", "Schedule", "simulate"}
#: Ways to code that an answer need not name; none of the tasks asks for one.
_LOADERS = {"__import__", "eval", "exec", "globals", "locals", "vars"}
_LOADING_MODULES = {"importlib", "inspect", "pkgutil", "runpy"}
_LOADING_ATTRIBUTES = {"modules", "__globals__", "__builtins__", "__dict__"}
#: Their functions may be called like one of the course's.
_LIBRARIES = {"np", "numpy", "math"}
#: Where answers are judged they are hollow: nothing can be had of them.
_CHECKS = "course_lib.checks"
_OWN = re.compile(r"course_lib(?:\.\w+)*")
_WAY = re.compile(
    rf"^(?:{'|'.join(_LOADERS)})$|^(?:{'|'.join(_LOADING_MODULES)})\b"
    rf"|(?:^|\.)(?:{'|'.join(_LOADING_ATTRIBUTES)})$|^sys\.\*$"
)


def worthless(taken: Iterable[str]) -> list[str]:
    """Of what `borrowed` found, that for which an answer counts nothing: the course's code, not a mere way to code."""
    return [name for name in taken if not _WAY.search(name)]


def why_worthless(taken: Iterable[str]) -> str:
    """The reason, for whoever wrote the answer."""
    asked = "where one's own was asked for: that counts nothing; write yours without it"
    return f"it uses the course's own {', '.join(taken)}, {asked}"


def borrowed(source: str) -> list[str]:
    """Parts of the course's own code that an answer uses: a formula called is not a formula written.

    Parameters
    ----------
    source : str
        An answer cell.

    Returns
    -------
    list of str
        What it imports of the course or names in a text, and what it takes
        from a module that the given cells import, as written. Where it names
        nothing so, its ways to code that need not be named, such as
        ``sys.modules``.
    """
    tree = cell_source.tree(source)
    if tree is None:
        return sorted({text[:80] for text in _OWN.findall(source)})
    nodes = list(ast.walk(tree))
    named = {name for node in nodes for name in _brought_in(node)}
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    named |= {text[:80] for text in texts if text.startswith("course_lib") and not text.startswith(_CHECKS)}
    return sorted(named | _taken(nodes)) or sorted(_loaders(nodes))


def _brought_in(node: ast.AST) -> set[str]:
    """What an import takes of the course's formulas; what an exported notebook imports besides is its own affair."""
    if isinstance(node, ast.Import):
        names = {alias.name for alias in node.names}
        return {name for name in names if name.startswith("course_lib") and not name.startswith(_CHECKS)}
    module = str(node.module) if isinstance(node, ast.ImportFrom) else ""
    if not module.startswith("course_lib") or module.startswith(_CHECKS):
        return set()
    modules, functions = _own()
    taken = {alias.name for alias in node.names} & (modules | functions | {"*"}) - _EVERYBODYS
    return {module} if taken else set()


def _imported(nodes: Iterable[ast.AST]) -> set[str]:
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


@lru_cache(maxsize=1)
def _own() -> tuple[frozenset[str], frozenset[str]]:
    """The course's modules and their public functions and classes, by bare name; read as text, nothing is imported."""
    root = Path(__file__).parent
    files = [path for part in _FORMULAS for path in (root / part).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    functions = {name for text in texts for name in re.findall(r"^(?:def|class) ([a-zA-Z]\w*)", text, re.MULTILINE)}
    return frozenset({*_FORMULAS, *(path.stem for path in files)} - {"__init__"}), frozenset(functions)


def _taken(nodes: Iterable[ast.AST]) -> set[str]:
    """Uses of the course's modules by the names that given cells import them under, and of their functions by any.

    A name that a function binds is the function's, and one that the cell itself sets first is the cell's.
    """
    modules, functions = _own()
    bound = _bound(nodes)
    inside = _bound([child for node in nodes if isinstance(node, _SCOPES) for child in _body(node)]) | _set_first(nodes)
    found = set()
    for node in nodes:
        chain = _chain(node)
        if not chain or chain[0] in _LIBRARIES:
            continue
        of_module = chain[0] in modules and chain[0] not in inside
        if of_module or (len(chain) > 1 and chain[-1] in functions and chain[0] not in bound):
            found.add(".".join(chain)[:80])
    return {name for name in found if not any(longer.startswith(f"{name}.") for longer in found)}


def _set_first(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that a line sets above every line that reads them, and those of the cell's own functions and classes."""
    nodes = list(nodes)
    made = {node.name for node in nodes if isinstance(node, (*_SCOPES[:2], ast.ClassDef))}
    reads: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            reads[node.id] = min(reads.get(node.id, node.lineno), node.lineno)
    sets = [(node.end_lineno or 0, target.id) for node in nodes if isinstance(node, ast.Assign)
            for target in node.targets if isinstance(target, ast.Name)]  # fmt: skip
    return made | {name for line, name in sets if line < reads.get(name, line + 1)}


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _body(scope: ast.AST) -> Iterable[ast.AST]:
    """Everything in a function but itself, whose name is bound outside."""
    return (node for node in ast.walk(scope) if node is not scope)


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that a parameter, an assignment, a definition or an import binds."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
    return names


def _chain(node: ast.AST) -> list[str]:
    """``a.b.c`` as its names, where it is read and begins with a name; else nothing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else []


def _loaders(nodes: Iterable[ast.AST]) -> set[str]:
    """Ways to code that an answer need not name."""
    found = {name for name in _imported(nodes) if name.split(".")[0] in _LOADING_MODULES}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in _LOADERS:
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in _LOADING_ATTRIBUTES:
            found.add(".".join(_chain(node)) or node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            found |= {f"sys.{alias.name}" for alias in node.names if alias.name in ("modules", "*")}
    return found
