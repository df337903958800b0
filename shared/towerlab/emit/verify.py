"""Whether a generated module is one of ours: checked when it is written, and again before it is imported.

Standard library only: the pipeline's environment imports this too.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TRAINER_TEMPLATE = Path(__file__).with_name("trainer_template.py")
CONSTANTS = ("CONFIG_NAME", "CONFIG_VERSION", "CONFIG_HASH", "QUERY_OUTPUTS", "CANDIDATE_OUTPUTS")


class UnsafeModule(Exception):
    """The module holds something that generated code never holds."""


_IMPORTS = {
    "from __future__ import annotations",
    "from typing import Any",
    "import tensorflow as tf",
    "import tensorflow_transform as tft",
}

_OPERATIONS = """
    tf.SparseTensor tf.abs tf.cast tf.clip_by_value tf.constant tf.cos tf.expand_dims tf.float32 tf.float64 tf.int64
    tf.math.divide_no_nan tf.math.is_finite tf.math.log1p tf.ones_like tf.reshape tf.searchsorted tf.sign tf.sin
    tf.sparse.to_dense tf.squeeze tf.stack tf.string tf.strings.as_string tf.strings.join tf.strings.length
    tf.strings.to_hash_bucket_strong tf.where tf.zeros_like
    tft.apply_vocabulary tft.max tft.min tft.quantiles tft.sum tft.vocabulary
    """
_LIBRARY = frozenset(_OPERATIONS.split())
_ATTRIBUTES = frozenset({"values", "indices", "dense_shape", "dtype", "min", "max"})
_BUILTINS = frozenset({"float"})
_TYPES = frozenset({"Any", "dict", "list", "tuple", "str", "int", "float", "bool"})

_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)
_EXPRESSIONS = (
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Compare, ast.Gt, ast.Eq, ast.IfExp, ast.UnaryOp, ast.USub,
    ast.Call, ast.keyword, ast.Attribute, ast.Name, ast.Load, ast.Store, ast.Subscript, ast.Constant,
    ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.comprehension, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_:]*")


def verify_preprocessing(source: str) -> None:
    """Raise UnsafeModule unless the module consists of known imports, one table of column names, and functions that
    call each other and a fixed list of TensorFlow operations with plain names."""
    functions: list[ast.FunctionDef] = []
    for node in _parsed(source).body:
        if isinstance(node, ast.FunctionDef):
            functions.append(node)
        elif not (_is_docstring(node) or ast.unparse(node) in _IMPORTS or _is_columns(node)):
            raise UnsafeModule(f"line {node.lineno}: a module holds imports, COLUMNS and functions only")
    names = {function.name for function in functions}
    if len(names) < len(functions) or "preprocessing_fn" not in names or names & (_BUILTINS | {"tf", "tft", "Any"}):
        raise UnsafeModule("functions have names of their own, and one is preprocessing_fn")
    for function in functions:
        _Function(function, frozenset(names)).verify()


def verify_trainer(source: str) -> None:
    """Raise UnsafeModule unless the module is the template, its constants apart, and those are literals."""
    if _without_constants(_parsed(source)) != _template_tree():
        raise UnsafeModule("the trainer differs from its template in more than its constants")


@cache
def trainer_template() -> str:
    """The template's source, read once."""
    return TRAINER_TEMPLATE.read_text("utf-8")


@cache
def _template_tree() -> str:
    return _without_constants(_parsed(trainer_template()))


