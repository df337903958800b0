"""The arrays that references take and give: one entry, or one line, per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


def texts(values: Iterable[bytes]) -> Array:
    """An array of byte strings as they are; numpy's own kind would drop NUL bytes at their end."""
    listed = list(values)
    found = np.empty(len(listed), object)
    found[:] = listed
    return found


def per_value(function: Callable[[bytes], int], values: Array) -> Array:
    """int64 ids of byte strings; the function is asked once for each different value."""
    known = {value: function(value) for value in set(values.tolist())}
    return np.array([known[value] for value in values.tolist()], np.int64)


def float32(values: Array) -> Array:
    """As TensorFlow casts: what is too large becomes infinite, what is smaller than any normal number becomes zero."""
    with np.errstate(over="ignore"):
        cast = values.astype(np.float32)
    return np.where(np.abs(cast) < np.finfo(np.float32).tiny, np.float32(0), cast)


def counted(values: Array, rows: Array | None) -> Array:
    """How many rows have each value: one, unless it is said."""
    return np.ones(len(values), np.int64) if rows is None else rows
