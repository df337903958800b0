"""A config that takes over from another one what both differ in: what would fill an empty cell of a heatmap."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from towerlab.configs.axes import CROSSES, FEATURES, TENSOR_DIM, Axis, Choices, crossed, laid_flat
from towerlab.configs.checks import examine
from towerlab.configs.config import ConfigVersion
from towerlab.configs.diff import Difference, differences
from towerlab.configs.hashing import config_hash
from towerlab.configs.lists import MODEL, SIDES, ConfigLists, Side, crosses_field, features_field

Raw = dict[str, Any]
_SIDE: Mapping[str, Side] = {MODEL[side]: side for side in SIDES}
FOLLOWS = "it follows from other choices of a config"


@dataclass(frozen=True)
class Neighbour:
    """What to change in a config, and what comes of it; `faults` says why it cannot be done, '' when it can."""

    changes: tuple[Difference, ...]
    config_hash: str
    faults: str = ""
    lists: ConfigLists = field(default_factory=ConfigLists)


def neighbour(ours: ConfigVersion, theirs: ConfigVersion, axes: Iterable[Axis], wanted: Choices) -> Neighbour:
    """Ours with their choices on these axes, so that it has all that is `wanted` (None: has not got it)."""
    lists = taken_over(ours.lists, theirs.lists, axes)
    resolved, faults = examine(lists, {**theirs.columns, **ours.columns})
    if faults:
        return Neighbour((), "", "; ".join(fault.message for fault in faults))
    found = laid_flat(resolved)
    if any(found.get(axis) != value for axis, value in wanted.items()):
        return Neighbour((), "", FOLLOWS)
    made = resolved.as_lists()
    return Neighbour(differences(ours.lists, made), config_hash(resolved), lists=made)


def taken_over(ours: ConfigLists, theirs: ConfigLists, axes: Iterable[Axis]) -> ConfigLists:
    """Our lists with their choices on these axes; a width follows from the rest and cannot be taken over. Both have
    every default filled in. What comes of it may have faults: a cross of a feature that is not there."""
    for axis in axes:
        ours = _with(ours, theirs, axis)
    return ours


def _with(ours: ConfigLists, theirs: ConfigLists, axis: Axis) -> ConfigLists:
    side = _SIDE[axis.model]
    if axis.kind == "feature":
        changed = _entries(ours.features(side), theirs.features(side), axis, _column)
        return replace(ours, **{features_field(side): changed})
    if axis.kind == "cross":
        changed = _entries(ours.crosses(side), theirs.crosses(side), axis, crossed)
        return replace(ours, **{crosses_field(side): changed})
    if axis.field == TENSOR_DIM:
        return ours
    name = {FEATURES: features_field, CROSSES: crosses_field}[axis.field](side)
    return replace(ours, **{name: getattr(theirs, name)})


def _entries(ours: tuple[Raw, ...], theirs: tuple[Raw, ...], axis: Axis, name: Any) -> tuple[Raw, ...]:
    """With their value at the axis; the whole entry comes or goes where one side has none, or another type."""
    mine, other = (next((one for one in side if name(one) == axis.of), None) for side in (ours, theirs))
    if other is None:
        return tuple(one for one in ours if one is not mine)
    if mine is None:
        return (*ours, other)
    changed = other if mine.get("type") != other.get("type") else _at(mine, other, axis.field.split("."))
    return tuple(changed if one is mine else one for one in ours)


def _at(mine: Raw, other: Raw, path: list[str]) -> Raw:
    """A copy of `mine` with the value that `other` has at `path`, and with what switches it on."""
    changed = copy.deepcopy(mine)
    into: Any = changed
    for part in path[:-1]:
        into, other = into[part], other[part]
        if "enabled" in other:
            into["enabled"] = other["enabled"]
    into[path[-1]] = other[path[-1]]
    return changed


def _column(feature: Raw) -> str:
    return str(feature["column"])
