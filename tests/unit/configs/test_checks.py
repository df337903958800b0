"""Every fault is found, at its place, with a remedy."""

from __future__ import annotations

from typing import Any

import pytest
from towerlab.configs.checks import MAX_CROSSES, MAX_FEATURES, examine, missing_for_training, resolve, warnings
from towerlab.configs.known import Known
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import Availability, ColumnRole, ColumnType
from towerlab.domain.errors import Invalid, Problem

from tests.unit.configs.building import COLUMNS, cross, lists, number, text, time

BUYER, CROSSES = "/buyer_model_features/0", "/buyer_model_crosses/0"
ON = {"enabled": True}


def faults(config: ConfigLists, columns: dict[str, ColumnType] | None = None) -> list[Problem]:
    with pytest.raises(Invalid) as caught:
        resolve(config, columns or COLUMNS)
    assert all(problem.message and problem.remedy for problem in caught.value.problems)
    return list(caught.value.problems)


def found(config: ConfigLists, columns: dict[str, ColumnType] | None = None) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in faults(config, columns)]


FEATURE_FAULTS: list[tuple[Any, str, str]] = [
    ("city", "", "not_an_object"),
    ({"type": "numeric"}, "/column", "required"),
    ({"column": "city"}, "/type", "required"),
    ({"column": "no such", "type": "string_embedding"}, "/column", "unknown_column"),
    ({"column": 7, "type": "string_embedding"}, "/column", "unknown_column"),
    ({"column": "city", "type": "magic"}, "/type", "unknown_type"),
    ({"column": "city", "type": ["numeric"]}, "/type", "unknown_type"),
    (number("city"), "/type", "type_does_not_fit"),
    (text("revenue"), "/type", "type_does_not_fit"),
    (text("trans_date"), "/type", "type_does_not_fit"),
    (time("quantity"), "/type", "type_does_not_fit"),
    (text("city", 3), "/embedding_dim", "out_of_bounds"),
    (text("city", 257), "/embedding_dim", "out_of_bounds"),
    ({**text("city"), "embedding_dim": "32"}, "/embedding_dim", "not_an_integer"),
    ({**text("city"), "embedding_dim": True}, "/embedding_dim", "not_an_integer"),
    ({**text("city"), "embedding_dim": None}, "/embedding_dim", "not_an_integer"),
    ({**text("city"), "embedding_dim": 8.5}, "/embedding_dim", "not_an_integer"),
    ({**text("city"), "embedding_dim": float("nan")}, "/embedding_dim", "not_an_integer"),
    (text("city", 32, max_size=0), "/vocab_settings/max_size", "out_of_bounds"),
    (text("city", 32, max_size=10_000_001), "/vocab_settings/max_size", "out_of_bounds"),
    (text("city", 32, oov_buckets=0), "/vocab_settings/oov_buckets", "out_of_bounds"),
    (text("city", 32, oov_buckets=1001), "/vocab_settings/oov_buckets", "out_of_bounds"),
    (text("city", 32, min_frequency=0), "/vocab_settings/min_frequency", "out_of_bounds"),
    (text("city", 32, min_frequency=1_000_001), "/vocab_settings/min_frequency", "out_of_bounds"),
    (text("city", 32, size=3), "/vocab_settings/size", "unknown_field"),
    ({**text("city"), "vocab_settings": 5}, "/vocab_settings", "not_an_object"),
    ({**text("city"), "a/b": 5}, "/a~1b", "unknown_field"),
    ({**text("city"), "transforms": {}}, "/transforms", "unknown_field"),
    (number("revenue", normalize={"enabled": 1}, bucketize=ON), "/transforms/normalize/enabled", "not_a_boolean"),
    (number("revenue", normalize={**ON, "range": [0, 2]}), "/transforms/normalize/range", "not_a_choice"),
    (number("revenue", normalize={**ON, "range": [False, True]}), "/transforms/normalize/range", "not_a_choice"),
    (number("revenue", normalize={**ON, "range": "[0, 1]"}), "/transforms/normalize/range", "not_a_choice"),
    (number("revenue", bucketize={**ON, "buckets": 1}), "/transforms/bucketize/buckets", "out_of_bounds"),
    (number("revenue", bucketize={**ON, "buckets": 1001}), "/transforms/bucketize/buckets", "out_of_bounds"),
    (number("revenue", bucketize={**ON, "embedding_dim": 2}), "/transforms/bucketize/embedding_dim", "out_of_bounds"),
    (number("revenue", cyclical={"weekly": True}, normalize=ON), "/transforms/cyclical", "unknown_field"),
    (number("revenue", log_transform="yes", normalize=ON), "/transforms/log_transform", "not_a_boolean"),
    (number("revenue", log_transform=True), "", "adds_nothing"),
    ({"column": "revenue", "type": "numeric"}, "", "adds_nothing"),
    ({"column": "trans_date", "type": "timestamp", "transforms": {"cyclical": {"weekly": False}}}, "", "adds_nothing"),
    (time("trans_date", log_transform=True, normalize=ON), "/transforms/log_transform", "unknown_field"),
    (time("trans_date", cyclical={"hourly": True}, normalize=ON), "/transforms/cyclical/hourly", "unknown_field"),
    (time("birthday", cyclical={"daily": True}), "/transforms/cyclical/daily", "makes_no_sense"),
]


@pytest.mark.parametrize(("feature", "place", "code"), FEATURE_FAULTS)
def test_a_fault_of_a_feature_is_found_at_its_place(feature: Any, place: str, code: str) -> None:
    assert found(lists([feature])) == [(BUYER + place, code)]


