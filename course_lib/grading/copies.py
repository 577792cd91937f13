"""Answers that look copied: reported for a person to look at, never punished."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: A short answer has few shapes; with fewer syntax nodes than this, likeness says nothing.
TELLING_NODES = 60


@dataclass(frozen=True)
class Copy:
    """One task that several learners answered in the same way but for names, comments and layout."""

    lab: str
    task: str
    learners: tuple[str, ...]


def shape(source: str) -> str:
    """Digest of an answer's syntax tree without names, comments and layout; empty where it tells nothing.

    Parsed in a worker, not in the process that holds the batch: the parser is C code and the text is a stranger's.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = [_word(node) for node in ast.walk(ast.parse(source))]
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return ""
    return hashlib.sha256("|".join(nodes).encode("utf-8", "replace")).hexdigest() if len(nodes) >= TELLING_NODES else ""


def borrowed(source: str) -> list[str]:
    """Parts of the course's own code that an answer imports or names: a formula called is not a formula written."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return []
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    named += [node.value[:80] for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return sorted({name for name in named if name.startswith("course_lib")})


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


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str) else f"Constant {node.value!r}"
    return f"Attribute {node.attr}" if isinstance(node, ast.Attribute) else type(node).__name__
