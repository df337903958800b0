"""A config after its checks: typed, complete, with every default filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from towerlab.configs.lists import ConfigLists, Side
from towerlab.domain.columns import ColumnType
from towerlab.transforms.base import FeatureType, Prepare, Produce, Transform


@dataclass(frozen=True)
class Step:
    """One transform of a feature with its parameters, active or not."""

    transform: Transform[Any]
    params: Any

    @property
    def active(self) -> bool:
        return self.transform.active(self.params)


@dataclass(frozen=True)
class Feature:
    column: str
    column_type: ColumnType
    kind: FeatureType
    steps: tuple[Step, ...]

    @property
    def preparing(self) -> Iterator[Step]:
        return (step for step in self.steps if step.active and isinstance(step.transform, Prepare))

    @property
    def producing(self) -> Iterator[Step]:
        return (step for step in self.steps if step.active and isinstance(step.transform, Produce))

    def as_json(self) -> dict[str, Any]:
        """The feature as the spec writes it, defaults included."""
        body: dict[str, Any] = {"column": self.column, "type": self.kind.key}
        for step in self.steps:
            for entry in step.transform.params():
                _place(body, entry.path, getattr(step.params, entry.name))
        return body


@dataclass(frozen=True)
class Operand:
    """A side of a cross: an output of a feature of the same model. `taken` by its raw 'text' or by its 'ids'."""

    column: str
    output: str  # the name a person uses: `city`, `revenue_bucket`
    taken: str


@dataclass(frozen=True)
class Cross:
    operands: tuple[Operand, ...]
    hash_bucket_size: int
    embedding_dim: int

    @property
    def name(self) -> str:
        return " × ".join(operand.output for operand in self.operands)

    def as_json(self) -> dict[str, Any]:
        return {
            "features": [operand.output for operand in self.operands],
            "hash_bucket_size": self.hash_bucket_size,
            "embedding_dim": self.embedding_dim,
        }


@dataclass(frozen=True)
class Tower:
    side: Side
    features: tuple[Feature, ...] = ()
    crosses: tuple[Cross, ...] = ()


@dataclass(frozen=True)
class ResolvedConfig:
    """Both towers in the order in which a person arranged them; what is computed does not depend on the order."""

    query: Tower
    candidate: Tower

    @property
    def towers(self) -> tuple[Tower, Tower]:
        return self.query, self.candidate

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """Types of the columns that are used."""
        return {feature.column: feature.column_type for tower in self.towers for feature in tower.features}

    def as_lists(self) -> ConfigLists:
        """The four lists with every default filled in."""
        return ConfigLists(
            buyer_model_features=tuple(feature.as_json() for feature in self.query.features),
            product_model_features=tuple(feature.as_json() for feature in self.candidate.features),
            buyer_model_crosses=tuple(cross.as_json() for cross in self.query.crosses),
            product_model_crosses=tuple(cross.as_json() for cross in self.candidate.crosses),
        )


def _place(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = list(value) if isinstance(value, tuple) else value
