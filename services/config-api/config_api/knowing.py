"""All that is known of a dataset when four lists are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache

from towerlab.configs.checks import examine
from towerlab.configs.cross_advice import Pairs
from towerlab.configs.expectation import Expectation, expectation
from towerlab.configs.features import sources
from towerlab.configs.known import Known
from towerlab.configs.lists import ConfigLists
from towerlab.configs.outputs import FromFeature, outputs_of
from towerlab.configs.resolved import Cross, ResolvedConfig, Tower
from towerlab.domain.datasets import Dataset
from towerlab.domain.outputs import Ids
from towerlab.ports.artifacts import Artifacts
from towerlab.ports.warehouse import Combinations
from towerlab.runtime.wiring import Deps

from config_api import probes, profiles, sketches
from config_api.stored import loaded, named, stored

VERSION = 1  # changes when the same snapshot would give other counts
Buckets = Mapping[str, int | None]


def known_for(deps: Deps, dataset: Dataset, lists: ConfigLists) -> Known:
    """What is known of the newest snapshot, and of the crosses that can be made of the lists."""
    resolved, _ = examine(lists, dataset.columns)
    return known(deps, dataset, resolved, expected(deps, dataset, resolved))


def expected(deps: Deps, dataset: Dataset, resolved: ResolvedConfig) -> Expectation | None:
    """What the training period would make of the config; None where nothing can be trained."""
    sketched = sketches.of(deps, dataset)
    return expectation(resolved, sketched) if sketched else None


def known(deps: Deps, dataset: Dataset, resolved: ResolvedConfig, outlook: Expectation | None) -> Known:
    """The same for lists that are read already. Combinations that nobody has asked for before are counted now."""
    return Known(
        columns=dataset.columns,
        profiles=profiles.of(deps.artifacts, dataset),
        mapping=dataset.mapping,
        rows=dataset.snapshot.rows,
        pairs=_pairs(deps, dataset, resolved),
        probes=probes.of(deps, dataset),
        filled={(one.side, one.column): one.used for one in outlook.outlooks if one.oov_rate is None}
        if outlook
        else {},
    )


def combinations(deps: Deps, dataset: Dataset, buckets: Buckets) -> Combinations:
    """How many combinations the columns have: None by value, else by so many quantile buckets."""
    path = f"combinations/{VERSION}/{dataset.snapshot.id}/{named(buckets)}.json"
    uri = dataset.snapshot.uri
    return _read(
        deps.artifacts, stored(deps.artifacts, path, lambda: asdict(deps.warehouse.combinations(uri, buckets)))
    )


def _pairs(deps: Deps, dataset: Dataset, resolved: ResolvedConfig) -> Pairs:
    return {
        frozenset(operand.output for operand in cross.operands): combinations(deps, dataset, buckets).observed
        for tower in resolved.towers
        for cross, buckets in ((cross, buckets_of(resolved, tower, cross)) for cross in tower.crosses)
    }


def buckets_of(resolved: ResolvedConfig, tower: Tower, cross: Cross) -> Buckets:
    """What a cross takes of each of its columns: the value (None), or one of so many buckets."""
    sizes = {
        entry.shown: entry.output.size
        for entry in outputs_of(tower, sources(resolved))
        if isinstance(entry, FromFeature) and isinstance(entry.output, Ids)
    }
    return {part.column: sizes[part.output] if part.taken == "ids" else None for part in cross.operands}


@lru_cache(maxsize=512)
def _read(artifacts: Artifacts, uri: str) -> Combinations:
    return Combinations(**loaded(artifacts, uri))
