"""Several tags in one text: every frequent tag has a learned vector, a row has the mean of its tags' vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from towerlab.domain.columns import ColumnType
from towerlab.domain.outputs import Bag
from towerlab.transforms.arrays import Array, texts
from towerlab.transforms.base import Emitted, FeatureType, Produce, Source, param
from towerlab.transforms.expr import Expr, call, item
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.graph import graph, tf
from towerlab.transforms.readers import read_text, text
from towerlab.transforms.registry import transform
from towerlab.transforms.vocabulary import fit_vocabulary, look_up, vocabulary, vocabulary_ids

MULTI_HOT = FeatureType("multi_hot", "Tags in one text (learned)", frozenset({ColumnType.STRING}), text, read_text)


@graph
def tags(x: Any, separator: str) -> Any:
    """The tags of each row, ragged: white space around them does not count, empty ones are left out."""
    parts = tf.strings.strip(tf.strings.split(x, sep=separator))
    return tf.ragged.boolean_mask(parts, tf.not_equal(parts, ""))


@graph
def tag_vocabulary(x: Any, max_size: int, min_frequency: int, name: str) -> Any:
    """Tags seen often enough in all rows together, most frequent first."""
    return vocabulary(x.flat_values, max_size=max_size, min_frequency=min_frequency, name=name)


@graph
def tag_ids(x: Any, known: Any, oov_buckets: int, slots: int, name: str) -> Any:
    """The ids of each row's first `slots` tags, shape [batch, slots]: every id once, then -1 where there is none."""
    first = tf.RaggedTensor.to_tensor(x, default_value="", shape=[None, slots])
    ids = vocabulary_ids(first, known, oov_buckets=oov_buckets, name=name)
    nothing = tf.constant(-1, tf.int64)
    ordered = tf.sort(tf.where(tf.equal(first, ""), nothing, ids), axis=1)
    again = tf.equal(ordered[:, 1:], ordered[:, :-1])
    distinct = tf.concat([ordered[:, :1], tf.where(again, nothing, ordered[:, 1:])], axis=1)
    return tf.sort(distinct, axis=1, direction="DESCENDING")


@transform
class MultiHot(Produce["MultiHot.Params"]):
    """The mean of the learned vectors of a row's tags, `Action|Comedy`; zeros where there is no tag. A tag counts once,
    rare and new tags share the out-of-vocabulary vectors."""

    key = "multi_hot"
    label = "Tags embedding"
    feature_types = (MULTI_HOT,)

    @dataclass(frozen=True)
    class Params:
        separator: str = param("|", "Separator", low=1, high=16, suggestions=("|", ",", ";", "/", " "))
        embedding_dim: int = param(32, "Embedding dimension", low=4, high=256, suggestions=(8, 16, 24, 32, 64, 128))
        max_tags: int = param(
            16, "Most tags a row", low=2, high=128, suggestions=(4, 8, 16, 32, 64),
            help="Tags beyond the first so many are left out",
        )  # fmt: skip
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

    examples = (Params(), Params(", ", embedding_dim=4, max_tags=2, max_size=3, oov_buckets=1, min_frequency=1))

    def outputs(self, source: Source, p: Params) -> tuple[Bag, ...]:
        file = self._file(source, p)
        return (
            Bag(self.name(source.key), None, p.oov_buckets, p.embedding_dim, p.max_tags, p.max_size, vocabulary=file),
        )

    def emit(self, source: Source, p: Params, x: Expr) -> Emitted:
        file, name = self._file(source, p), self.name(source.key)
        found = call(tags, x, separator=p.separator)
        fit = call(tag_vocabulary, found, max_size=p.max_size, min_frequency=p.min_frequency, name=file)
        ids = call(
            tag_ids, found, item("fitted", file), oov_buckets=p.oov_buckets, slots=p.max_tags, name=f"{name}_ids"
        )
        return Emitted({name: ids}, {file: fit})

    def fit(self, source: Source, p: Params, x: Array, rows: Array | None = None) -> Fitted:
        found = [split(row, p.separator) for row in x.tolist()]
        every = texts(tag for tags in found for tag in tags)
        counts = None if rows is None else np.repeat(rows, [len(tags) for tags in found])
        return Fitted(vocabularies={self._file(source, p): fit_vocabulary(every, counts, p.max_size, p.min_frequency)})

    def reference(self, source: Source, p: Params, fitted: Fitted, x: Array) -> Mapping[str, Array]:
        known = fitted.vocabularies[self._file(source, p)]
        ids = np.full((len(x), p.max_tags), -1, np.int64)
        for row, found in zip(ids, x.tolist(), strict=True):
            first = texts(split(found, p.separator)[: p.max_tags])
            distinct = np.unique(look_up(first, known, p.oov_buckets))[::-1]
            row[: len(distinct)] = distinct
        return {self.name(source.key): ids}

    @staticmethod
    def _file(source: Source, p: Params) -> str:
        """By column, settings and separator: both towers share a vocabulary exactly when these are equal."""
        return f"{source.slug}_tags_{p.separator.encode().hex()}_{p.max_size}_{p.min_frequency}"


def split(row: bytes, separator: str) -> list[bytes]:
    """The reference of `tags` for one row."""
    return [tag for tag in (part.strip() for part in row.split(separator.encode())) if tag]
