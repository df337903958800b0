"""Quantile buckets of a number or a time, each with a learned vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from towerlab.domain.outputs import Ids
from towerlab.transforms.arrays import Array, counted, float32
from towerlab.transforms.base import Emitted, Produce, Source, param
from towerlab.transforms.expr import Expr, call
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.graph import graph, tf, tft
from towerlab.transforms.readers import NUMERIC, TIMESTAMP
from towerlab.transforms.registry import transform
from towerlab.transforms.seen import Caution, Seen

WORTH_A_WORD = 0.5  # fewer effective buckets than this share are called out
FEWEST = 2


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
        buckets: int = param(100, "Number of buckets", low=FEWEST, high=1_000, suggestions=(10, 50, 100, 200, 500))
        embedding_dim: int = param(32, "Embedding dimension", low=4, high=256, suggestions=(8, 16, 24, 32, 64))

    examples = (Params(True), Params(True, buckets=2, embedding_dim=4))

    def outputs(self, source: Source, p: Params) -> tuple[Ids, ...]:
        return (Ids(self.name(source.key), size=p.buckets, oov=1, embedding_dim=p.embedding_dim),)

    def emit(self, source: Source, p: Params, x: Expr) -> Emitted:
        name = self.name(source.key)
        return Emitted({name: call(bucket_ids, x, buckets=p.buckets, name=name)})

    def cautions(self, p: Params, seen: Seen) -> list[Caution]:
        effective = expected_buckets(p.buckets, seen) if seen.filled is None else seen.filled
        if effective >= WORTH_A_WORD * p.buckets:
            return []
        about = "about " if seen.filled is None else ""
        message = f"equal values leave {about}{effective} effective buckets of {p.buckets}"
        return [Caution("collapsed_buckets", message, f"Ask for {max(effective, FEWEST)} buckets.")]

    def fit(self, source: Source, p: Params, x: Array, rows: Array | None = None) -> Fitted:
        """Boundary i of n buckets is the smallest value with more than i/n of the known rows at or below it, which is
        TFT's own rule as long as its sketch has room for every value."""
        name, there = self.name(source.key), np.flatnonzero(np.isfinite(x))
        if not len(there):
            return Fitted({f"{name}_min": float(np.finfo(np.float64).max)}, {f"{name}_quantiles": ()})
        order = there[np.argsort(x[there])]
        known, up_to = x[order], np.cumsum(counted(x, rows)[order])
        offsets = float32(known - known[0])
        ranks = np.searchsorted(up_to * p.buckets, np.arange(1, p.buckets) * up_to[-1], side="right")
        return Fitted({f"{name}_min": float(known[0])}, {f"{name}_quantiles": tuple(offsets[ranks].tolist())})

    def reference(self, source: Source, p: Params, fitted: Fitted, x: Array) -> Mapping[str, Array]:
        name = self.name(source.key)
        boundaries = np.array(fitted.boundaries[f"{name}_quantiles"], np.float32)
        offset = float32(np.where(np.isfinite(x), x - fitted.numbers[f"{name}_min"], 0))
        ids = np.searchsorted(boundaries, offset, side="right")
        return {name: np.where(np.isfinite(x), ids, p.buckets).astype(np.int64)}


def effective_buckets(boundaries: Sequence[float]) -> int:
    """How many buckets can hold a value, missing apart: equal boundaries enclose nothing, and nothing lies below 0,
    the offset of the smallest value."""
    return len({boundary for boundary in boundaries if boundary > 0}) + 1


def expected_buckets(buckets: int, seen: Seen) -> int:
    """About how many buckets will hold a value: a value with the rows of several buckets fills one of them."""
    per_bucket = max(seen.rows / buckets, 1)
    swallowed = sum(max(int(rows / per_bucket) - 1, 0) for rows in seen.top)
    return max(min(buckets - swallowed, seen.unique_count), 1)
