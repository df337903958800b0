"""What a transform puts into a tower: numbers as they are, an id with a learned vector, or several with their mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Dense:
    """`width` float32 numbers per row that enter the tower as they are."""

    name: str
    width: int = 1


@dataclass(frozen=True)
class Ids:
    """One int64 id per row, embedded by the tower. `size` ids from the transform (None: a vocabulary decides when
    it is fitted, at most `max_size` entries) followed by `oov` rows for what the transform does not know."""

    name: str
    size: int | None
    oov: int
    embedding_dim: int
    max_size: int | None = None
    vocabulary: str | None = None  # the vocabulary file that decides the size

    @property
    def width(self) -> int:
        return self.embedding_dim


@dataclass(frozen=True)
class Bag:
    """Up to `slots` int64 ids per row (at least 2), -1 where there are fewer; the tower enters the mean of their
    vectors, zeros for a row without any. Its rows of embeddings are counted as those of Ids."""

    name: str
    size: int | None
    oov: int
    embedding_dim: int
    slots: int
    max_size: int | None = None
    vocabulary: str | None = None

    @property
    def width(self) -> int:
        return self.embedding_dim


Output = Dense | Ids | Bag


def tower_width(outputs: Iterable[Output]) -> int:
    """Width of the concatenated tower input."""
    return sum(output.width for output in outputs)
