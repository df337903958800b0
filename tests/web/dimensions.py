"""`python -m tests.web.dimensions` (make derived) writes the configs and dimensions that the page's own sums are held
against: configs at random, from what the transforms say of themselves."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from towerlab.configs.checks import examine
from towerlab.configs.dimensions import breakdown
from towerlab.configs.lists import SIDES, ConfigLists, crosses_field, features_field
from towerlab.configs.resolved import Tower
from towerlab.domain.columns import ColumnType
from towerlab.transforms.registry import metadata

from tests.stacks import REPOSITORY

FILE: Path = REPOSITORY / "services" / "web" / "tests" / "dimensions.json"
CASES = 60


def fixture() -> dict[str, Any]:
    """{types, cases: [{lists, buyer, product}]}, each tower as (name, dim) of every output."""
    drawn = random.Random(7)
    return {"types": metadata(), "cases": [_case(drawn) for _ in range(CASES)]}


def _case(drawn: random.Random) -> dict[str, Any]:
    lists: dict[str, list[dict[str, Any]]] = {}
    columns: dict[str, ColumnType] = {}
    for side in SIDES:
        features = [_feature(drawn, f"c{place}", columns) for place in range(drawn.randint(0, 6))]
        lists[features_field(side)] = features
        texts = [feature["column"] for feature in features if feature["type"] == "string_embedding"]
        lists[crosses_field(side)] = [_cross(drawn, texts)] if len(texts) > 1 else []
    resolved, _ = examine(ConfigLists(**{name: tuple(held) for name, held in lists.items()}), columns)
    return {"lists": lists, "buyer": _shown(resolved.query), "product": _shown(resolved.candidate)}


def _feature(drawn: random.Random, column: str, columns: dict[str, ColumnType]) -> dict[str, Any]:
    """Some of its settings are said, the others are left to their defaults."""
    kinds = [kind for kind in metadata() if columns.get(column) in (None, *kind["applies_to"])]
    kind = drawn.choice(kinds)
    columns.setdefault(column, ColumnType(kind["applies_to"][-1]))
    feature: dict[str, Any] = {"column": column, "type": kind["type"]}
    for transform in kind["transforms"]:
        for entry in transform["parameters"]:
            if drawn.random() < 0.7:
                _place(feature, entry["path"], _value(drawn, entry))
    return feature


def _value(drawn: random.Random, entry: dict[str, Any]) -> Any:
    if entry["choices"] is not None:
        return drawn.choice(entry["choices"])
    if entry["type"] == "integer":
        return drawn.randint(entry["minimum"], entry["maximum"])
    return drawn.random() < 0.5 if entry["type"] == "boolean" else entry["default"]


def _place(feature: dict[str, Any], path: str, value: Any) -> None:
    *folders, name = path.split("/")[1:]
    at = feature
    for folder in folders:
        at = at.setdefault(folder, {})
    at[name] = value


def _cross(drawn: random.Random, columns: list[str]) -> dict[str, Any]:
    return {"features": drawn.sample(columns, 2), "hash_bucket_size": 1000, "embedding_dim": drawn.randint(4, 64)}


def _shown(tower: Tower) -> list[list[Any]]:
    return [[entry["name"], entry["dim"]] for entry in breakdown(tower)]


def text() -> str:
    return json.dumps(fixture(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
