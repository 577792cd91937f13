"""Answers that look copied: reported for a person to look at, never punished."""

from __future__ import annotations

import ast
import hashlib
import keyword
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from course_lib import cell_source
from course_lib.grading.book.record import Record

#: A short answer has few shapes; with fewer syntax nodes than this, likeness says nothing.
TELLING_NODES = 60
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


def copied(records: Iterable[Record]) -> list[Copy]:
    """Groups of learners whose answers to a task have the same shape.

    Parameters
    ----------
    records : iterable of Record
        Each with ``shapes`` by task.
    """
    groups = defaultdict(set)
    for record in records:
        for task, digest in record.shapes.items():
            if digest:
                groups[record.lab, task, digest].add(record.learner)
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
