"""Hashing: values go into a fixed number of buckets, each with a learned vector; nothing has to be known before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from towerlab.domain.columns import ColumnType
from towerlab.domain.outputs import Ids
from towerlab.transforms.arrays import Array, per_value
from towerlab.transforms.base import Emitted, FeatureType, Produce, Source, param
from towerlab.transforms.expr import Expr, call
from towerlab.transforms.fingerprints import siphash
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.graph import graph, tf
from towerlab.transforms.readers import read_text, text
from towerlab.transforms.registry import transform

KEY = (97, 9797)

HASHING = FeatureType(
    "hashing",
    "Hashed embedding (learned)",
    frozenset({ColumnType.STRING, ColumnType.INTEGER, ColumnType.BOOLEAN}),
    text,
    read_text,
)


@graph
def hashed_ids(x: Any, size: int) -> Any:
    """Id per row in [0, size) by SipHash with a fixed key, the same on every machine; `size` for missing."""
    ids = tf.strings.to_hash_bucket_strong(x, size, key=[97, 9797])
    return tf.where(tf.equal(x, ""), tf.constant(size, tf.int64), ids)


@transform
class Hashing(Produce["Hashing.Params"]):
    """A learned vector for every hash bucket, without a vocabulary: new values have a place at once, and values that
    fall into one bucket cannot be told apart. Missing values have a bucket of their own."""

    key = "hashing"
    label = "Hashed embedding"
    feature_types = (HASHING,)
    operand = "text"

    @dataclass(frozen=True)
    class Params:
        hash_bucket_size: int = param(
            10_000, "Hash buckets", low=100, high=100_000, suggestions=(1_000, 5_000, 10_000, 50_000, 100_000),
            help="About twice the number of unique values keeps most of them apart",
        )  # fmt: skip
        embedding_dim: int = param(
            32, "Embedding dimension", low=4, high=256, suggestions=(8, 16, 24, 32, 64, 96, 128, 256)
        )

    examples = (Params(), Params(hash_bucket_size=100, embedding_dim=4))

    def outputs(self, source: Source, p: Params) -> tuple[Ids, ...]:
        return (Ids(self.name(source.key), size=p.hash_bucket_size, oov=1, embedding_dim=p.embedding_dim),)

    def emit(self, source: Source, p: Params, x: Expr) -> Emitted:
        return Emitted({self.name(source.key): call(hashed_ids, x, size=p.hash_bucket_size)})

    def reference(self, source: Source, p: Params, fitted: Fitted, x: Array) -> Mapping[str, Array]:
        del fitted
        size = p.hash_bucket_size
        return {self.name(source.key): per_value(lambda value: siphash(value, KEY) % size if value else size, x)}
