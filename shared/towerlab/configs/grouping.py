"""Groups of configs by what they have chosen: the rows and columns of a heatmap."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from towerlab.configs.axes import CROSSES, Axis, Choices

EMBEDDING_DIMS, BUCKETS = "embedding_dims", "buckets"
SEVERAL = (EMBEDDING_DIMS, CROSSES, BUCKETS)  # groupings by several axes at once
_FIELDS = {EMBEDDING_DIMS: "embedding_dim", BUCKETS: "transforms.bucketize.buckets"}
Group = tuple[Any, ...]  # a value per axis, None where a config has not got it


class Values:
    """How many different values configs have at each axis; having none is one too. Configs can be added."""

    def __init__(self, configs: Iterable[Choices] = ()) -> None:
        self._values: defaultdict[Axis, set[Any]] = defaultdict(set)
        self._owners: Counter[Axis] = Counter()
        self._configs = 0
        for config in configs:
            self.add(config)

    def add(self, config: Choices) -> None:
        self._configs += 1
        self._owners.update(config.keys())
        for axis, value in config.items():
            self._values[axis].add(value)

    def counts(self) -> Mapping[Axis, int]:
        """By axis, in the order of their names."""
        counts = {axis: len(found) + (self._owners[axis] < self._configs) for axis, found in self._values.items()}
        return dict(sorted(counts.items(), key=lambda entry: entry[0].name))


def differing(values: Mapping[Axis, int]) -> list[Axis]:
    return [axis for axis, count in values.items() if count > 1]


def axes_of(grouping: str, values: Mapping[Axis, int]) -> tuple[Axis, ...] | None:
    """The axes of a grouping: of several at once, those that differ; of one by its name. None when there is no such."""
    if grouping == CROSSES:
        return tuple(axis for axis in values if axis.kind == "model" and axis.field == CROSSES)
    if grouping in SEVERAL:
        return tuple(axis for axis in differing(values) if axis.kind == "feature" and axis.field == _FIELDS[grouping])
    return next(((axis,) for axis in values if axis.name == grouping), None)


def group_of(config: Choices, axes: Sequence[Axis]) -> Group:
    return tuple(config.get(axis) for axis in axes)


def label(axes: Sequence[Axis], group: Group) -> str:
    """In words: `customer_id 64, product_id 32`, `No crosses`, `city × customer_id`."""
    if axes and all(axis.kind == "model" and axis.field == CROSSES for axis in axes):
        return ", ".join(filter(None, group)) or "No crosses"
    shared = {axis.of for axis in axes if sum(other.of == axis.of for other in axes) > 1}
    parts = zip(axes, group, strict=True)
    return ", ".join(_in_words(axis, value, axis.of in shared) for axis, value in parts) or "All alike"


def sort_key(group: Group) -> tuple[tuple[int, float, str], ...]:
    """Nothing first, then numbers by size, then texts."""
    return tuple(map(_place, group))


def _in_words(axis: Axis, value: Any, in_both: bool) -> str:
    named = f"{axis.model} {axis.of}" if in_both else axis.of
    return f"{named} {_shown(value)}".strip()


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _place(value: Any) -> tuple[int, float, str]:
    if value is None or value == "":
        return (0, 0.0, "")
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value))


def side_by_side(configs: Sequence[Choices]) -> Iterator[tuple[Axis, list[Any]]]:
    """Of a few configs side by side: each axis in which they differ, with a value per config. What is inside of a
    feature or cross that some have not got is told of when those that have it differ in it."""
    for axis in differing(Values(configs).counts()):
        values = [config.get(axis) for config in configs]
        whole = axis.kind == "model" or axis.field in ("type", "hash_bucket_size")
        if whole or len({value for value in values if value is not None}) > 1 or _all_have(configs, axis):
            yield axis, values


def _all_have(configs: Sequence[Choices], axis: Axis) -> bool:
    """Whether each config has something else of the same feature or cross."""
    owners = [any((other.model, other.kind, other.of) == axis[:3] for other in config) for config in configs]
    return all(owners)
