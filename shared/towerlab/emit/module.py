"""The generated preprocessing module: the preprocessing_fn, a function per tower and section, and what they call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from towerlab.domain.outputs import Bag, Dense, Output
from towerlab.emit.plan import Plan, PlannedOutput, PlannedTower
from towerlab.emit.written import (
    LINE_LENGTH,
    Formatter,
    Written,
    as_written,
    assign,
    by_name,
    calling,
    checked,
    function,
    give,
    joined,
    names_in,
    text_of,
)
from towerlab.transforms.expr import Expr, call, item, literal
from towerlab.transforms.graph import graph, needed_by, source_of, tf

INDEX_COLUMNS = ("row_id", "customer_index", "product_index")

_HEAD = '''"""The preprocessing_fn of a two-tower recommender for TensorFlow Transform. Made by Towerlab.

Inputs are sparse, one value a row or none. Every output has one row per example: int64 ids, which the trainer gives
learned vectors, or float32 numbers, which enter a tower as they are.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

# the column behind each input
'''


@graph
def row_number(x: Any) -> Any:
    """Int64 per row."""
    column = tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1])
    return tf.squeeze(tf.sparse.to_dense(column, default_value=-1), axis=1)


def preprocessing_module(plan: Plan, formatter: Formatter = as_written) -> str:
    """Source of preprocessing.py: the same for all configs that compute the same, whatever their names and embedding
    dimensions, so that the pipeline's Transform is cached over them. Raises UnsafeModule."""
    return preprocessing(plan, formatter).text


def preprocessing(plan: Plan, formatter: Formatter) -> Written:
    """The module's text and tree."""
    towers = [_Tower.of(tower) for tower in plan.towers]
    columns = assign("COLUMNS", literal(dict(plan.columns)))
    first = [_preprocessing_fn(towers, bool(plan.fitted)), _row_numbers(), *_fit(plan.fitted)]
    query, candidate = (tower.functions() for tower in towers)
    copied = needed_by(_naming({row_number.__name__}.union(names_in(plan.fitted.values()), *(t.reads for t in towers))))
    parts = [
        _HEAD + text_of(columns),
        *map(text_of, first),
        *_under("query tower", map(text_of, query)),
        *_under("candidate tower", map(text_of, candidate)),
        *_under("how each value is computed", map(source_of, copied)),
    ]
    meant = [*_head(), columns, *first, *query, *candidate, *map(_copied, copied)]
    return checked(formatter("\n\n".join(parts)), meant)


def _naming(names: Iterable[str]) -> ast.AST:
    """A tree with these names and nothing else."""
    return ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load())


@cache
def _head() -> list[ast.stmt]:
    return ast.parse(_HEAD).body


@cache
def _copied(name: str) -> ast.stmt:
    return ast.parse(source_of(name)).body[0]


def _under(title: str, parts: Iterable[str]) -> list[str]:
    """The parts below a line with the title, which is a fixed text."""
    rule = "-" * (LINE_LENGTH - len(title) - 3)
    first, *more = parts
    return [f"# {rule} {title}\n\n\n{first}", *more]


class _Section:
    """A function that makes some of a tower's outputs; it takes only what it reads."""

    def __init__(self, name: str, title: str, outputs: Sequence[PlannedOutput]) -> None:
        self._made = {planned.output.name: planned.expression for planned in outputs}
        self._docstring = [title, "", *_shapes(outputs)]
        self._name = name
        self.reads = names_in(self._made.values())
        self.arguments = [name for name in ("inputs", "fitted", "outputs") if name in self.reads]

    def call(self) -> Expr:
        return calling(self._name, self.arguments)

    def function(self) -> ast.stmt:
        return function(self._name, self.arguments, self._docstring, [give(by_name(self._made))])


@dataclass(frozen=True)
class _Tower:
    side: str
    features: Sequence[_Section]
    crosses: Sequence[_Section]  # one, or none

    @classmethod
    def of(cls, tower: PlannedTower) -> _Tower:
        side = tower.side
        features = [
            _Section(f"{side}_{kind.key}", f"The {side} tower's {kind.key} features.", outputs)
            for kind, outputs in tower.sections.items()
        ]
        title = f"Crosses of the {side} tower's features."
        return cls(side, features, [_Section(f"{side}_crosses", title, tower.crosses)] if tower.crosses else [])

    @property
    def arguments(self) -> list[str]:
        reads_fitted = any("fitted" in section.arguments for section in self.features)
        return ["inputs", "fitted"] if reads_fitted else ["inputs"]

    @property
    def reads(self) -> frozenset[str]:
        return frozenset().union(*(section.reads for section in (*self.features, *self.crosses)))

    def call(self) -> Expr:
        return calling(f"{self.side}_tower", self.arguments)

    def functions(self) -> list[ast.stmt]:
        """The tower's own function, then one per type of feature, then the crosses."""
        title = f"All outputs of the {self.side} tower."
        own = function(f"{self.side}_tower", self.arguments, [title], self._body())
        return [own, *(section.function() for section in (*self.features, *self.crosses))]

    def _body(self) -> list[ast.stmt]:
        """Crosses come after the features, whose ids they may take."""
        features = [section.call() for section in self.features]
        crosses = [section.call() for section in self.crosses]
        if not any("outputs" in section.arguments for section in self.crosses):
            return [give(joined([*features, *crosses]))]
        return [assign("outputs", joined(features)), give(joined([ast.Name("outputs", ast.Load()), *crosses]))]


def _preprocessing_fn(towers: Sequence[_Tower], fits: bool) -> ast.stmt:
    fit = [assign("fitted", calling("fit", ["inputs"]))] if fits else []
    outputs = joined([calling("row_numbers", ["inputs"]), *(tower.call() for tower in towers)])
    title = "All outputs of both towers by name, and the numbers of the row, its customer and its product."
    return function("preprocessing_fn", ["inputs"], [title], [*fit, give(outputs)])


def _row_numbers() -> ast.stmt:
    made = {name: call(row_number, item("inputs", name)) for name in INDEX_COLUMNS}
    return function("row_numbers", ["inputs"], ["What identifies a row: int64 [batch] each."], [give(by_name(made))])


def _fit(fitted: Mapping[str, Expr]) -> list[ast.stmt]:
    title = "What is fitted once and looked up by both towers."
    return [function("fit", ["inputs"], [title], [give(by_name(fitted))])] if fitted else []


def _shapes(outputs: Iterable[PlannedOutput]) -> list[str]:
    """One line an output; its name is a slug, so no user's text gets here. Dimensions of embeddings are the trainer's:
    here they would cost a new Transform."""
    return [f"{planned.output.name}: {_shape(planned.output)}" for planned in outputs]


def _shape(output: Output) -> str:
    if isinstance(output, Dense):
        return f"float32 [batch, {output.width}]"
    shape = f"[batch, {output.slots}]" if isinstance(output, Bag) else "[batch]"
    if output.vocabulary is not None:
        return f"int64 {shape}, places in {output.vocabulary} and {output.oov} ids after them"
    return f"int64 {shape}, {output.size + output.oov if output.size is not None else 'no'} ids"
