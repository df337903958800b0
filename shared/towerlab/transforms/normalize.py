"""Scaling of a number or a time to a fixed range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from towerlab.domain.outputs import Dense
from towerlab.transforms.arrays import Array, counted
from towerlab.transforms.base import Emitted, Produce, Source, param
from towerlab.transforms.expr import Expr, call
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.graph import graph, tf, tft
from towerlab.transforms.readers import NUMERIC, TIMESTAMP
from towerlab.transforms.registry import transform
from towerlab.transforms.seen import CORNER, CROWD, Caution, Seen


@graph
def normalized(x: Any, low: float, high: float, name: str) -> Any:
    """Min-max to [low, high], shape [batch, 1]; missing becomes the mean, a constant column the middle."""
    present = tf.math.is_finite(x)
    smallest = tft.min(tf.where(present, x, x.dtype.max), name=f"{name}_min")
    largest = tft.max(tf.where(present, x, x.dtype.min), name=f"{name}_max")
    total = tft.sum(tf.where(present, x, tf.zeros_like(x)), name=f"{name}_sum")
    count = tft.sum(tf.cast(present, tf.int64), name=f"{name}_count")
    filled = tf.where(present, x, tf.math.divide_no_nan(total, tf.cast(count, tf.float64)))
    span = largest - smallest
    share = tf.where(span > 0, tf.math.divide_no_nan(filled - smallest, span), 0.5 * tf.ones_like(x))
    scaled = low + (high - low) * tf.clip_by_value(share, 0.0, 1.0)
    return tf.expand_dims(tf.cast(scaled, tf.float32), axis=1)


_LARGEST = float(np.finfo(np.float64).max)
NOTHING_SEEN = (_LARGEST, -_LARGEST)  # minimum and maximum of no values


@transform
class Normalize(Produce["Normalize.Params"]):
    """One number in a fixed range; values outside of what training saw are clipped."""

    key = "normalize"
    label = "Normalize"
    feature_types = (NUMERIC, TIMESTAMP)
    at = ("transforms", "normalize")
    rank = 20
    suffix = "_norm"

    @dataclass(frozen=True)
    class Params:
        enabled: bool = param(False, "Normalize", help="Outputs a single normalized value")
        range: tuple[int, int] = param((-1, 1), "Range", choices=((0, 1), (-1, 1)))

    examples = (Params(True), Params(True, (0, 1)))

    def outputs(self, source: Source, p: Params) -> tuple[Dense, ...]:
        del p
        return (Dense(self.name(source.key)),)

    def emit(self, source: Source, p: Params, x: Expr) -> Emitted:
        low, high = p.range
        name = self.name(source.key)
        return Emitted({name: call(normalized, x, low=float(low), high=float(high), name=name)})

    def cautions(self, p: Params, seen: Seen) -> list[Caution]:
        del p
        if not seen.is_crowded or seen.bucketed:
            return []
        message = f"{CROWD:.0%} of its rows crowd into {CORNER:.0%} of its range: normalized they are almost one value"
        return [Caution("crowded_range", message, "Enable buckets, or the log transform where it is off.")]

    def fit(self, source: Source, p: Params, x: Array, rows: Array | None = None) -> Fitted:
        del p
        there = np.isfinite(x)
        name, known, counts = self.name(source.key), x[there], counted(x, rows)[there]
        extremes = (float(known.min()), float(known.max())) if len(known) else NOTHING_SEEN
        total, count = math.fsum(known * counts), float(counts.sum())
        found = {"min": extremes[0], "max": extremes[1], "sum": total, "count": count}
        return Fitted({f"{name}_{fact}": value for fact, value in found.items()})

    def reference(self, source: Source, p: Params, fitted: Fitted, x: Array) -> Mapping[str, Array]:
        name, (low, high) = self.name(source.key), p.range
        smallest, largest, total, count = (fitted.numbers[f"{name}_{fact}"] for fact in ("min", "max", "sum", "count"))
        if not largest > smallest:
            return {name: np.full((len(x), 1), (low + high) / 2, np.float32)}
        filled = np.where(np.isfinite(x), x, total / count)
        share = (filled - smallest) / (largest - smallest)
        return {name: (low + (high - low) * np.clip(share, 0, 1)).astype(np.float32)[:, np.newaxis]}
