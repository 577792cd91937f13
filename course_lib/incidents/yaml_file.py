"""YAML whose every value knows its line, so that an error can name it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

Place = tuple[str | int, ...]


class YamlError(ValueError):
    """A file that is no YAML; `line` is where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # ten times as fast where it was built with libyaml
    """As YAML 1.2 reads it: ``on`` and ``off`` are words, as they are in the models."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag not in ("tag:yaml.org,2002:bool",)]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read(text: str) -> tuple[Any, dict[Place, int]]:
    r"""Plain values, and the line on which each place of them stands.

    Raises
    ------
    YamlError
        The text is no YAML, or names one key twice.

    Examples
    --------
    >>> read("id: storm\nsizes: [5,\n  15]")
    ({'id': 'storm', 'sizes': [5, 15]}, {(): 1, ('id',): 1, ('sizes',): 2, ('sizes', 0): 2, ('sizes', 1): 3})
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        return (None if node is None else _plain(loader, node, (), lines)), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, error.problem or str(error)) from None
    except yaml.YAMLError as error:
        raise YamlError(1, " ".join(str(error).split())) from None
    finally:
        loader.dispose()


def line_of(lines: dict[Place, int], place: Sequence[str | int]) -> int:
    """Line of a place, or of the nearest thing around it that the file has."""
    known: Place = ()
    for step in place:
        if (*known, step) in lines:
            known = (*known, step)
    return lines.get(known, 1)


def _plain(loader: _Loader, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, part, (*place, i), lines) for i, part in enumerate(node.value)]
    return loader.construct_object(node)


def _mapping(loader: _Loader, node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> dict[Any, Any]:
    plain: dict[Any, Any] = {}
    for key, value in node.value:
        name = loader.construct_object(key)
        if not isinstance(name, str):
            raise YamlError(key.start_mark.line + 1, f"the key {name!r} is no word: put it in quotes")
        if name in plain:
            raise YamlError(key.start_mark.line + 1, f"{name!r} stands here twice")
        lines[(*place, name)] = key.start_mark.line + 1
        plain[name] = _plain(loader, value, (*place, name), lines)
    return plain
