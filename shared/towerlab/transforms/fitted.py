"""What the analysis of the training rows found: all that a reference needs to know besides the row itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Fitted:
    """Each by the name that the analysis has in the generated module: `price_norm_min`, `price_bucket_quantiles`,
    `city_vocab_100000_5`. Boundaries are float32, a vocabulary is in the order of its ids."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    boundaries: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    vocabularies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def merged(parts: Iterable[Fitted]) -> Fitted:
    """All of them; where two have one name the first one stands, as in the generated module."""
    found = list(parts)
    return Fitted(
        _first(part.numbers for part in found),
        _first(part.boundaries for part in found),
        _first(part.vocabularies for part in found),
    )


def _first(parts: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    return {name: value for part in reversed(list(parts)) for name, value in part.items()}
