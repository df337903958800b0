"""Text of generated modules from syntax trees: `ast.unparse` writes the code, a formatter lays it out, and what comes
back must be the same code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from towerlab.emit.verify import UnsafeModule, parsed, same
from towerlab.transforms.expr import Expr, const

LINE_LENGTH = 120
Formatter: TypeAlias = Callable[[str], str]  # Python source in, the same code in a uniform layout out

_INDENT = " " * 4


@dataclass(frozen=True)
class Written:
    """A module's text, and the tree that reading it gives."""

    text: str
    tree: ast.Module


def checked(text: str, meant: Sequence[ast.stmt]) -> Written:
    """The text as a module. Raises UnsafeModule if it does not say exactly what is meant."""
    tree = parsed(text)
    if not same(tree.body, list(meant)):
        raise UnsafeModule("the text does not say what was to be written")
    return Written(text, tree)


def as_written(source: str) -> str:
    """The formatter that leaves everything as it is."""
    return source


def text_of(node: ast.stmt) -> str:
    return ast.unparse(node) + "\n"


def function(name: str, arguments: Iterable[str], docstring: Iterable[str], body: Iterable[ast.stmt]) -> ast.stmt:
    """A function from dicts by name to a dict by name. Its docstring is the lines, the first one its title."""
    title, *more = docstring
    lines = "".join(f"\n{_INDENT}{line}".rstrip(" ") for line in more) + f"\n{_INDENT}" if more else ""
    parameters = [ast.arg(argument, _dict_type()) for argument in arguments]
    return ast.FunctionDef(
        name=name,
        args=ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=[ast.Expr(ast.Constant(title + lines)), *body],
        decorator_list=[],
        returns=_dict_type(),
        lineno=0,
    )


def assign(name: str, value: Expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)


def give(value: Expr) -> ast.stmt:
    return ast.Return(value)


def by_name(entries: Mapping[str, Expr]) -> Expr:
    """A dict literal."""
    return ast.Dict([const(name) for name in entries], list(entries.values()))


def joined(parts: Iterable[Expr]) -> Expr:
    """`{**a, **b}`, or the only part itself."""
    listed = list(parts)
    return listed[0] if len(listed) == 1 else ast.Dict([None] * len(listed), listed)


def calling(name: str, arguments: Iterable[str]) -> Expr:
    """`name(a, b)` of functions and variables that are ours."""
    return ast.Call(ast.Name(name, ast.Load()), [ast.Name(argument, ast.Load()) for argument in arguments], [])


def names_in(values: Iterable[Expr]) -> frozenset[str]:
    """Every variable and function that the expressions name."""
    nodes = (node for value in values for node in ast.walk(value))
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def _dict_type() -> Expr:
    """`dict[str, Any]`."""
    key, value = ast.Name("str", ast.Load()), ast.Name("Any", ast.Load())
    return ast.Subscript(ast.Name("dict", ast.Load()), ast.Tuple([key, value], ast.Load()), ast.Load())
