"""Every query that the services offer has its Firestore index; tests/unit/indexed.py checks those the tests make."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from config_api.schemas.queries import SORTS
from towerlab.adapters.firestore_indexes import IndexField, indexes, plan
from towerlab.adapters.firestore_outbox import COLLECTION
from towerlab.ports.documents import Has, Order, Query
from towerlab.runtime.kinds import FILTERS, LISTINGS

from tests.unit.indexed import INDEXES, Unindexed, check

FILTER_CHOICES: list[dict[str, Any]] = [
    {},
    {"status": "draft"},
    {"tokens": Has("a")},
    {"status": "draft", "tokens": Has("a")},
]


@pytest.mark.parametrize(("sort", "filters"), list(product(SORTS, FILTER_CHOICES)))
def test_configs_are_listed_in_every_order_under_every_filter(sort: str, filters: dict[str, Any]) -> None:
    orders = [Order(name.removeprefix("-"), name.startswith("-")) for name in SORTS[sort]]
    check(Query("config_summary", {"dataset_id": "d1", "deleted": False, **filters}, orders))


@pytest.mark.parametrize(
    "query",
    [
        Query("thing", {"a": 1}, [Order("c")]),
        Query("thing", {"a": 1, "b": 2}, [Order("c")]),
        Query("thing", {"a": 1}, [Order("b", descending=True)]),
        Query("thing", {"a": 1, "words": Has("x")}),
        Query("thing", {}, [Order("b", descending=True)]),
        Query("other", {"a": 1}, [Order("b")]),
    ],
)
def test_a_query_without_its_index_is_noticed(query: Query) -> None:
    known = indexes({"thing": (("a", "b"), ("a",))}, {})
    with pytest.raises(Unindexed):
        check(query, known)


@pytest.mark.parametrize(
    "query",
    [
        Query("thing", {"a": 1, "b": 2, "c": 3}),
        Query("thing", {"words": Has("x")}),
        Query("thing", {}, [Order("b")]),
        Query("thing", {"b": 1, "a": 1}, [Order("c", descending=True), Order("d")]),
        Query("thing", {"b": 1, "a": 1, "c": 1}, [Order("c", descending=True), Order("d")]),
        Query("thing", {}, [Order("b", descending=True)]),
    ],
)
def test_what_firestore_can_serve_passes(query: Query) -> None:
    check(query, indexes({"thing": (("a", "b", "-c", "d"), ("a", "b", "c", "d"), ("-b",))}, {}))


def test_a_filter_narrows_every_listing() -> None:
    made = indexes({"thing": (("a", "-b"), ("c",))}, {"thing": ("s", "*w")})
    texts = [" ".join(f"{field.path.removeprefix('index.')}:{field.mode[0]}" for field in one.fields) for one in made]
    name = "__name__:A"
    assert texts == [
        f"a:A b:D {name}", f"s:A a:A b:D {name}", f"w:C a:A b:D {name}", f"s:A w:C a:A b:D {name}",
        f"s:A c:A {name}", f"w:C c:A {name}", f"s:A w:C c:A {name}", f"sent_at:A at:A {name}",
    ]  # fmt: skip


def test_the_plan_is_json_in_the_words_of_the_administration_api() -> None:
    made = json.loads(json.dumps(plan(LISTINGS, FILTERS)))
    assert len(made["indexes"]) == len(INDEXES) < 200  # which a database may have
    assert made["indexes"][-1] == {
        "collection": COLLECTION,
        "fields": [{"field_path": name, "order": "ASCENDING"} for name in ("sent_at", "at", "__name__")],
    }
    assert {"field_path": "index.tokens", "array_config": "CONTAINS"} in made["indexes"][7]["fields"]
    assert {"collection": "config", "field": "body", "ttl": False} in made["fields"]
    assert [field["field"] for field in made["fields"] if field["ttl"]] == ["expires_at"]


def test_every_index_goes_on_from_its_fields_to_the_id() -> None:
    for index in INDEXES:
        assert index.fields[-1] == IndexField("__name__", "ASCENDING")
        assert len(index.fields) > 2
        assert sum(field.mode == "CONTAINS" for field in index.fields) <= 1
    assert len(set(INDEXES)) == len(INDEXES)


def test_no_kind_has_the_outboxs_collection() -> None:
    assert COLLECTION not in LISTINGS
