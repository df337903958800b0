"""Edits of the four lists that have consequences: a feature goes, and the crosses that use it go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from towerlab.configs.checks import examine
from towerlab.configs.crosses import parse_cross
from towerlab.configs.lists import MODEL_TITLE, ConfigLists, Side, crosses_field, features_field
from towerlab.configs.reading import Faults
from towerlab.domain.columns import ColumnType


@dataclass(frozen=True)
class Removal:
    """The lists without the feature, the crosses that went with it, and a sentence for each."""

    lists: ConfigLists
    crosses: tuple[dict[str, Any], ...]
    sentences: tuple[str, ...]


def remove_feature(lists: ConfigLists, side: Side, column: str, columns: Mapping[str, ColumnType]) -> Removal:
    """Take the column's feature out of that model, together with every cross that uses one of its outputs."""
    resolved, _ = examine(lists, columns)
    tower = resolved.query if side == "query" else resolved.candidate
    parsed = [(raw, parse_cross(raw, tower.features, "", Faults())) for raw in lists.crosses(side)]
    gone = [
        (raw, cross.name)
        for raw, cross in parsed
        if cross is not None and column in {operand.column for operand in cross.operands}
    ]
    removed = tuple(raw for raw, _ in gone)
    kept = tuple(raw for raw, _ in parsed if raw not in removed)
    features = tuple(raw for raw in lists.features(side) if not (isinstance(raw, dict) and raw.get("column") == column))
    changed = replace(lists, **{features_field(side): features, crosses_field(side): kept})
    title = MODEL_TITLE[side]
    return Removal(changed, removed, tuple(f"{name} of the {title} goes too: it uses {column!r}." for _, name in gone))
