"""A config laid flat: one text value per choice, so that many configs can be plotted against what differs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from towerlab.configs.dimensions import total
from towerlab.configs.lists import MODEL
from towerlab.configs.resolved import Cross, Feature, ResolvedConfig, Tower


def axes(resolved: ResolvedConfig) -> dict[str, str]:
    """What is switched on, by name: `buyer.revenue.transforms.bucketize.buckets`, `buyer_crosses.age × city.…`; each
    model's features, crosses and width besides. Configs that compute the same have the same axes."""
    return {name: str(value) for tower in resolved.towers for name, value in _of_tower(tower)}


def _of_tower(tower: Tower) -> Iterator[tuple[str, Any]]:
    model = MODEL[tower.side]
    yield f"{model}_features", ", ".join(sorted(feature.column for feature in tower.features))
    yield f"{model}_crosses", ", ".join(sorted(map(_named, tower.crosses)))
    yield f"{model}_tensor_dim", total(tower)
    yield from chain.from_iterable(_of_feature(f"{model}.{one.column}", one) for one in tower.features)
    yield from chain.from_iterable(_of_cross(f"{model}_crosses.{_named(one)}", one) for one in tower.crosses)


def _of_feature(name: str, feature: Feature) -> Iterator[tuple[str, Any]]:
    yield f"{name}.type", feature.kind.key
    for step in feature.steps:
        for entry in step.transform.params() if step.active else ():
            yield ".".join((name, *entry.path)), getattr(step.params, entry.name)


def _named(cross: Cross) -> str:
    return " × ".join(sorted(operand.output for operand in cross.operands))


def _of_cross(name: str, cross: Cross) -> Iterator[tuple[str, Any]]:
    yield f"{name}.hash_bucket_size", cross.hash_bucket_size
    yield f"{name}.embedding_dim", cross.embedding_dim
