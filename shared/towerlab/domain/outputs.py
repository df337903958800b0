"""What a transform puts into a tower: numbers as they are, or ids that get a learned vector each."""

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


Output = Dense | Ids


def tower_width(outputs: Iterable[Output]) -> int:
    """Width of the concatenated tower input."""
    return sum(output.width for output in outputs)
