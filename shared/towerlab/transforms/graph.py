"""Graph functions: the TensorFlow part of a transform, written beside it, run only in the generated module."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_FUNCTIONS: dict[str, Callable[..., Any]] = {}


class _Elsewhere:
    """Stands in for a library that only the pipeline's environment has."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        raise RuntimeError(f"{self._name}.{attribute} is there only in a generated module")


tf: Any = _Elsewhere("tensorflow")
tft: Any = _Elsewhere("tensorflow_transform")


def graph(function: Function) -> Function:
    """Register a function whose source is copied into every generated module that calls it."""
    name = function.__name__
    if name in _FUNCTIONS:
        raise ValueError(f"two graph functions are called {name}")
    _FUNCTIONS[name] = function
    return function


@cache
def source_of(name: str) -> str:
    """The function's source without its decorator."""
    text = inspect.getsource(_FUNCTIONS[name])
    return text[text.index("def ") :].rstrip() + "\n"


def needed_by(tree: ast.AST) -> list[str]:
    """Names of the graph functions that `tree` calls, with those that they call, each before its callers."""
    found: list[str] = []
    for name in sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & _FUNCTIONS.keys()):
        for inner in [*needed_by(_body(name)), name]:
            if inner not in found:
                found.append(inner)
    return found


@cache
def _body(name: str) -> ast.AST:
    function = ast.parse(source_of(name)).body[0]
    assert isinstance(function, ast.FunctionDef)
    return ast.Module(function.body, [])