def constant_of(node: ast.stmt) -> str | None:
    """The name of the config constant that this statement sets."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) and target.id in CONSTANTS else None


def _without_constants(module: ast.Module) -> str:
    """The module's tree with every constant's value taken out. Raises UnsafeModule when a constant is no literal."""
    found: list[str] = []
    for node in module.body:
        name = constant_of(node)
        if name is None:
            continue
        assert isinstance(node, ast.Assign | ast.AnnAssign)
        if name in found or node.value is None or not _is_literal(node.value):
            raise UnsafeModule(f"{name} is set once, to a literal")
        found.append(name)
        node.value = ast.Constant(None)
    if tuple(found) != CONSTANTS:
        raise UnsafeModule(f"a trainer sets {', '.join(CONSTANTS)}")
    return ast.dump(module)


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnsafeModule(f"not Python: {error}") from error


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _is_columns(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id="COLUMNS")], value=ast.Dict() as value):
            return _is_literal(value)
        case _:
            return False


class _Function:
    """The checks inside one function: kinds of nodes, names, calls, attributes, text."""

    def __init__(self, function: ast.FunctionDef, functions: frozenset[str]) -> None:
        self._function = function
        self._functions = functions
        given = {argument.arg for argument in function.args.args}
        stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self._locals = given | stored
        self._known = self._locals | functions | _BUILTINS | {"tf", "tft"}

    def verify(self) -> None:
        function = self._function
        if function.decorator_list or not _is_plain(function.args):
            raise self._unsafe(function, "functions have plain arguments and no decorators")
        if self._locals & (self._functions | _BUILTINS | {"tf", "tft", "Any"}):
            raise self._unsafe(function, "a variable has a name that means something else")
        for annotation in [argument.annotation for argument in function.args.args] + [function.returns]:
            self._annotation(annotation)
        for statement in function.body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if not isinstance(node, _STATEMENTS):
            raise self._unsafe(node, f"{type(node).__name__} has no place in a function")
        if _is_docstring(node):
            return
        for part in ast.iter_child_nodes(node):
            if isinstance(node, ast.AnnAssign) and part is node.annotation:
                self._annotation(part)
            else:
                self._expression(part)

    def _annotation(self, node: ast.AST | None) -> None:
        for part in ast.walk(node) if node is not None else ():
            if not isinstance(part, ast.Name | ast.Subscript | ast.Tuple | ast.Load):
                raise self._unsafe(part, "an annotation names types only")
            if isinstance(part, ast.Name) and part.id not in _TYPES:
                raise self._unsafe(part, f"the type {part.id!r} is not known")

    def _expression(self, node: ast.AST) -> None:
        if not isinstance(node, _EXPRESSIONS):
            raise self._unsafe(node, f"{type(node).__name__} has no place in an expression")
        match node:
            case ast.Name(id=name) if name not in self._known or name in ("tf", "tft"):
                raise self._unsafe(node, f"the name {name!r} is not known")
            case ast.Constant(value=value) if not _is_plain_constant(value):
                raise self._unsafe(node, "text inside a function is plain names")
            case ast.Call(func=function):
                self._callee(function)
                children: list[ast.AST] = [*node.args, *node.keywords]
            case ast.Attribute():
                children = self._attribute(node)
            case _:
                children = list(ast.iter_child_nodes(node))
        for child in children:
            self._expression(child)

    def _callee(self, function: ast.expr) -> None:
        if isinstance(function, ast.Name) and function.id in self._functions | _BUILTINS:
            return
        if _path(function) not in _LIBRARY:
            raise self._unsafe(function, f"{ast.unparse(function)} may not be called")

    def _attribute(self, node: ast.Attribute) -> list[ast.AST]:
        if not isinstance(node.ctx, ast.Load):
            raise self._unsafe(node, "an attribute is read, never set")
        if _path(node) in _LIBRARY:
            return []
        if node.attr not in _ATTRIBUTES:
            raise self._unsafe(node, f"the attribute {node.attr!r} is not known")
        return [node.value]

    def _unsafe(self, node: ast.AST, reason: str) -> UnsafeModule:
        return UnsafeModule(f"line {getattr(node, 'lineno', 0)}: {reason}")


def _is_plain(arguments: ast.arguments) -> bool:
    return not (
        arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg or arguments.defaults
    )


def _is_plain_constant(value: object) -> bool:
    if isinstance(value, str):
        return _PLAIN_TEXT.fullmatch(value) is not None
    return value is None or isinstance(value, bool | int | float)


def _path(node: ast.expr) -> str:
    """'tf.math.log1p' of the attribute chain, '' when it does not start at a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
