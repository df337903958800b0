"""Scaling of a number or a time to a fixed range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from towerlab.domain.outputs import Dense
from towerlab.transforms.base import Emitted, Produce, Source, param
from towerlab.transforms.expr import Expr, call
from towerlab.transforms.graph import graph, tf, tft
from towerlab.transforms.readers import NUMERIC, TIMESTAMP
from towerlab.transforms.registry import transform


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
