"""YAML of a stranger's, read as plain values: bounded, without aliases, every fault with its line."""

from __future__ import annotations

from typing import Any

import yaml

MOST_SIGNS, MOST_BRACKETS, MOST_DASHES = 8_000, 40, 10


class PlainYamlError(ValueError):
    """Why a text cannot be read; `line` is where, counted from 1."""

    def __init__(self, why: str, line: int = 1) -> None:
        super().__init__(why)
        self.line = line


class _Words(yaml.SafeLoader):
    """Every scalar stays the text that was written."""


class _Values(yaml.SafeLoader):
    """Numbers are numbers."""


_Words.yaml_implicit_resolvers = {}


def read(text: str, *, words: bool = False) -> tuple[Any, dict[str, int]]:
    """Values, and the line of each name on the top level.

    Parameters
    ----------
    text : str
    words : bool
        Leave every value the text that was written: a time without a zone, a number with a leading zero.

    Raises
    ------
    PlainYamlError
    """
    _bounded(text)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise PlainYamlError("a YAML alias (*name) is not read; write the value out", event.start_mark.line + 1)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.load(text, Loader=_Words if words else _Values)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = f"{getattr(error, 'problem', None) or 'it is no YAML'}; mend the YAML"
        raise PlainYamlError(problem, mark.line + 1 if mark else 1) from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, PlainYamlError):
            raise
        raise PlainYamlError(" ".join(str(error).split())[:120]) from None
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    return data, {str(key.value): key.start_mark.line + 1 for key, _ in pairs}


def _bounded(text: str) -> None:
    """Refuse what takes its reader long: nesting costs the square of its depth."""
    if len(text) > MOST_SIGNS:
        raise PlainYamlError(f"has {len(text)} characters, and at most {MOST_SIGNS} are read; shorten it")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count("- ") + line.count("? ") > MOST_DASHES and not line.lstrip().startswith("#"):
            raise PlainYamlError("is nested too deeply; write a plain list of names and values", number)
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise PlainYamlError("has too many brackets; write a plain list of names and values")
