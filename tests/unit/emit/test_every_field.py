"""Every field of a config changes what is generated: nothing that a person sets is without effect."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from towerlab.configs.checks import resolve
from towerlab.domain.columns import ColumnType
from towerlab.emit.package import generate
from towerlab.transforms.registry import metadata

from tests.unit.configs.building import cross, lists, text

Body = dict[str, Any]
Place = tuple[str, ...]
LIKED = ("TIMESTAMP", "FLOAT")  # of the types a feature takes, those that all of its parameters fit
SIDES = ("buyer", "product")


def placed(body: Body, place: Place, value: Any) -> Body:
    changed = copy.deepcopy(body)
    inner = changed
    for part in place[:-1]:
        inner = inner.setdefault(part, {})
    inner[place[-1]] = value
    return changed


def parameters(described: Body) -> Iterator[Body]:
    for transform in described["transforms"]:
        yield from transform["parameters"]


def place_of(parameter: Body) -> Place:
    return tuple(parameter["path"].strip("/").split("/"))


def with_all_on(described: Body) -> Body:
    """The feature with its defaults and every switch on."""
    body = {"column": "a column", "type": described["type"]}
    for parameter in parameters(described):
        value = True if parameter["type"] == "boolean" else parameter["default"]
        body = placed(body, place_of(parameter), value)
    return body


def another(parameter: Body) -> Any:
    """A value that is allowed and is not the one `with_all_on` has."""
    if parameter["type"] == "boolean":
        return False
    if parameter["choices"]:
        return next(choice for choice in parameter["choices"] if choice != parameter["default"])
    if parameter["type"] == "string":
        return parameter["default"] + "+"
    return parameter["default"] + (1 if parameter["default"] < parameter["maximum"] else -1)


FIELDS = [
    pytest.param(described, parameter, side, id=f"{side}-{described['type']}{parameter['path']}")
    for described in metadata()
    for parameter in parameters(described)
    for side in SIDES
]


def column_type(described: Body) -> ColumnType:
    liked = [name for name in LIKED if name in described["applies_to"]]
    return ColumnType((liked or described["applies_to"])[0])


def modules(feature: Body, side: str, types: dict[str, ColumnType], crosses: list[Body] | None = None) -> bytes:
    mine, other = [feature, text("a city")], [text("another")]
    towers = (mine, other, crosses, []) if side == "buyer" else (other, mine, [], crosses)
    files = generate(resolve(lists(*towers), types), "name", 1, "0" * 64)
    return files["preprocessing.py"] + files["trainer.py"]


def types(**more: ColumnType) -> dict[str, ColumnType]:
    return {"another": ColumnType.STRING, "a city": ColumnType.STRING, **more}


@pytest.mark.parametrize(("described", "parameter", "side"), FIELDS)
def test_c4_c5_c6_c7_c8_a_parameter_changes_the_modules(described: Body, parameter: Body, side: str) -> None:
    known = types(**{"a column": column_type(described)})
    feature = with_all_on(described)
    changed = placed(feature, place_of(parameter), another(parameter))
    assert modules(feature, side, known) != modules(changed, side, known)


@pytest.mark.parametrize("described", metadata(), ids=lambda described: described["type"])
def test_the_column_of_a_feature_changes_the_modules(described: Body) -> None:
    kind = column_type(described)
    known = types(**{"a column": kind, "its twin": kind})
    feature = with_all_on(described)
    assert modules(feature, "buyer", known) != modules({**feature, "column": "its twin"}, "buyer", known)
    assert modules(feature, "buyer", known) != modules(feature, "product", known)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("change", [{"hash_bucket_size": 777}, {"embedding_dim": 8}, {"features": ["a city", "shop"]}])
def test_c9_every_field_of_a_cross_changes_the_modules(change: Body, side: str) -> None:
    known = types(**{"a column": ColumnType.STRING, "shop": ColumnType.STRING})

    def made(crosses: list[Body]) -> bytes:
        mine, other = [text("a column"), text("a city"), text("shop")], [text("another")]
        towers = (mine, other, crosses, []) if side == "buyer" else (other, mine, [], crosses)
        files = generate(resolve(lists(*towers), known), "name", 1, "0" * 64)
        return files["preprocessing.py"] + files["trainer.py"]

    base = cross("a city", "a column")
    assert made([base]) != made([{**base, **change}]) != made([])
