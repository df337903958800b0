"""What the generated module computes for a config, computed here: every output of both towers, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from towerlab.configs.features import sources
from towerlab.configs.outputs import FromCross, operand_name, outputs_of
from towerlab.configs.resolved import Feature, ResolvedConfig, Tower
from towerlab.transforms.arrays import Array
from towerlab.transforms.base import Prepare, Produce, Source
from towerlab.transforms.cross import cross_reference
from towerlab.transforms.fitted import Fitted, merged

Rows = Mapping[str, Sequence[Any]]  # raw values by key (features.feature_keys), None for missing


def fit(resolved: ResolvedConfig, rows: Rows) -> Fitted:
    """What analysing these rows should find; both towers share what has the same name, as fitted by the query's."""
    return merged(_fits(resolved, rows))


def outputs(resolved: ResolvedConfig, fitted: Fitted, rows: Rows) -> Mapping[str, Array]:
    """By the name that the output has in the generated module; one entry or line per row."""
    towers = (_tower_outputs(resolved, tower, fitted, rows) for tower in resolved.towers)
    return {name: values for found in towers for name, values in found.items()}


def _fits(resolved: ResolvedConfig, rows: Rows) -> Iterator[Fitted]:
    at = sources(resolved)
    for tower in resolved.towers:
        for feature in tower.features:
            source = at[tower.side, feature.column]
            x = prepared(feature, source, rows)
            for step in feature.producing:
                assert isinstance(step.transform, Produce)
                yield step.transform.fit(source, step.params, x)


def _tower_outputs(resolved: ResolvedConfig, tower: Tower, fitted: Fitted, rows: Rows) -> dict[str, Array]:
    at = sources(resolved)
    found: dict[str, Array] = {}
    for feature in tower.features:
        found |= _feature_outputs(feature, at[tower.side, feature.column], fitted, rows)
    kinds = {feature.column: feature.kind for feature in tower.features}
    for entry in outputs_of(tower, at):
        if not isinstance(entry, FromCross):
            continue
        named = sorted((operand_name(part, at[tower.side, part.column]), part) for part in entry.cross.operands)
        parts = [
            found[name] if part.taken == "ids" else kinds[part.column].reference(rows[at[tower.side, part.column].key])
            for name, part in named
        ]
        found[entry.output.name] = cross_reference(parts, entry.cross.hash_bucket_size)
    return found


def _feature_outputs(feature: Feature, source: Source, fitted: Fitted, rows: Rows) -> dict[str, Array]:
    x = prepared(feature, source, rows)
    found: dict[str, Array] = {}
    for step in feature.producing:
        assert isinstance(step.transform, Produce)
        found |= step.transform.reference(source, step.params, fitted, x)
    return found


def prepared(feature: Feature, source: Source, rows: Rows) -> Array:
    """A feature's values after what prepares them, before what produces outputs."""
    x = feature.kind.reference(rows[source.key])
    for step in feature.preparing:
        assert isinstance(step.transform, Prepare)
        x = step.transform.reference(step.params, x)
    return x