CROSS_FAULTS: list[tuple[Any, str, str]] = [
    ("city", "", "not_an_object"),
    (cross("city"), "/features", "wrong_number"),
    (cross("city", "customer_id", "revenue_bucket", "trans_date"), "/features", "wrong_number"),
    ({**cross(), "features": "city"}, "/features", "wrong_number"),
    (cross("city", "category"), "/features/1", "not_in_model"),
    (cross("city", "city"), "/features", "duplicate"),
    ({**cross(), "features": ["city", 5]}, "/features/1", "not_a_string"),
    (cross("city", "trans_date_bucket"), "/features/1", "operand_is_off"),
    (cross("city", "trans_date"), "/features/1", "operand_is_a_number"),
    (cross("city", "revenue"), "/features/1", "operand_is_a_number"),
    (cross("city", "revenue_norm"), "/features/1", "not_in_model"),
    (cross("city", "customer_id", size=99), "/hash_bucket_size", "out_of_bounds"),
    (cross("city", "customer_id", size=100_001), "/hash_bucket_size", "out_of_bounds"),
    (cross("city", "customer_id", dim=3), "/embedding_dim", "out_of_bounds"),
    (cross("city", "customer_id", dim=65), "/embedding_dim", "out_of_bounds"),
    ({"features": ["city", "customer_id"]}, "/hash_bucket_size", "required"),
    ({**cross("city", "customer_id"), "seed": 1}, "/seed", "unknown_field"),
]


@pytest.mark.parametrize(("raw", "place", "code"), CROSS_FAULTS)
def test_a_fault_of_a_cross_is_found_at_its_place(raw: Any, place: str, code: str) -> None:
    features = [text("city"), text("customer_id"), number("revenue", bucketize=ON), time("trans_date")]
    assert found(lists(features, buyer_crosses=[raw])) == [(CROSSES + place, code)]


def test_a_cross_may_leave_its_embedding_dim_to_the_default() -> None:
    raw = {"features": ["city", "revenue_bucket"], "hash_bucket_size": 100}
    resolved = resolve(lists([text("city"), number("revenue", bucketize=ON)], buyer_crosses=[raw]), COLUMNS)
    assert resolved.query.crosses[0].embedding_dim == 16
    assert resolved.as_lists().buyer_model_crosses == ({**raw, "embedding_dim": 16},)


def test_all_faults_come_at_once() -> None:
    config = lists([text("city", 1), text("no such")], [number("category")], [cross("a", "b", size=1)])
    assert len(faults(config)) == 6


def test_the_pointer_starts_where_the_lists_lie() -> None:
    with pytest.raises(Invalid) as caught:
        resolve(lists([text("city", 1)]), COLUMNS, "/config")
    assert caught.value.problems[0].pointer == "/config" + BUYER + "/embedding_dim"


def test_a_column_is_once_in_a_model() -> None:
    assert found(lists([text("city"), text("city")])) == [("/buyer_model_features/1/column", "duplicate")]


def test_a_combination_is_crossed_once_whatever_its_order() -> None:
    crosses = [cross("city", "customer_id"), cross("customer_id", "city", size=100)]
    config = lists([text("city"), text("customer_id")], buyer_crosses=crosses)
    assert found(config) == [("/buyer_model_crosses/1/features", "duplicate")]


@pytest.mark.parametrize("side", [0, 1])
def test_an_output_may_not_have_the_name_of_a_column(side: int) -> None:
    columns = {**COLUMNS, "revenue_bucket": ColumnType.STRING}
    revenue, impostor = number("revenue", bucketize=ON), text("revenue_bucket")
    config = lists([revenue, impostor]) if side == 0 else lists([revenue], [impostor])
    place = "/buyer_model_features/1" if side == 0 else "/product_model_features/0"
    assert found(config, columns) == [(place, "name_collision")]


def test_a_cross_may_not_have_the_name_of_a_column() -> None:
    columns = {**COLUMNS, "city_x_customer_id": ColumnType.STRING}
    features = [text("city"), text("customer_id"), text("city_x_customer_id")]
    config = lists(features, buyer_crosses=[cross("customer_id", "city")])
    assert found(config, columns) == [(CROSSES, "name_collision")]


def test_a_faulty_config_can_still_be_shown() -> None:
    resolved, problems = examine(lists([text("city", 1), text("no such"), text("customer_id", 8)]), COLUMNS)
    assert [feature.column for feature in resolved.query.features] == ["city", "customer_id"]
    assert len(problems) == 2


def test_a_model_has_limits() -> None:
    columns = {f"c{n}": ColumnType.STRING for n in range(MAX_FEATURES + 1)}
    features = [text(name) for name in columns]
    assert found(lists(features), columns) == [("/buyer_model_features", "too_many")]
    pairs = [cross(f"c{n}", f"c{n + 1}") for n in range(MAX_CROSSES + 1)]
    assert found(lists(features[:-1], buyer_crosses=pairs), columns) == [("/buyer_model_crosses", "too_many")]


def test_an_empty_config_can_be_saved_and_not_tested() -> None:
    resolved = resolve(lists(), COLUMNS)
    assert [problem.code for problem in missing_for_training(resolved)] == ["empty_model", "empty_model"]


def test_a_column_in_both_models_and_an_outcome_are_warned_about() -> None:
    resolved = resolve(lists([text("city"), number("revenue")], [text("city")]), COLUMNS)
    mapping = {"revenue": ColumnRole("revenue", Availability.AFTER_REQUEST)}
    found = [(warning.code, warning.column) for warning in warnings(resolved, Known(COLUMNS, mapping=mapping))]
    assert found == [("after_request", "revenue"), ("in_both_models", "city")]
