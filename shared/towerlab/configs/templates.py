"""Templates: whole configs to start from, made from a dataset's statistics and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from towerlab.configs.crosses import DIM_BOUNDS
from towerlab.configs.defaults import smart_defaults
from towerlab.configs.lists import ConfigLists
from towerlab.configs.placement import IDENTIFIER_ROLES
from towerlab.configs.recommend import NARROWEST
from towerlab.domain.columns import ColumnProfile, ColumnRole, ColumnType

Profiles = Iterable[ColumnProfile]
Mapped = Mapping[str, ColumnRole]
Feature = dict[str, Any]
CYCLES = ("annual", "quarterly", "monthly", "weekly", "daily")


@dataclass(frozen=True)
class Template:
    """`make` gives the four lists for one dataset."""

    key: str
    title: str
    description: str
    make: Callable[[Profiles, Mapped], ConfigLists]


def _smart(profiles: Profiles, mapping: Mapped) -> ConfigLists:
    return smart_defaults(profiles, mapping, "exclude").lists


def _spec(profiles: Profiles, mapping: Mapped) -> ConfigLists:
    return smart_defaults(profiles, mapping, "include").lists


def _ids_only(profiles: Profiles, mapping: Mapped) -> ConfigLists:
    ids = {column for column, entry in mapping.items() if entry.role in IDENTIFIER_ROLES}
    lists = _smart(profiles, mapping)
    return ConfigLists(
        tuple(feature for feature in lists.buyer_model_features if feature["column"] in ids),
        tuple(feature for feature in lists.product_model_features if feature["column"] in ids),
    )


def _compact(profiles: Profiles, mapping: Mapped) -> ConfigLists:
    lists = _smart(profiles, mapping)
    return ConfigLists(
        tuple(_halved(feature, NARROWEST) for feature in lists.buyer_model_features),
        tuple(_halved(feature, NARROWEST) for feature in lists.product_model_features),
        tuple(_halved(cross, DIM_BOUNDS[0]) for cross in lists.buyer_model_crosses),
        tuple(_halved(cross, DIM_BOUNDS[0]) for cross in lists.product_model_crosses),
    )


def _rich_time(profiles: Profiles, mapping: Mapped) -> ConfigLists:
    profiled = tuple(profiles)
    dates = {profile.name for profile in profiled if profile.type is ColumnType.DATE}
    lists = _smart(profiled, mapping)
    return replace(
        lists,
        buyer_model_features=tuple(_rich(feature, dates) for feature in lists.buyer_model_features),
        product_model_features=tuple(_rich(feature, dates) for feature in lists.product_model_features),
    )


TEMPLATES = (
    Template("smart_defaults", "Smart defaults", "What the statistics and roles of the columns call for.", _smart),
    Template(
        "spec_defaults",
        "Smart defaults with outcomes",
        "Revenue and quantity of the purchase itself are inputs too: high figures that say little.",
        _spec,
    ),
    Template(
        "ids_only", "Ids only", "The customer and the product alone: what every richer config must beat.", _ids_only
    ),
    Template("compact", "Compact", "Smart defaults with half the dimensions: less to store, less to learn.", _compact),
    Template(
        "rich_time",
        "Rich time",
        "Smart defaults with every cycle that fits and learned date buckets.",
        _rich_time,
    ),
)
BY_KEY: Mapping[str, Template] = {template.key: template for template in TEMPLATES}


def template_lists(key: str, profiles: Profiles, mapping: Mapped) -> ConfigLists:
    """The four lists of a known template."""
    return BY_KEY[key].make(profiles, mapping)


def _halved(item: Feature, least: int) -> Feature:
    """Every embedding_dim in it, at any depth, halved."""
    return {
        name: _halved(value, least)
        if isinstance(value, dict)
        else max(least, value // 2)
        if name == "embedding_dim"
        else value
        for name, value in item.items()
    }


def _rich(feature: Feature, dates: set[str]) -> Feature:
    if feature["type"] != "timestamp":
        return feature
    rich = deepcopy(feature)
    has_hours = feature["column"] not in dates
    rich["transforms"]["bucketize"] = {"enabled": True, "buckets": 100, "embedding_dim": 32}
    rich["transforms"]["cyclical"] = {name: name != "daily" or has_hours for name in CYCLES}
    return rich
