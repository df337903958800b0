"""Feature types and how each reads its column: text as it is, numbers and times as float64 with NaN for missing."""

from __future__ import annotations

from typing import Any

from towerlab.domain.columns import ColumnType
from towerlab.transforms.base import FeatureType
from towerlab.transforms.graph import graph, tf


@graph
def text(x: Any) -> Any:
    """String per row, '' where the value is missing; integers become decimal strings."""
    values = x.values if x.dtype == tf.string else tf.strings.as_string(x.values)
    column = tf.SparseTensor(x.indices, values, [x.dense_shape[0], 1])
    return tf.squeeze(tf.sparse.to_dense(column, default_value=""), axis=1)


@graph
def number(x: Any) -> Any:
    """Float64 per row, NaN where the value is missing or infinite; epoch seconds stay exact in it."""
    missing = tf.constant(float("nan"), tf.float64)
    column = tf.SparseTensor(x.indices, tf.cast(x.values, tf.float64), [x.dense_shape[0], 1])
    dense = tf.squeeze(tf.sparse.to_dense(column, default_value=missing), axis=1)
    return tf.where(tf.math.is_finite(dense), dense, missing)


STRING_EMBEDDING = FeatureType(
    "string_embedding",
    "Vocabulary embedding (learned)",
    frozenset({ColumnType.STRING, ColumnType.INTEGER, ColumnType.BOOLEAN}),
    text,
)
NUMERIC = FeatureType("numeric", "Number", frozenset({ColumnType.INTEGER, ColumnType.FLOAT}), number)
TIMESTAMP = FeatureType("timestamp", "Date or time", frozenset({ColumnType.TIMESTAMP, ColumnType.DATE}), number)
