"""Vocabulary embedding: every frequent value has a vector of its own, the rest share a few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any

from towerlab.domain.outputs import Ids
from towerlab.transforms.arrays import Array, per_value
from towerlab.transforms.base import Emitted, Produce, Source, param
from towerlab.transforms.expr import Expr, call, item
from towerlab.transforms.fingerprints import fingerprint
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.graph import graph, tf, tft
from towerlab.transforms.readers import STRING_EMBEDDING
from towerlab.transforms.registry import transform


@graph
def vocabulary(x: Any, max_size: int, min_frequency: int, name: str) -> Any:
    """Values seen often enough, most frequent first; '' (missing) and line breaks have no place in a text file."""
    return tft.vocabulary(x, top_k=max_size, frequency_threshold=min_frequency, vocab_filename=name, name=name)


@graph
def vocabulary_ids(x: Any, known: Any, oov_buckets: int, name: str) -> Any:
    """Id per row: the place in the vocabulary, or one of the `oov_buckets` ids that follow it."""
    ids = tft.apply_vocabulary(x, known, num_oov_buckets=oov_buckets, name=name)
    return tf.cast(ids, tf.int64)


NOTHING_KNOWN = ("49d0cd50-04bb-48c0-bc6f-5b575dce351a",)  # what TFT writes where no value is frequent enough


def fit_vocabulary(x: Array, rows: Array | None, max_size: int, min_frequency: int) -> tuple[str, ...]:
    """The reference of `vocabulary`: by count, then by bytes, both descending."""
    counted: Counter[bytes] = Counter()
    for value, count in zip(x.tolist(), repeat(1) if rows is None else rows.tolist(), strict=False):
        if value and b"\n" not in value and b"\r" not in value:
            counted[value] += count
    frequent = [(count, value) for value, count in counted.items() if count >= min_frequency]
    kept = sorted(frequent, reverse=True)[:max_size]
    return tuple(value.decode() for _, value in kept) or NOTHING_KNOWN


def look_up(x: Array, known: Sequence[str], oov_buckets: int) -> Array:
    """The reference of `vocabulary_ids`: what is not known is hashed into the ids that follow."""
    places, size = _places(tuple(known)), len(known)
    return per_value(lambda value: places[value] if value in places else size + fingerprint(value) % oov_buckets, x)


@lru_cache(maxsize=64)  # a vocabulary is fitted once and looked into row after row
def _places(known: tuple[str, ...]) -> Mapping[bytes, int]:
    return {value.encode(): place for place, value in enumerate(known)}


@transform
class Vocabulary(Produce["Vocabulary.Params"]):
    """A learned vector for every frequent value; rare, missing and new ones share the out-of-vocabulary vectors."""

    key = "vocabulary"
    label = "Vocabulary embedding"
    feature_types = (STRING_EMBEDDING,)
    operand = "text"

    @dataclass(frozen=True)
    class Params:
        embedding_dim: int = param(
            32, "Embedding dimension", low=4, high=256, suggestions=(8, 16, 24, 32, 64, 96, 128, 256)
        )
        max_size: int = param(
            100_000, "Max vocabulary size", low=1, high=10_000_000, under="vocab_settings",
            suggestions=(1_000, 10_000, 50_000, 100_000, 500_000),
        )  # fmt: skip
        oov_buckets: int = param(
            10, "OOV (out-of-vocab) buckets", low=1, high=1_000, under="vocab_settings", suggestions=(1, 5, 10, 20)
        )
        min_frequency: int = param(
            5, "Min frequency threshold", low=1, high=1_000_000, under="vocab_settings", suggestions=(1, 2, 5, 10)
        )

    examples = (Params(), Params(embedding_dim=4, max_size=3, oov_buckets=1, min_frequency=1))

    def outputs(self, source: Source, p: Params) -> tuple[Ids, ...]:
        known = self._file(source, p)
        return (
            Ids(self.name(source.key), None, p.oov_buckets, p.embedding_dim, max_size=p.max_size, vocabulary=known),
        )

    def emit(self, source: Source, p: Params, x: Expr) -> Emitted:
        known = self._file(source, p)
        name = self.name(source.key)
        fit = call(vocabulary, x, max_size=p.max_size, min_frequency=p.min_frequency, name=known)
        ids = call(vocabulary_ids, x, item("fitted", known), oov_buckets=p.oov_buckets, name=f"{name}_ids")
        return Emitted({name: ids}, {known: fit})

    def fit(self, source: Source, p: Params, x: Array, rows: Array | None = None) -> Fitted:
        return Fitted(vocabularies={self._file(source, p): fit_vocabulary(x, rows, p.max_size, p.min_frequency)})

    def reference(self, source: Source, p: Params, fitted: Fitted, x: Array) -> Mapping[str, Array]:
        return {self.name(source.key): look_up(x, fitted.vocabularies[self._file(source, p)], p.oov_buckets)}

    @staticmethod
    def _file(source: Source, p: Params) -> str:
        """By column and settings: both towers share a vocabulary exactly when its settings are equal."""
        return f"{source.slug}_vocab_{p.max_size}_{p.min_frequency}"
