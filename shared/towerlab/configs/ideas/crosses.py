"""Crosses: of features that the rows have together, and without those that there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from towerlab.configs.cross_advice import advice, operand_counts
from towerlab.configs.crosses import SIZE_BOUNDS, operands_of
from towerlab.configs.features import sources
from towerlab.configs.ideas.idea import Idea, Told
from towerlab.configs.lists import ConfigLists, crosses_field
from towerlab.configs.outputs import FromFeature, outputs_of
from towerlab.configs.resolved import ResolvedConfig, Tower
from towerlab.domain.outputs import Ids

MOST_PAIRS = 3  # of a tower: each is counted in the rows
MOST_POSSIBLE = 5_000_000  # combinations, above which most would be seen once


def crosses(told: Told) -> Iterator[Idea]:
    for tower in told.resolved.towers:
        yield from _new(told, tower)
        for cross in tower.crosses:
            kept = tuple(one.as_json() for one in tower.crosses if one != cross)
            lists = replace(told.lists, **{crosses_field(tower.side): kept})
            reason = "If it does as well without this cross, there is less to learn."
            yield Idea(f"without {cross.name}", lists, reason, 16)


def with_new_pairs(resolved: ResolvedConfig, unique: dict[str, int]) -> ConfigLists:
    """The config with every cross that may be proposed, so that its combinations can be counted."""
    lists = resolved.as_lists()
    for tower in resolved.towers:
        new = ({"features": list(pair), "hash_bucket_size": SIZE_BOUNDS[0]} for pair in _pairs(resolved, tower, unique))
        lists = replace(lists, **{crosses_field(tower.side): (*lists.crosses(tower.side), *new)})
    return lists


def _new(told: Told, tower: Tower) -> Iterator[Idea]:
    unique = {profile.name: profile.unique_count for profile in told.known.profiles}
    for pair in _pairs(told.resolved, tower, unique):
        counts = operand_counts(pair, _sizes(told.resolved, tower, unique))
        observed = told.known.pairs.get(frozenset(pair))
        if counts is None or observed is None:
            continue
        advised = advice(counts, observed)
        if advised.determined_by is not None:
            continue
        cross = {
            "features": list(pair),
            "hash_bucket_size": advised.hash_bucket_size,
            "embedding_dim": advised.embedding_dim,
        }
        lists = replace(told.lists, **{crosses_field(tower.side): (*told.lists.crosses(tower.side), cross)})
        reason = f"The rows have {observed:,} of the {advised.possible:,} combinations: neither side says the other."
        yield Idea(f"{pair[0]} × {pair[1]}", lists, reason, 40)


def _pairs(resolved: ResolvedConfig, tower: Tower, unique: dict[str, int]) -> list[tuple[str, str]]:
    """Those with the most combinations that are still seen often enough, and are not crossed yet."""
    sizes = _sizes(resolved, tower, unique)
    crossed = {frozenset(operand.output for operand in cross.operands) for cross in tower.crosses}
    possible = [
        (sizes[one] * sizes[other], one, other)
        for one, other in combinations(sorted(sizes), 2)
        if frozenset((one, other)) not in crossed and sizes[one] * sizes[other] <= MOST_POSSIBLE
    ]
    return [(one, other) for _, one, other in sorted(possible, reverse=True)[:MOST_PAIRS]]


def _sizes(resolved: ResolvedConfig, tower: Tower, unique: dict[str, int]) -> dict[str, int]:
    """How many values each output has that can be crossed."""
    buckets = {
        entry.shown: entry.output.size
        for entry in outputs_of(tower, sources(resolved))
        if isinstance(entry, FromFeature) and isinstance(entry.output, Ids) and entry.output.size
    }
    found = {
        name: buckets.get(name, 0) if operand.taken == "ids" else unique.get(operand.column, 0)
        for name, operand in operands_of(tower.features).items()
    }
    return {name: size for name, size in found.items() if size > 1}
