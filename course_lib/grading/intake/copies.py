"""Answers that look copied: reported for a person to look at, never punished."""

from __future__ import annotations

import ast
import hashlib
import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from course_lib import cell_source

#: A short answer has few shapes; with fewer syntax nodes than this, likeness says nothing.
TELLING_NODES = 60
#: Parts of the course that hold what answers are asked to write.
_FORMULAS = ("checks", "detect", "models", "theory")
#: Ways to code that an answer need not name; none of the tasks asks for one.
_LOADERS = {"__import__", "eval", "exec", "globals", "locals", "vars"}
_LOADING_MODULES = {"importlib", "inspect", "pkgutil", "runpy"}
_LOADING_ATTRIBUTES = {"modules", "__globals__", "__builtins__", "__dict__"}
#: Their functions may be called like one of the course's.
_LIBRARIES = {"np", "numpy", "math"}
_OWN = re.compile(r"course_lib(?:\.\w+)*")
_SIGN, _COMMENT = re.compile(r"\w+|[^\w\s]"), re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class Copy:
    """One task that several learners answered in the same way but for names, comments and layout."""

    lab: str
    task: str
    learners: tuple[str, ...]


def shape(source: str) -> str:
    """Digest of an answer's syntax tree without names, comments and layout; empty where it tells nothing.

    Of an answer that has none, the digest of its signs and keywords. Parsed in a fork of the sandbox, not in the
    process that holds the batch: the parser is C code and the text is a stranger's.
    """
    tree = cell_source.tree(source)
    nodes = _signs(source) if tree is None else [_word(node) for node in ast.walk(tree)]
    return hashlib.sha256("|".join(nodes).encode("utf-8", "replace")).hexdigest() if len(nodes) >= TELLING_NODES else ""


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
    named = {name for name in _imported(nodes) if name.startswith("course_lib")}
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    named |= {text[:80] for text in texts if text.startswith("course_lib")}
    return sorted(named | _taken(nodes)) or sorted(_loaders(nodes))


def _imported(nodes: Iterable[ast.AST]) -> set[str]:
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


@lru_cache(maxsize=1)
def _own() -> tuple[frozenset[str], frozenset[str]]:
    """The course's modules and their public functions and classes, by bare name; read as text, nothing is imported."""
    root = Path(__file__).parents[2]
    files = [path for part in _FORMULAS for path in (root / part).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    functions = {name for text in texts for name in re.findall(r"^(?:def|class) ([a-zA-Z]\w*)", text, re.MULTILINE)}
    return frozenset({*_FORMULAS, *(path.stem for path in files)} - {"__init__"}), frozenset(functions)


def _taken(nodes: Iterable[ast.AST]) -> set[str]:
    """Uses of the course's modules by the names that given cells import them under, and of their functions by any.

    A name that a function binds is the function's. One bound at the cell's top level may be another name of a module.
    """
    modules, functions = _own()
    bound = _bound(nodes)
    inside = _bound([child for node in nodes if isinstance(node, _SCOPES) for child in _body(node)])
    found = set()
    for node in nodes:
        chain = _chain(node)
        if not chain or chain[0] in _LIBRARIES:
            continue
        of_module = chain[0] in modules and chain[0] not in inside
        if of_module or (len(chain) > 1 and chain[-1] in functions and chain[0] not in bound):
            found.add(".".join(chain)[:80])
    return {name for name in found if not any(longer.startswith(f"{name}.") for longer in found)}


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


def copied(records: Iterable[Mapping[str, Any]]) -> list[Copy]:
    """Groups of learners whose answers to a task have the same shape.

    Parameters
    ----------
    records : iterable of mapping
        Verdicts, each with ``shapes`` by task.
    """
    groups = defaultdict(set)
    for record in records:
        for task, digest in record.get("shapes", {}).items():
            if digest:
                groups[record["lab"], task, digest].add(record["learner"])
    found = [Copy(lab, task, tuple(sorted(who))) for (lab, task, _), who in groups.items() if len(who) > 1]
    return sorted(found, key=lambda copy: (copy.lab, copy.task, copy.learners))


def _signs(source: str) -> list[str]:
    """What a text that is not Python holds beside names, comments and layout."""
    words = _SIGN.findall(_COMMENT.sub("", source))
    return [word if not word.isidentifier() or keyword.iskeyword(word) else "name" for word in words]


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str) else f"Constant {node.value!r}"
    return f"Attribute {node.attr}" if isinstance(node, ast.Attribute) else type(node).__name__
