"""From raw JSON objects to typed features and crosses, guided by what the transforms say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.configs.reading import Faults, known_fields, value_of
from towerlab.configs.resolved import Feature, Step
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import pointer
from towerlab.transforms.base import FeatureType, Param, Transform
from towerlab.transforms.registry import feature_types, transforms_of


def parse_feature(raw: Any, columns: Mapping[str, ColumnType], at: str, faults: Faults) -> Feature | None:
    """The feature at pointer `at`; None when its column or its type is not known. Other faults leave defaults."""
    if not isinstance(raw, dict):
        faults.note(at, "not_an_object", "a feature is an object", 'Give {"column": ..., "type": ...}.')
        return None
    column = _column(raw, columns, at, faults)
    kind = _kind(raw, at, faults)
    if kind is None:
        return None
    steps = _steps(kind, raw, at, faults)
    if column is None:
        return None
    column_type = columns[column]
    if column_type not in kind.applies_to:
        _refuse_type(column, column_type, kind, at, faults)
        return None
    feature = Feature(column, column_type, kind, steps)
    _refuse_parameters(feature, at, faults)
    return feature


def _column(raw: dict[str, Any], columns: Mapping[str, ColumnType], at: str, faults: Faults) -> str | None:
    column = raw.get("column")
    if isinstance(column, str) and column in columns:
        return column
    if column is None:
        faults.note(at + "/column", "required", "the column is missing", "Name a column of the dataset.")
    else:
        faults.note(at + "/column", "unknown_column", f"the dataset has no column {column!r}", "Remove the feature.")
    return None


def _kind(raw: dict[str, Any], at: str, faults: Faults) -> FeatureType | None:
    key = raw.get("type")
    if isinstance(key, str) and key in feature_types():
        return feature_types()[key]
    code, message = ("required", "the type is missing") if key is None else ("unknown_type", f"no type {key!r}")
    faults.note(at + "/type", code, message, f"Give one of {', '.join(sorted(feature_types()))}.")
    return None


def _steps(kind: FeatureType, raw: dict[str, Any], at: str, faults: Faults) -> tuple[Step, ...]:
    known = transforms_of(kind)
    places = [entry.path for transform in known for entry in transform.params()] + [("column",), ("type",)]
    _refuse_unknown(raw, places, (), at, faults)
    return tuple(Step(transform, _params(transform, raw, at, faults)) for transform in known)


def _params(transform: Transform[Any], raw: dict[str, Any], at: str, faults: Faults) -> Any:
    given = {entry.name: _value(entry, raw, at, faults) for entry in transform.params()}
    return transform.Params(**given)


def _value(entry: Param, raw: Any, at: str, faults: Faults) -> Any:
    for part in entry.path:
        if not isinstance(raw, dict) or part not in raw:
            return entry.default
        raw = raw[part]
    return value_of(entry, raw, at + pointer(*entry.path), faults)


def _refuse_unknown(raw: Any, places: list[tuple[str, ...]], inside: tuple[str, ...], at: str, faults: Faults) -> None:
    here = at + pointer(*inside)
    if not isinstance(raw, dict):
        faults.note(here, "not_an_object", f"{inside[-1]} is an object", "Give an object, or leave it out.")
        return
    depth = len(inside)
    below = [path for path in places if path[:depth] == inside]
    known_fields(raw, {path[depth] for path in below}, here, faults)
    for part in sorted({path[depth] for path in below if len(path) > depth + 1}):
        if part in raw:
            _refuse_unknown(raw[part], below, (*inside, part), at, faults)


def _refuse_type(column: str, column_type: ColumnType, kind: FeatureType, at: str, faults: Faults) -> None:
    fitting = sorted(key for key, other in feature_types().items() if column_type in other.applies_to)
    message = f"{kind.key} does not fit {column!r}, which is {column_type}"
    faults.note(at + "/type", "type_does_not_fit", message, f"Use {' or '.join(fitting)}.")


def _refuse_parameters(feature: Feature, at: str, faults: Faults) -> None:
    for step in feature.steps:
        places = {entry.name: entry.path for entry in step.transform.params()}
        for name, why, remedy in step.transform.refusals(feature.column_type, step.params):
            faults.note(at + pointer(*places[name]), "makes_no_sense", f"{feature.column!r}: {why}", remedy)
    if not any(feature.producing):
        remedy = "Enable one of its transforms (normalize or bucketize), or remove the feature."
        faults.note(at, "adds_nothing", f"{feature.column!r} adds nothing; enable normalize or bucketize", remedy)
