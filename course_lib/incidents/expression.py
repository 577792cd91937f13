"""Arithmetic in scenario files: ``users * (1 - admitted)``. Names, numbers, + - * /, min and max; nothing else runs."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: lambda a, b: np.divide(a, b, out=np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))), where=b != 0),
}
_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {"min": np.minimum, "max": np.maximum}


class ExpressionError(ValueError):
    """Something that is no arithmetic."""


def names(text: str) -> frozenset[str]:
    """Names that an expression reads; ``cart.imbalance`` is one.

    Examples
    --------
    >>> sorted(names("users * (1 - door.admitted)"))
    ['door.admitted', 'users']
    """
    return _parsed(text)[1]


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """Value of an expression over numbers or arrays; what is divided by nothing is nothing.

    Examples
    --------
    >>> float(evaluate("min(users, 5) * 2 / lanes", {"users": 7, "lanes": 4}))
    2.5
    """
    return _value(_parsed(text)[0], values)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[ast.expr, frozenset[str]]:
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        raise ExpressionError(f"{text!r} is no arithmetic: give names, numbers, + - * /, min and max") from None
    return tree, frozenset(_names(tree, text))


def _names(node: ast.expr, text: str) -> set[str]:
    """Names below a node; refuses what is not arithmetic."""
    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            return set()
        case ast.BinOp(left=left, right=right, op=op) if type(op) in _OPERATORS:
            return _names(left, text) | _names(right, text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _names(operand, text)
        case ast.Call(func=ast.Name(id=name), args=[left, right], keywords=[]) if name in _FUNCTIONS:
            return _names(left, text) | _names(right, text)
    if name := _name(node):
        return {name}
    raise ExpressionError(f"{text!r}: only names, numbers, + - * /, min(a, b) and max(a, b)")


def _name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=left), attr=right):
            return f"{left}.{right}"
    return None


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return np.asarray(value, dtype=float)
        case ast.BinOp(left=left, right=right, op=op):
            return _OPERATORS[type(op)](_value(left, values), _value(right, values))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, values)
        case ast.Call(func=ast.Name(id=name), args=[left, right]):
            return _FUNCTIONS[name](_value(left, values), _value(right, values))
    return np.asarray(values[_name(node) or ""], dtype=float)
