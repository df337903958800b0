"""Source text of the expressions that transforms make: one line where it fits, else one argument a line."""

from __future__ import annotations

import ast
from collections.abc import Iterable

WIDTH = 100
STEP = "    "


def statement(target: str, value: ast.expr, indent: str) -> str:
    """`target = value`. Raises ValueError if the text does not read back as the very same tree."""
    start = f"{indent}{target} = "
    text = laid_out(value, indent, len(start))
    if ast.dump(ast.parse(text, mode="eval").body) != ast.dump(value):
        raise ValueError(f"{target} does not survive being written")
    return start + text + "\n"


def laid_out(value: ast.expr, indent: str, column: int) -> str:
    """The expression when it starts at `column` of a line indented by `indent`."""
    flat = _flat(value)
    if column + len(flat) <= WIDTH or not isinstance(value, ast.Call | ast.List | ast.Tuple | ast.Dict):
        return flat
    inner = indent + STEP
    opening, closing = _brackets(value)
    lines = "".join(f"{inner}{label}{laid_out(part, inner, len(inner + label))},\n" for label, part in _parts(value))
    return f"{opening}\n{lines}{indent}{closing}"


def _flat(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=str(text)):
            return _quoted(text)
        case ast.Call() | ast.List() | ast.Tuple() | ast.Dict():
            opening, closing = _brackets(value)
            inside = ", ".join(label + _flat(part) for label, part in _parts(value))
            return opening + inside + ("," if isinstance(value, ast.Tuple) and len(value.elts) == 1 else "") + closing
        case ast.Subscript(value=owner, slice=key):
            return f"{_flat(owner)}[{_flat(key)}]"
        case _:
            return ast.unparse(value)


def _brackets(value: ast.expr) -> tuple[str, str]:
    match value:
        case ast.Call(func=function):
            return _flat(function) + "(", ")"
        case ast.List():
            return "[", "]"
        case ast.Tuple():
            return "(", ")"
        case _:
            return "{", "}"


def _parts(value: ast.expr) -> Iterable[tuple[str, ast.expr]]:
    """What stands between the brackets, each with what precedes it."""
    match value:
        case ast.Call(args=args, keywords=keywords):
            return [("", part) for part in args] + [(f"{part.arg}=", part.value) for part in keywords]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [("", part) for part in parts]
        case ast.Dict(keys=keys, values=values):
            return [("**" if k is None else f"{_flat(k)}: ", v) for k, v in zip(keys, values, strict=True)]
        case _:
            raise TypeError(type(value).__name__)


def _quoted(text: str) -> str:
    written = repr(text)
    return f'"{text}"' if written == f"'{text}'" and '"' not in text else written
