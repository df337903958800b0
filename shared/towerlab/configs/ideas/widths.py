"""Wider and narrower embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from towerlab.configs.ideas.idea import NARROWEST, WIDEST, Idea, Raw, Told, changed, listed
from towerlab.configs.lists import Side
from towerlab.configs.recommend import recommendation, shown_count
from towerlab.domain.columns import ColumnProfile

LEARNED = ("string_embedding", "hashing", "multi_hot")
Feature = tuple[Side, Raw, ColumnProfile]


def widths(told: Told) -> Iterator[Idea]:
    features = list(told.features(*LEARNED))
    ids = [one for one in features if told.is_identifier(one[1]["column"])]
    others = [one for one in features if one not in ids]
    yield from chain(_together(told, ids), *(_alone(told, one, 45) for one in ids))
    yield from chain.from_iterable(_alone(told, one, 22) for one in others)
    yield from chain.from_iterable(_narrower(told, one) for one in others)


def _together(told: Told, ids: Sequence[Feature]) -> Iterator[Idea]:
    """The customer and the product: wider on one side alone, the other one is what limits them."""
    if len(ids) < 2:
        return
    for times, promise, much in ((2, 90, "twice"), (4, 62, "four times")):
        lists, shown = told.lists, []
        for side, raw, _ in ids:
            dim = min(times * raw["embedding_dim"], WIDEST)
            lists = told.with_feature(side, changed(raw, {"embedding_dim": dim}), lists)
            shown.append(f"{raw['column']} {dim}D")
        now = listed([f"{one.unique_count:,} {one.name} in {raw['embedding_dim']}" for _, raw, one in ids])
        reason = f"{now} dimensions: {much} as many on both sides let them differ in more ways."
        yield Idea(listed(shown), lists, reason, promise)


def _alone(told: Told, feature: Feature, promise: int) -> Iterator[Idea]:
    side, raw, profile = feature
    dim = min(2 * raw["embedding_dim"], WIDEST)
    reason = f"{profile.unique_count:,} unique values in {raw['embedding_dim']} dimensions: {dim} may keep more apart."
    lists = told.with_feature(side, changed(raw, {"embedding_dim": dim}))
    yield Idea(f"{raw['column']} {dim}D", lists, reason, promise)


def _narrower(told: Told, feature: Feature) -> Iterator[Idea]:
    """Where it is wider than its values call for, or at least not needed."""
    side, raw, profile = feature
    dim = max(raw["embedding_dim"] // 2, NARROWEST)
    usual = recommendation(profile.unique_count)
    excess = raw["embedding_dim"] > usual.high
    values = f"{shown_count(profile.unique_count)} unique values"
    reason = (
        f"{values} call for {usual.low}-{usual.high} dimensions, it has {raw['embedding_dim']}."
        if excess
        else f"{values} may need only {dim} dimensions; fewer are learned from more rows each."
    )
    lists = told.with_feature(side, changed(raw, {"embedding_dim": dim}))
    yield Idea(f"{raw['column']} {dim}D", lists, reason, 34 if excess else 10)
