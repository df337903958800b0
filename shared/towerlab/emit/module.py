"""The generated preprocessing module: graph functions, one function per tower, and the preprocessing_fn."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from towerlab.emit.layout import STEP, statement
from towerlab.emit.plan import Plan, PlannedTower
from towerlab.transforms.expr import Expr, call, item, literal
from towerlab.transforms.graph import graph, needed_by, source_of, tf

INDEX_COLUMNS = ("row_id", "customer_index", "product_index")

_HEAD = '''"""The preprocessing_fn of a two-tower recommender for TensorFlow Transform. Made by Towerlab.

Inputs are sparse, one value a row or none. Every output has one row per example: int64 ids, or float32 numbers.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

'''

_TAIL = '''def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """All outputs of both towers, and the numbers of the row, its customer and its product."""
    fitted = fit(inputs)
    return {**numbers(inputs), **query_tower(inputs, fitted), **candidate_tower(inputs, fitted)}
'''


@graph
def row_number(x: Any) -> Any:
    """Int64 per row."""
    column = tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1])
    return tf.squeeze(tf.sparse.to_dense(column, default_value=-1), axis=1)


def preprocessing_module(plan: Plan) -> str:
    """Source of preprocessing.py: the same for all configs that compute the same, whatever their names and embedding
    dimensions, so that the pipeline's Transform is cached over them."""
    parts = [
        _function("numbers", ("inputs",), "What identifies a row.", {}, _numbers()),
        _function("fit", ("inputs",), "Vocabularies, each fitted once for both towers.", {}, plan.fitted),
        *(_tower(tower) for tower in plan.towers),
    ]
    written = "\n\n".join(parts)
    copied = [source_of(name) for name in needed_by(ast.parse(written))]
    columns = "# the column behind each input\n" + statement("COLUMNS", literal(dict(plan.columns)), "")
    return "\n\n".join([_HEAD + columns, *copied, written, _TAIL])


def _numbers() -> Mapping[str, Expr]:
    return {name: call(row_number, item("inputs", name)) for name in INDEX_COLUMNS}


def _tower(tower: PlannedTower) -> str:
    features = {planned.output.name: planned.expression for planned in tower.features}
    crosses = {planned.output.name: planned.expression for planned in tower.crosses}
    title = f"Outputs of the {tower.side} tower."
    return _function(f"{tower.side}_tower", ("inputs", "fitted"), title, features, crosses)


def _function(
    name: str, arguments: Iterable[str], docstring: str, first: Mapping[str, Expr], then: Mapping[str, Expr]
) -> str:
    """A function that fills and returns a dict of outputs; what comes `then` may look at what came `first`."""
    signature = ", ".join(f"{argument}: dict[str, Any]" for argument in arguments)
    lines = [f"def {name}({signature}) -> dict[str, Any]:\n", f'{STEP}"""{docstring}"""\n']
    lines.append(f"{STEP}outputs: dict[str, Any] = {{}}\n")
    lines += [statement(f'outputs["{key}"]', value, STEP) for key, value in {**first, **then}.items()]
    return "".join([*lines, f"{STEP}return outputs\n"])
