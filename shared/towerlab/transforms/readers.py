"""Feature types and how each reads its column: text as it is, numbers and times as float64 with NaN for missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from towerlab.domain.columns import ColumnType
from towerlab.transforms.arrays import Array, float32, texts
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


def read_text(raw: Sequence[Any]) -> Array:
    """The reference of `text`: byte strings in UTF-8; booleans are the words that SQL has for them."""
    return texts(_written(value).encode() for value in raw)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_number(raw: Sequence[Any]) -> Array:
    """The reference of `number`: FLOAT columns travel as float32, integers and epoch seconds as int64."""
    known = [np.nan if value is None else value for value in raw]
    values = np.array(known, np.float64)
    travels_as_float = np.array([isinstance(value, float) for value in known], bool)
    values = np.where(travels_as_float, float32(values).astype(np.float64), values)
    return np.where(np.isfinite(values), values, np.nan)


STRING_EMBEDDING = FeatureType(
    "string_embedding",
    "Vocabulary embedding (learned)",
    frozenset({ColumnType.STRING, ColumnType.INTEGER, ColumnType.BOOLEAN}),
    text,
    read_text,
)
NUMERIC = FeatureType("numeric", "Number", frozenset({ColumnType.INTEGER, ColumnType.FLOAT}), number, read_number)
TIMESTAMP = FeatureType(
    "timestamp", "Date or time", frozenset({ColumnType.TIMESTAMP, ColumnType.DATE}), number, read_number
)
