"""A config laid flat: one value per choice, so that many configs can be plotted against what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from towerlab.configs.config import ConfigVersion
from towerlab.configs.dimensions import total
from towerlab.configs.lists import MODEL, SIDES, Side
from towerlab.configs.parsing import parse_feature
from towerlab.configs.reading import Faults
from towerlab.configs.resolved import Feature, ResolvedConfig, Tower
from towerlab.domain.columns import ColumnType

FEATURES, CROSSES, TENSOR_DIM = "features", "crosses", "tensor_dim"


class Axis(NamedTuple):
    """A choice that configs can differ in. `kind` is feature or cross, `of` its column or `a × b` (operands sorted),
    `field` its place inside, with dots; or the whole model, whose fields are features, crosses and tensor_dim."""

    model: str  # buyer | product
    kind: str  # feature | cross | model
    of: str
    field: str

    @property
    def name(self) -> str:
        """`buyer.revenue.transforms.bucketize.buckets`, `buyer_crosses.age × city.…`, `buyer_tensor_dim`."""
        if self.kind == "model":
            return f"{self.model}_{self.field}"
        return f"{self.model}{'_crosses' if self.kind == 'cross' else ''}.{self.of}.{self.field}"


Choices = Mapping[Axis, Any]


def axes(resolved: ResolvedConfig) -> dict[str, str]:
    """What is switched on, by name; each model's features, crosses and width besides. Configs that compute the same
    have the same axes."""
    return {axis.name: str(value) for axis, value in laid_flat(resolved).items()}


def laid_flat(resolved: ResolvedConfig) -> Choices:
    """The same by axis, with values as they are."""
    return dict(chain.from_iterable(map(_of_tower, resolved.towers)))


def choices(version: ConfigVersion) -> Choices:
    """The same of a stored version; fast for many versions that have much alike."""
    dims = {"query": version.buyer_tensor_dim, "candidate": version.product_tensor_dim}
    found = (_laid(side, _stored(version, side), version.lists.crosses(side), dims[side]) for side in SIDES)
    return dict(chain.from_iterable(found))


def crossed(cross: Mapping[str, Any]) -> str:
    """A cross by its operands in any order."""
    return " × ".join(sorted(cross["features"]))


Of = tuple[tuple[str, Any], ...]  # fields of a feature and their values


def _of_tower(tower: Tower) -> Iterator[tuple[Axis, Any]]:
    features = [(feature.column, _of(feature)) for feature in tower.features]
    return _laid(tower.side, features, [cross.as_json() for cross in tower.crosses], total(tower))


def _laid(
    side: Side, features: Sequence[tuple[str, Of]], crosses: Sequence[Mapping[str, Any]], dim: int
) -> Iterator[tuple[Axis, Any]]:
    model = MODEL[side]
    yield Axis(model, "model", "", FEATURES), ", ".join(sorted(column for column, _ in features))
    yield Axis(model, "model", "", CROSSES), ", ".join(sorted(map(crossed, crosses)))
    yield Axis(model, "model", "", TENSOR_DIM), dim
    for column, fields in features:
        yield from ((Axis(model, "feature", column, name), value) for name, value in fields)
    for cross in crosses:
        for name in ("hash_bucket_size", "embedding_dim"):
            yield Axis(model, "cross", crossed(cross), name), cross[name]


def _of(feature: Feature) -> Of:
    active = (step for step in feature.steps if step.active)
    params = (
        (".".join(entry.path), getattr(step.params, entry.name)) for step in active for entry in step.transform.params()
    )
    return (("type", feature.kind.key), *params)


def _stored(version: ConfigVersion, side: Side) -> list[tuple[str, Of]]:
    return [
        (raw["column"], _parsed(json.dumps(raw), version.columns[raw["column"]]))
        for raw in version.lists.features(side)
    ]


@lru_cache(maxsize=20_000)  # most features of one config stand in many others just so
def _parsed(raw: str, column_type: ColumnType) -> Of:
    feature = json.loads(raw)
    found = parse_feature(feature, {feature["column"]: column_type}, "", Faults())
    return _of(found) if found else ()
