"""What one config version computes that another does not, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion
from towerlab.configs.dimensions import breakdown
from towerlab.configs.lists import MODEL, MODEL_TITLE, SIDES, ConfigLists, Side
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.errors import pointer

ABSENT = None
Named = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Difference:
    """`kind` is feature or cross, `name` its column or `a × b`; `change` is added, removed or changed, seen from the
    left to the right. `field` is the JSON pointer inside of it, '' for all of it."""

    model: str
    kind: str
    name: str
    change: str
    field: str
    left: Any
    right: Any
    text: str


@dataclass(frozen=True)
class Size:
    """Width and parameters of a model on both sides."""

    model: str
    left_dim: int
    right_dim: int
    left_parameters: int
    right_parameters: int


def differences(left: ConfigLists, right: ConfigLists) -> tuple[Difference, ...]:
    """None when both compute the same; the order of features and crosses does not matter."""
    return tuple(difference for side in SIDES for difference in _of_side(side, left, right))


def sizes(left: ConfigVersion, right: ConfigVersion, profiles: Mapping[str, ColumnProfile]) -> tuple[Size, ...]:
    """Parameters are those of the embedding tables, at most, as the preview counts them."""
    return tuple(
        Size(MODEL[side], *_pair(left, right, side, "dim", profiles), *_pair(left, right, side, "parameters", profiles))
        for side in SIDES
    )


def _of_side(side: Side, left: ConfigLists, right: ConfigLists) -> Iterator[Difference]:
    yield from _of_kind(side, "feature", _features(left, side), _features(right, side))
    yield from _of_kind(side, "cross", _crosses(left, side), _crosses(right, side))


def _features(lists: ConfigLists, side: Side) -> Named:
    return {feature["column"]: feature for feature in lists.features(side)}


def _crosses(lists: ConfigLists, side: Side) -> Named:
    """By their operands in any order."""
    return {
        " × ".join(sorted(cross["features"])): {name: value for name, value in cross.items() if name != "features"}
        for cross in lists.crosses(side)
    }


def _of_kind(side: Side, kind: str, left: Named, right: Named) -> Iterator[Difference]:
    title = MODEL_TITLE[side]
    for name in dict.fromkeys([*left, *right]):
        before, after = left.get(name), right.get(name)
        if before is None:
            yield Difference(MODEL[side], kind, name, "added", "", None, after, f"{title}: {name} is added.")
        elif after is None:
            yield Difference(MODEL[side], kind, name, "removed", "", before, None, f"{title}: {name} is removed.")
        else:
            yield from _of_fields(side, kind, name, before, after)


def _of_fields(
    side: Side, kind: str, name: str, left: Mapping[str, Any], right: Mapping[str, Any]
) -> Iterator[Difference]:
    before, after = dict(_leaves(left)), dict(_leaves(right))
    for path in dict.fromkeys([*before, *after]):
        old, new = before.get(path), after.get(path)
        if old != new:
            text = f"{MODEL_TITLE[side]}: {name}: {' '.join(path)} {_shown(old)} → {_shown(new)}."
            yield Difference(MODEL[side], kind, name, "changed", pointer(*path), old, new, text)


def _leaves(value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _leaves(inner, (*path, name))
        else:
            yield (*path, name), inner


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "none"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _pair(
    left: ConfigVersion, right: ConfigVersion, side: Side, field: str, profiles: Mapping[str, ColumnProfile]
) -> tuple[int, int]:
    return _sum(left, side, field, profiles), _sum(right, side, field, profiles)


def _sum(version: ConfigVersion, side: Side, field: str, profiles: Mapping[str, ColumnProfile]) -> int:
    resolved = resolve(version.lists, version.columns)
    tower = resolved.query if side == "query" else resolved.candidate
    return sum(int(part[field]) for part in breakdown(tower, profiles))
