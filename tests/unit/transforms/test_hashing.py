"""Hashing: from a column's text to an id without a vocabulary."""

from __future__ import annotations

import pytest
from towerlab.configs.checks import resolve
from towerlab.configs.dimensions import breakdown
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid
from towerlab.emit.module import preprocessing_module
from towerlab.emit.plan import plan
from towerlab.emit.verify import verify_preprocessing
from towerlab.transforms.arrays import texts
from towerlab.transforms.base import Source
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.hashing import Hashing
from towerlab.transforms.registry import metadata

COLUMNS = {
    "sku": ColumnType.STRING,
    "shop": ColumnType.INTEGER,
    "member": ColumnType.BOOLEAN,
    "price": ColumnType.FLOAT,
}
FEATURE = {"column": "sku", "type": "hashing", "hash_bucket_size": 1000, "embedding_dim": 8}


def config(*features: dict[str, object], crosses: tuple[dict[str, object], ...] = ()) -> ConfigLists:
    return ConfigLists(features, (), crosses, ())


def test_values_are_spread_over_the_buckets_and_missing_has_its_own() -> None:
    values = texts([b"%d" % n for n in range(2000)] + [b""])
    (ids,) = Hashing().reference(Source("x", "x", "x"), Hashing.Params(1000), Fitted(), values).values()
    assert ids[-1] == 1000
    assert ids[:-1].min() >= 0
    assert 800 < len(set(ids[:-1].tolist())) < 1000


def test_it_has_its_dimension_and_the_parameters_of_its_buckets() -> None:
    tower = resolve(config(FEATURE), COLUMNS).query
    assert breakdown(tower) == [{"name": "sku", "dim": 8, "column": "sku", "parameters": 1001 * 8}]


@pytest.mark.parametrize("column", ["sku", "shop", "member"])
def test_texts_integers_and_booleans_can_be_hashed(column: str) -> None:
    resolved = resolve(config({"column": column, "type": "hashing"}), COLUMNS)
    verify_preprocessing(preprocessing_module(plan(resolved)))


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"hash_bucket_size": 99}, "/hash_bucket_size"),
        ({"hash_bucket_size": 100_001}, "/hash_bucket_size"),
        ({"embedding_dim": 3}, "/embedding_dim"),
        ({"embedding_dim": 257}, "/embedding_dim"),
        ({"vocab_settings": {}}, "/vocab_settings"),
        ({"column": "price"}, "/type"),
    ],
)
def test_what_does_not_fit_is_refused(changed: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        resolve(config({**FEATURE, **changed}), COLUMNS)
    assert [problem.pointer for problem in caught.value.problems] == [f"/buyer_model_features/0{pointer}"]


def test_it_is_crossed_by_its_value() -> None:
    cross = {"features": ["sku", "shop"], "hash_bucket_size": 100}
    resolved = resolve(config(FEATURE, {"column": "shop", "type": "string_embedding"}, crosses=(cross,)), COLUMNS)
    assert [operand.taken for operand in resolved.query.crosses[0].operands] == ["text", "text"]


def test_it_is_offered_like_the_rest() -> None:
    described = next(kind for kind in metadata() if kind["type"] == "hashing")
    assert described["applies_to"] == ["BOOLEAN", "INTEGER", "STRING"]
    assert [entry["path"] for entry in described["transforms"][0]["parameters"]] == [
        "/hash_bucket_size",
        "/embedding_dim",
    ]
