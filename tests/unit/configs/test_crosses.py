"""References of crosses, typed and as strings; advice on crosses; what goes with a feature that is removed."""

from __future__ import annotations

from typing import Any

import pytest
from towerlab.configs.checks import resolve
from towerlab.configs.cross_advice import advice, collisions, recommended_size
from towerlab.configs.editing import remove_feature
from towerlab.configs.hashing import config_hash
from towerlab.domain.errors import Invalid

from tests.unit.configs.building import COLUMNS, cross, lists, number, text

ON = {"enabled": True}
FEATURES = [text("city"), text("customer_id"), number("revenue", bucketize=ON), number("quantity")]


def reference(column: Any, output: Any) -> dict[str, Any]:
    return {"column": column, "output": output}


def test_a_typed_reference_means_what_the_string_means_and_the_string_is_returned() -> None:
    typed = {**cross(), "features": [reference("city", "city"), reference("revenue", "revenue_bucket")]}
    one = resolve(lists(FEATURES, buyer_crosses=[typed]), COLUMNS)
    two = resolve(lists(FEATURES, buyer_crosses=[cross("city", "revenue_bucket")]), COLUMNS)
    assert one == two
    assert config_hash(one) == config_hash(two)
    assert one.as_lists().buyer_model_crosses[0]["features"] == ["city", "revenue_bucket"]


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    (reference("city", "revenue_bucket"), "/output", "not_in_model"),
    (reference("revenue", "revenue"), "/output", "operand_is_a_number"),
    (reference("quantity", "quantity_bucket"), "/output", "operand_is_off"),
    (reference("nowhere", "nowhere"), "/output", "not_in_model"),
    (reference("city", 5), "", "not_a_reference"),
    ({"column": "city"}, "", "not_a_reference"),
    ({**reference("city", "city"), "size": 3}, "/size", "unknown_field"),
]


@pytest.mark.parametrize(("raw", "place", "code"), FAULTS)
def test_a_fault_of_a_typed_reference_is_found_at_its_place(raw: dict[str, Any], place: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        resolve(lists(FEATURES, buyer_crosses=[{**cross(), "features": ["customer_id", raw]}]), COLUMNS)
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [
        (f"/buyer_model_crosses/0/features/1{place}", code)
    ]
    assert all(problem.remedy for problem in caught.value.problems)


def test_the_recommended_size_comes_from_the_observed_combinations() -> None:
    found = advice({"city": 28, "category": 40}, observed=600)
    assert (found.possible, found.observed, found.hash_bucket_size) == (1120, 600, 1200)
    assert found.determined_by is None
    assert advice({"city": 28, "category": 40}).hash_bucket_size == 2300
    assert [recommended_size(count) for count in (0, 3, 51, 10**9)] == [100, 100, 110, 100_000]


def test_the_side_that_determines_the_other_is_named() -> None:
    found = advice({"customer_id": 4000, "city": 28}, observed=4010)
    assert found.determined_by == "customer_id"
    assert "determines" in found.reason


def test_collisions_are_counted_as_for_balls_in_bins() -> None:
    assert collisions(1, 100) == 0
    assert collisions(100, 100_000) == 0
    assert collisions(1000, 1000) == round(1000 * (1 - (999 / 1000) ** 999))


def test_a_feature_that_is_removed_takes_its_crosses_with_it() -> None:
    crosses = [cross("city", "customer_id"), cross("city", "revenue_bucket"), cross("customer_id", "revenue_bucket")]
    config = lists(FEATURES, [text("city")], crosses)
    removal = remove_feature(config, "query", "revenue", COLUMNS)
    assert [raw["features"] for raw in removal.lists.buyer_model_crosses] == [["city", "customer_id"]]
    assert removal.crosses == tuple(crosses[1:])
    assert removal.sentences[0] == "city × revenue_bucket of the BuyerModel goes too: it uses 'revenue'."
    assert removal.lists.product_model_features == (text("city"),)
    resolve(removal.lists, COLUMNS)


def test_a_feature_that_no_cross_uses_goes_alone() -> None:
    removal = remove_feature(lists(FEATURES, [text("city")]), "candidate", "city", COLUMNS)
    assert removal.lists.product_model_features == ()
    assert len(removal.lists.buyer_model_features) == 4
    assert (removal.crosses, removal.sentences) == ((), ())
