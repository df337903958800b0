"""Expressions of generated code as syntax trees; const() is the only door by which user data enters."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

Expr = ast.expr
Literal = str | int | float | bool | None


def const(value: Literal) -> Expr:
    """A literal. Raises TypeError for anything but plain data, ValueError for NaN and infinity, which have none."""
    if not isinstance(value, str | int | float | bool | None):
        raise TypeError(f"no literal for {type(value).__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that is not finite has no literal")
    if isinstance(value, int | float) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def literal(value: object) -> Expr:
    """Plain data of any depth: tuples, lists and dicts of what const() takes."""
    match value:
        case dict():
            return ast.Dict([literal(key) for key in value], [literal(entry) for entry in value.values()])
        case tuple():
            return ast.Tuple([literal(entry) for entry in value], ast.Load())
        case list():
            return ast.List([literal(entry) for entry in value], ast.Load())
        case _:
            return const(value)  # type: ignore[arg-type]


def call(function: Callable[..., Any], *args: Expr, **options: Literal | Expr) -> Expr:
    """A call of a graph function (graph.py), which then travels with the generated module."""
    keywords = [
        ast.keyword(name, value if isinstance(value, ast.expr) else const(value)) for name, value in options.items()
    ]
    return ast.Call(ast.Name(function.__name__, ast.Load()), list(args), keywords)


def item(variable: str, key: str) -> Expr:
    """`variable[key]`; the variable is one of ours, the key may be anything."""
    return ast.Subscript(ast.Name(variable, ast.Load()), const(key), ast.Load())


def array(items: list[Expr]) -> Expr:
    return ast.List(items, ast.Load())
