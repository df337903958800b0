"""A fold over a tower: every output it gets, from which feature or cross it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from towerlab.configs.features import sources
from towerlab.configs.lists import Side
from towerlab.configs.resolved import Cross, Feature, Operand, ResolvedConfig, Step, Tower
from towerlab.domain.outputs import Ids, Output
from towerlab.transforms.base import Produce, Source


@dataclass(frozen=True)
class FromFeature:
    """An output of a feature; `shown` is the name a person sees, `output.name` the one in the generated code."""

    shown: str
    output: Output
    feature: Feature
    step: Step
    source: Source


@dataclass(frozen=True)
class FromCross:
    shown: str
    output: Ids
    cross: Cross


def outputs_of(tower: Tower, at: Mapping[tuple[Side, str], Source]) -> tuple[FromFeature | FromCross, ...]:
    """All outputs of the tower in the order of its features and crosses."""
    features = [entry for feature in tower.features for entry in _of_feature(feature, at[tower.side, feature.column])]
    crosses = [FromCross(cross.name, _of_cross(cross, tower.side, at), cross) for cross in tower.crosses]
    return (*features, *crosses)


def outputs_of_both(resolved: ResolvedConfig) -> Mapping[Side, tuple[FromFeature | FromCross, ...]]:
    at = sources(resolved)
    return {tower.side: outputs_of(tower, at) for tower in resolved.towers}


def operand_name(operand: Operand, source: Source) -> str:
    """The operand's name in the generated code: `city`, `revenue_bucket`."""
    return source.key + operand.output.removeprefix(operand.column)


def _of_feature(feature: Feature, source: Source) -> list[FromFeature]:
    return [
        FromFeature(step.transform.name(feature.column), output, feature, step, source)
        for step in feature.producing
        if isinstance(step.transform, Produce)
        for output in step.transform.outputs(source, step.params)
    ]


def _of_cross(cross: Cross, side: Side, at: Mapping[tuple[Side, str], Source]) -> Ids:
    """Its name does not depend on the order in which a person named the operands, as what it computes does not."""
    names = sorted(operand_name(operand, at[side, operand.column]) for operand in cross.operands)
    return Ids("_x_".join(names), cross.hash_bucket_size, 0, cross.embedding_dim)
