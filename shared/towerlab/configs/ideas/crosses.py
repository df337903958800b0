"""Crosses: of features that the rows have together, and without those that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from towerlab.configs.cross_advice import advice, operand_counts
from towerlab.configs.crosses import SIZE_BOUNDS, operands_of
from towerlab.configs.features import sources
from towerlab.configs.ideas.idea import Idea, Told
from towerlab.configs.lists import ConfigLists, crosses_field
from towerlab.configs.outputs import FromFeature, outputs_of
from towerlab.configs.resolved import ResolvedConfig, Tower
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.outputs import Ids

MOST_PAIRS = 3  # of a tower: each is counted in the rows
MOST_POSSIBLE = 5_000_000  # combinations, above which most would be seen once


@dataclass(frozen=True)
class Counts:
    """How many values each column has, and how many products there are, 0 when that is not known."""

    unique: Mapping[str, int]
    products: int


def counts(profiles: Iterable[ColumnProfile], product_id: str | None) -> Counts:
    unique = {profile.name: profile.unique_count for profile in profiles}
    return Counts(unique, unique.get(product_id or "", 0))


def crosses(told: Told) -> Iterator[Idea]:
    product_id = next((name for name in told.profiles if told.role(name) == "product_id"), None)
    counted = counts(told.known.profiles, product_id)
    for tower in told.resolved.towers:
        yield from _new(told, tower, counted)
        for cross in tower.crosses:
            kept = tuple(one.as_json() for one in tower.crosses if one != cross)
            lists = replace(told.lists, **{crosses_field(tower.side): kept})
            reason = "If it does as well without this cross, there is less to learn."
            yield Idea(f"without {cross.name}", lists, reason, 16)


def with_new_pairs(resolved: ResolvedConfig, counted: Counts) -> ConfigLists:
    """The config with every cross that may be proposed, so that its combinations can be counted."""
    lists = resolved.as_lists()
    for tower in resolved.towers:
        pairs = _pairs(resolved, tower, counted)
        new = ({"features": list(pair), "hash_bucket_size": SIZE_BOUNDS[0]} for pair in pairs)
        lists = replace(lists, **{crosses_field(tower.side): (*lists.crosses(tower.side), *new)})
    return lists


def _new(told: Told, tower: Tower, counted: Counts) -> Iterator[Idea]:
    for pair in _pairs(told.resolved, tower, counted):
        operands = operand_counts(pair, _sizes(told.resolved, tower, counted))
        observed = told.known.pairs.get(frozenset(pair))
        if operands is None or observed is None:
            continue
        advised = advice(operands, observed)
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


def _pairs(resolved: ResolvedConfig, tower: Tower, counted: Counts) -> list[tuple[str, str]]:
    """Those with the most combinations that are still seen often enough, and are not crossed yet."""
    sizes = _sizes(resolved, tower, counted)
    crossed = {frozenset(operand.output for operand in cross.operands) for cross in tower.crosses}
    possible = [
        (sizes[one] * sizes[other], one, other)
        for one, other in combinations(sorted(sizes), 2)
        if frozenset((one, other)) not in crossed and sizes[one] * sizes[other] <= MOST_POSSIBLE
    ]
    return [(one, other) for _, one, other in sorted(possible, reverse=True)[:MOST_PAIRS]]


def _sizes(resolved: ResolvedConfig, tower: Tower, counted: Counts) -> dict[str, int]:
    """How many values each output has that can be crossed with something. In the candidate tower all are of one
    product: what has nearly a value for each says what any cross with it could."""
    buckets = {
        entry.shown: entry.output.size
        for entry in outputs_of(tower, sources(resolved))
        if isinstance(entry, FromFeature) and isinstance(entry.output, Ids) and entry.output.size
    }
    found = {
        name: buckets.get(name, 0) if operand.taken == "ids" else counted.unique.get(operand.column, 0)
        for name, operand in operands_of(tower.features).items()
    }
    most = counted.products // 2 if tower.side == "candidate" and counted.products else MOST_POSSIBLE
    return {name: size for name, size in found.items() if 1 < size <= most}
