"""Smart defaults follow the table of roles and statistics, and say why."""

from __future__ import annotations

import pytest
from towerlab.configs.checks import missing_for_training, resolve
from towerlab.configs.defaults import SmartDefaults, smart_defaults
from towerlab.configs.recommend import embedding_dim, recommendation
from towerlab.domain.columns import Availability, ColumnProfile, ColumnRole, ColumnType

from tests.unit.configs.building import profile

PROFILES = [
    profile("cust", ColumnType.INTEGER, 125_000),
    profile("item", ColumnType.INTEGER, 45_000),
    profile("when", ColumnType.TIMESTAMP, 9_000),
    profile("home_city", ColumnType.STRING, 28),
    profile("cat", ColumnType.STRING, 12),
    profile("subcat", ColumnType.STRING, 156),
    profile("paid", ColumnType.FLOAT, 5_000, skewness=3.5),
    profile("pieces", ColumnType.INTEGER, 30, skewness=1.0),
    profile("item_title", ColumnType.STRING, 43_521),
    profile("basket", ColumnType.STRING, 99),
]
ROLES = {
    "cust": "customer_id",
    "item": "product_id",
    "when": "transaction_date",
    "home_city": "customer_city",
    "cat": "category",
    "subcat": "subcategory",
    "paid": "revenue",
    "pieces": "quantity",
    "item_title": "product_name",
    "basket": None,
}
AFTER = ("paid", "pieces")
MAPPING = {
    name: ColumnRole(role, Availability.AFTER_REQUEST if name in AFTER else Availability.BEFORE_REQUEST)
    for name, role in ROLES.items()
}
COLUMNS = {entry.name: entry.type for entry in PROFILES}


def chosen(defaults: SmartDefaults) -> dict[str, dict[str, object]]:
    both = (*defaults.lists.buyer_model_features, *defaults.lists.product_model_features)
    return {feature["column"]: feature for feature in both}


def test_columns_go_where_their_roles_belong() -> None:
    defaults = smart_defaults(PROFILES, MAPPING, "include")
    buyer = [feature["column"] for feature in defaults.lists.buyer_model_features]
    product = [feature["column"] for feature in defaults.lists.product_model_features]
    assert buyer == ["cust", "when", "home_city", "paid", "pieces"]
    assert product == ["item", "cat", "subcat", "item_title"]


def test_outcomes_are_left_out_with_a_reason_unless_asked_for() -> None:
    defaults = smart_defaults(PROFILES, MAPPING)
    assert not {"paid", "pieces"} & chosen(defaults).keys()
    assert [reason.column for reason in defaults.reasons if reason.field == "left_out"] == ["paid", "pieces"]


def test_a_column_that_a_person_has_declared_known_before_is_no_outcome() -> None:
    mapping = {**MAPPING, "paid": ColumnRole("revenue", Availability.BEFORE_REQUEST)}
    assert "paid" in chosen(smart_defaults(PROFILES, mapping))


def test_an_identifier_gets_a_vocabulary_of_twice_its_values() -> None:
    features = chosen(smart_defaults(PROFILES, MAPPING))
    assert features["cust"] == {
        "column": "cust",
        "type": "string_embedding",
        "embedding_dim": 96,
        "vocab_settings": {"max_size": 250_000, "oov_buckets": 10, "min_frequency": 5},
    }
    assert features["item_title"]["vocab_settings"] == {"max_size": 87_042, "oov_buckets": 10, "min_frequency": 5}


@pytest.mark.parametrize(("role", "size"), [("customer_id", 500_000), ("customer_name", 100_000)])
def test_a_vocabulary_has_a_largest_size(role: str, size: int) -> None:
    big = profile("c", ColumnType.STRING, 1_000_000)
    defaults = smart_defaults([big], {"c": ColumnRole(role, Availability.BEFORE_REQUEST)})
    settings = defaults.lists.buyer_model_features[0]["vocab_settings"]
    assert settings["max_size"] == size


def test_numbers_are_normalized_and_bucketed_and_skewed_ones_logged() -> None:
    features = chosen(smart_defaults(PROFILES, MAPPING, "include"))
    transforms = {
        "normalize": {"enabled": True, "range": [-1, 1]},
        "bucketize": {"enabled": True, "buckets": 100, "embedding_dim": 32},
    }
    assert features["paid"]["transforms"] == {**transforms, "log_transform": True}
    assert features["pieces"]["transforms"] == {**transforms, "log_transform": False}


def test_times_get_three_cycles() -> None:
    feature = chosen(smart_defaults(PROFILES, MAPPING))["when"]
    assert feature["transforms"] == {
        "normalize": {"enabled": True, "range": [-1, 1]},
        "bucketize": {"enabled": False},
        "cyclical": {"annual": False, "quarterly": True, "monthly": True, "weekly": True, "daily": False},
    }


def test_crosses_follow_roles() -> None:
    defaults = smart_defaults(PROFILES, MAPPING)
    assert defaults.lists.buyer_model_crosses == (
        {"features": ["cust", "home_city"], "hash_bucket_size": 5000, "embedding_dim": 16},
    )
    assert defaults.lists.product_model_crosses == (
        {"features": ["cat", "subcat"], "hash_bucket_size": 1000, "embedding_dim": 16},
    )


@pytest.mark.parametrize("outcomes", ["exclude", "include"])
def test_defaults_can_be_tested_as_they_stand(outcomes: str) -> None:
    defaults = smart_defaults(PROFILES, MAPPING, outcomes)  # type: ignore[arg-type]
    assert missing_for_training(resolve(defaults.lists, COLUMNS)) == ()


def test_every_value_has_a_sentence() -> None:
    for reason in smart_defaults(PROFILES, MAPPING).reasons:
        assert reason.reason.endswith(".")


def test_a_column_without_values_is_left_out() -> None:
    empty = ColumnProfile("c", ColumnType.STRING, 0, True, 10)
    mapping = {"c": ColumnRole("customer_name", Availability.BEFORE_REQUEST)}
    assert smart_defaults([empty], mapping).lists.buyer_model_features == ()


@pytest.mark.parametrize(
    ("unique", "dim"),
    [(0, 8), (49, 8), (50, 16), (500, 32), (4_999, 32), (5_000, 64), (49_999, 64), (50_000, 96), (500_000, 128)],
)
def test_the_table_of_dimensions(unique: int, dim: int) -> None:
    assert embedding_dim(unique) == dim


def test_a_recommendation_is_a_range() -> None:
    assert recommendation(43_521).reason == "Recommended: 32-64 for 43K unique values"
