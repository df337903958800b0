"""Whether a generated module is one of ours: checked when it is written, and again before it is imported.

Standard library only: the pipeline's environment imports this too.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TRAINER_TEMPLATE = Path(__file__).with_name("trainer_template.py")
CONSTANTS = (
    "CONFIG_NAME", "CONFIG_VERSION", "CONFIG_HASH", "BUYER_TENSOR_DIM", "PRODUCT_TENSOR_DIM", "QUERY_OUTPUTS",
    "CANDIDATE_OUTPUTS",
)  # fmt: skip


class UnsafeModule(Exception):
    """The module holds something that generated code never holds."""


_IMPORTS = {
    "from __future__ import annotations",
    "from typing import Any",
    "import tensorflow as tf",
    "import tensorflow_transform as tft",
}

_OPERATIONS = """
    tf.RaggedTensor.to_tensor tf.SparseTensor tf.abs tf.bool tf.cast tf.ceil tf.clip_by_value tf.concat tf.constant
    tf.cos tf.equal tf.exp tf.expand_dims tf.float32 tf.float64 tf.floor tf.gather tf.greater tf.int64 tf.less
    tf.logical_and tf.logical_not tf.logical_or tf.math.divide_no_nan tf.math.is_finite tf.math.log tf.math.log1p
    tf.maximum tf.minimum tf.not_equal tf.one_hot tf.ones_like tf.ragged.boolean_mask tf.reduce_max
    tf.reduce_min tf.reduce_sum tf.reshape tf.round tf.searchsorted tf.shape tf.sign tf.sin tf.size tf.sort
    tf.sparse.to_dense tf.sqrt tf.square tf.squeeze tf.stack tf.string tf.strings.as_string tf.strings.join
    tf.strings.length tf.strings.lower tf.strings.split tf.strings.strip tf.strings.to_hash_bucket_fast
    tf.strings.to_hash_bucket_strong tf.strings.upper tf.tanh tf.where tf.zeros_like tft.apply_vocabulary
    tft.max tft.mean tft.min tft.quantiles tft.size tft.sum tft.var tft.vocabulary
    """
_LIBRARY = frozenset(_OPERATIONS.split())
_ATTRIBUTES = frozenset({"values", "indices", "dense_shape", "dtype", "min", "max", "flat_values"})
_BUILTINS = frozenset({"float"})
_TYPES = frozenset({"Any", "dict", "list", "tuple", "str", "int", "float", "bool"})

_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr)
_EXPRESSIONS = (
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Compare, ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq, ast.IfExp, ast.UnaryOp, ast.USub,
    ast.Call, ast.keyword, ast.Attribute, ast.Name, ast.Load, ast.Store, ast.Subscript, ast.Slice, ast.Constant,
    ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.comprehension, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_:]*")


def verify_preprocessing(source: str) -> None:
    """Raise UnsafeModule unless the module consists of known imports, one table of column names, and functions that
    call each other and a fixed list of TensorFlow operations with plain names."""
    verify_preprocessing_tree(parsed(source))


def verify_preprocessing_tree(module: ast.Module) -> None:
    """The same for a module that is parsed already."""
    functions: list[ast.FunctionDef] = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            functions.append(node)
        elif not (_is_docstring(node) or _is_columns(node) or ast.unparse(node) in _IMPORTS):
            raise UnsafeModule(f"line {node.lineno}: a module holds imports, COLUMNS and functions only")
    names = {function.name for function in functions}
    if len(names) < len(functions) or "preprocessing_fn" not in names or names & (_BUILTINS | {"tf", "tft", "Any"}):
        raise UnsafeModule("functions have names of their own, and one is preprocessing_fn")
    for function in functions:
        _Function(function, frozenset(names)).verify()


def verify_trainer(source: str) -> None:
    """Raise UnsafeModule unless the module is the template to the letter, its constants apart, and those are literals
    of the same names in the same order."""
    template = template_parts()
    constants = source[len(template.before) : len(source) - len(template.after)]
    if source != template.before + constants + template.after or not constants.endswith("\n"):
        raise UnsafeModule("the trainer differs from its template in more than its constants")
    module = parsed(constants)
    for node in module.body:
        if not (isinstance(node, ast.AnnAssign) and node.value is not None and _is_literal(node.value)):
            raise UnsafeModule("a trainer's constants are annotated, and literals")
        node.value = ast.Constant(None)
    if not same(module.body, list(template.constants)):
        raise UnsafeModule(f"a trainer sets {', '.join(CONSTANTS)}")


def same(left: object, right: object) -> bool:
    """Whether two syntax trees say the same, wherever in the text they say it."""
    if type(left) is not type(right):
        return False
    if isinstance(left, ast.AST):
        return all(same(getattr(left, name, None), getattr(right, name, None)) for name in left._fields)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right) if isinstance(left, float | complex) else left == right


@dataclass(frozen=True)
class TrainerTemplate:
    """The trainer's text before and after its constants, and the statements that set these, to None."""

    before: str
    constants: tuple[ast.AnnAssign, ...]
    after: str


@cache
def trainer_template() -> str:
    """The template's source, read once."""
    return TRAINER_TEMPLATE.read_text("utf-8")


@cache
def template_parts() -> TrainerTemplate:
    source = trainer_template()
    lines = source.splitlines(keepends=True)
    found = [node for node in parsed(source).body if isinstance(node, ast.AnnAssign) and _name(node) in CONSTANTS]
    assert tuple(map(_name, found)) == CONSTANTS
    before, after = lines[: found[0].lineno - 1], lines[found[-1].end_lineno :]
    constants = tuple(with_value(node, ast.Constant(None)) for node in found)
    return TrainerTemplate("".join(before), constants, "".join(after))


def with_value(node: ast.AnnAssign, value: ast.expr) -> ast.AnnAssign:
    """The same statement, setting another value."""
    return ast.AnnAssign(node.target, node.annotation, value, node.simple)


def _name(node: ast.AnnAssign) -> str:
    return node.target.id if isinstance(node.target, ast.Name) else ""


def parsed(source: str) -> ast.Module:
    """The source's syntax tree. Raises UnsafeModule."""
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
            case ast.keyword(arg="separator", value=ast.Constant(value=str())):
                return  # a person's text, which can go nowhere but where text is split
            case ast.keyword(arg="sep", value=ast.Name(id="separator")):
                return
            case ast.Name(id="separator"):
                raise self._unsafe(node, "a separator is what text is split at, and nothing else")
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
