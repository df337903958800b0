"""What is computed for a resolved config, in an order that does not depend on how a person arranged it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from towerlab.configs.features import sources
from towerlab.configs.lists import Side
from towerlab.configs.outputs import FromCross, FromFeature, operand_name, outputs_of
from towerlab.configs.resolved import Feature, Operand, ResolvedConfig, Tower
from towerlab.domain.outputs import Output
from towerlab.transforms.base import Emitted, FeatureType, Prepare, Produce, Source
from towerlab.transforms.cross import cross_ids
from towerlab.transforms.expr import Expr, array, call, item
from towerlab.transforms.registry import feature_types

Sources = Mapping[tuple[Side, str], Source]


@dataclass(frozen=True)
class PlannedOutput:
    """One output with its expression; `column` and `key` say where it comes from (a cross has no key and no kind)."""

    output: Output
    expression: Expr
    column: str
    key: str = ""
    kind: FeatureType | None = None


@dataclass(frozen=True)
class PlannedTower:
    side: Side
    features: tuple[PlannedOutput, ...]
    crosses: tuple[PlannedOutput, ...]

    @property
    def outputs(self) -> tuple[PlannedOutput, ...]:
        """In tower order."""
        return *self.features, *self.crosses

    @property
    def sections(self) -> Mapping[FeatureType, tuple[PlannedOutput, ...]]:
        """The features by type, the types in the order in which they are known."""
        kinds = {planned.kind.key for planned in self.features if planned.kind is not None}
        return {
            kind: tuple(planned for planned in self.features if planned.kind is kind)
            for key, kind in feature_types().items()
            if key in kinds
        }


@dataclass(frozen=True)
class Plan:
    """`fitted` are analyses that both towers may look things up in, by name; `columns` the real name of every key."""

    query: PlannedTower
    candidate: PlannedTower
    fitted: Mapping[str, Expr]
    columns: Mapping[str, str]

    @property
    def towers(self) -> tuple[PlannedTower, PlannedTower]:
        return self.query, self.candidate


def plan(resolved: ResolvedConfig) -> Plan:
    """Features by key, crosses by name; where both towers fit the same thing, it is fitted on the query's rows."""
    at = sources(resolved)
    fitted: dict[str, Expr] = {}
    query, candidate = (_tower(tower, at, fitted) for tower in resolved.towers)
    columns = {source.key: source.column for source in at.values()}
    return Plan(query, candidate, dict(sorted(fitted.items())), dict(sorted(columns.items())))


def _tower(tower: Tower, at: Sources, fitted: dict[str, Expr]) -> PlannedTower:
    features = sorted(tower.features, key=lambda feature: at[tower.side, feature.column].key)
    emitted: dict[str, Expr] = {}
    for feature in features:
        made = _emit(feature, at[tower.side, feature.column])
        emitted.update(made.outputs)
        for name, expression in made.fitted.items():
            fitted.setdefault(name, expression)
    in_order = Tower(tower.side, tuple(features), tower.crosses)
    entries = outputs_of(in_order, at)
    crosses = [_cross(entry, tower, at) for entry in entries if isinstance(entry, FromCross)]
    return PlannedTower(
        tower.side,
        tuple(_feature(entry, emitted) for entry in entries if isinstance(entry, FromFeature)),
        tuple(sorted(crosses, key=lambda planned: planned.output.name)),
    )


def _emit(feature: Feature, source: Source) -> Emitted:
    x = _read(feature, source)
    for step in feature.preparing:
        assert isinstance(step.transform, Prepare)
        x = step.transform.prepare(step.params, x)
    outputs: dict[str, Expr] = {}
    fitted: dict[str, Expr] = {}
    for step in feature.producing:
        assert isinstance(step.transform, Produce)
        made = step.transform.emit(source, step.params, x)
        outputs.update(made.outputs)
        fitted.update(made.fitted)
    return Emitted(outputs, fitted)


def _read(feature: Feature, source: Source) -> Expr:
    return call(feature.kind.reader, item("inputs", source.key))


def _feature(entry: FromFeature, emitted: Mapping[str, Expr]) -> PlannedOutput:
    expression = emitted[entry.output.name]
    return PlannedOutput(entry.output, expression, entry.feature.column, entry.source.key, entry.feature.kind)


def _cross(entry: FromCross, tower: Tower, at: Sources) -> PlannedOutput:
    features = {feature.column: feature for feature in tower.features}
    named = sorted(
        ((operand_name(part, at[tower.side, part.column]), part) for part in entry.cross.operands),
        key=lambda pair: pair[0],
    )
    parts = [_part(name, part, features[part.column], at[tower.side, part.column]) for name, part in named]
    label = " × ".join(part.output for _, part in named)
    return PlannedOutput(entry.output, call(cross_ids, array(parts), size=entry.cross.hash_bucket_size), label)


def _part(name: str, operand: Operand, feature: Feature, source: Source) -> Expr:
    return item("outputs", name) if operand.taken == "ids" else _read(feature, source)
