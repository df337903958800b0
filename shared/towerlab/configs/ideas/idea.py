"""An idea, and all that is known where one is looked for."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from towerlab.configs.editing import remove_feature
from towerlab.configs.known import Known
from towerlab.configs.lists import SIDES, ConfigLists, Side, features_field
from towerlab.configs.placement import IDENTIFIER_ROLES
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnProfile

if TYPE_CHECKING:
    from towerlab.configs.expectation import Outlook  # numpy, which not every service loads

Raw = dict[str, Any]
WIDEST, NARROWEST = 256, 4


@dataclass(frozen=True)
class Idea:
    """The four lists as they would be. `promise` orders ideas, the highest first; it estimates nothing."""

    name: str
    lists: ConfigLists
    reason: str
    promise: int = 0


@dataclass(frozen=True)
class Told:
    """A config with every default filled in, and what is known of its dataset. `split` is how rows are judged, '' when
    that is not known. `missing` are shares of the training rows without a value, by (side, column)."""

    lists: ConfigLists
    resolved: ResolvedConfig
    known: Known
    outlooks: tuple[Outlook, ...] = ()
    split: str = ""
    missing: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @cached_property
    def profiles(self) -> Mapping[str, ColumnProfile]:
        return {profile.name: profile for profile in self.known.profiles}

    def features(self, *types: str) -> Iterator[tuple[Side, Raw, ColumnProfile]]:
        """Those of these types whose columns were looked at."""
        for side in SIDES:
            for raw in self.lists.features(side):
                if raw["type"] in types and raw["column"] in self.profiles:
                    yield side, raw, self.profiles[raw["column"]]

    def role(self, column: str) -> str:
        entry = self.known.mapping.get(column)
        return (entry.role if entry else None) or ""

    def is_identifier(self, column: str) -> bool:
        return self.role(column) in IDENTIFIER_ROLES

    def with_feature(self, side: Side, raw: Raw, lists: ConfigLists | None = None) -> ConfigLists:
        """The lists with it in the place of its column's, or as the last one."""
        lists = lists or self.lists
        features = lists.features(side)
        there = any(one["column"] == raw["column"] for one in features)
        placed = tuple(raw if one["column"] == raw["column"] else one for one in features)
        return replace(lists, **{features_field(side): placed if there else (*placed, raw)})

    def without(self, side: Side, column: str) -> ConfigLists:
        """The crosses that use it go too."""
        return remove_feature(self.lists, side, column, self.known.columns).lists


def changed(raw: Raw, values: Mapping[str, Any]) -> Raw:
    """A copy with these values, each by its place with dots between."""
    made = copy.deepcopy(raw)
    for path, value in values.items():
        *inside, last = path.split(".")
        into = made
        for part in inside:
            into = into.setdefault(part, {})
        into[last] = value
    return made


def listed(names: list[str]) -> str:
    """In words: 'a', 'a and b', 'a, b and c'."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
