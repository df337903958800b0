"""Quantile buckets of a number or a time, each with a learned vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from towerlab.domain.outputs import Ids
from towerlab.transforms.base import Emitted, Produce, Source, param
from towerlab.transforms.expr import Expr, call
from towerlab.transforms.graph import graph, tf, tft
from towerlab.transforms.readers import NUMERIC, TIMESTAMP
from towerlab.transforms.registry import transform


@graph
def bucket_ids(x: Any, buckets: int, name: str) -> Any:
    """Id per row: 0 to buckets - 1 by training quantiles, `buckets` for missing. Boundaries are float32, so the
    smallest value is subtracted before: epoch seconds in float32 are 128 s apart."""
    present = tf.math.is_finite(x)
    smallest = tft.min(tf.where(present, x, x.dtype.max), name=f"{name}_min")
    offset = tf.cast(x - smallest, tf.float32)
    boundaries = tft.quantiles(offset, buckets, epsilon=0.1 / buckets, name=f"{name}_quantiles")
    ids = tf.searchsorted(tf.reshape(boundaries, [-1]), tf.where(present, offset, 0.0), side="right", out_type=tf.int64)
    return tf.where(present, ids, tf.constant(buckets, tf.int64))


@transform
class Bucketize(Produce["Bucketize.Params"]):
    """Quantile buckets, each with a learned vector; missing values have a bucket of their own."""

    key = "bucketize"
    label = "Bucketize + embed"
    feature_types = (NUMERIC, TIMESTAMP)
    at = ("transforms", "bucketize")
    rank = 30
    suffix = "_bucket"
    operand = "ids"

    @dataclass(frozen=True)
    class Params:
        enabled: bool = param(False, "Bucketize + embed", help="Buckets by quantiles (equal frequency)")
        buckets: int = param(100, "Number of buckets", low=2, high=1_000, suggestions=(10, 50, 100, 200, 500))
        embedding_dim: int = param(32, "Embedding dimension", low=4, high=256, suggestions=(8, 16, 24, 32, 64))

    examples = (Params(True), Params(True, buckets=2, embedding_dim=4))

    def outputs(self, source: Source, p: Params) -> tuple[Ids, ...]:
        return (Ids(self.name(source.key), size=p.buckets, oov=1, embedding_dim=p.embedding_dim),)

    def emit(self, source: Source, p: Params, x: Expr) -> Emitted:
        name = self.name(source.key)
        return Emitted({name: call(bucket_ids, x, buckets=p.buckets, name=name)})
