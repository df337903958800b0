"""The hash knows what is computed, not how it was written down."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.configs.hashing import config_hash
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnType

from tests.unit.configs.building import COLUMNS, configs, cross, lists, number, text


def hash_of(config: ConfigLists) -> str:
    return config_hash(resolve(config, COLUMNS))


def shuffled(entries: tuple[Any, ...], order: random.Random) -> tuple[Any, ...]:
    return tuple(order.sample([dict(order.sample(list(entry.items()), len(entry))) for entry in entries], len(entries)))


@given(configs(), st.randoms(use_true_random=False))
def test_order_does_not_matter(config: ConfigLists, order: random.Random) -> None:
    other = ConfigLists(
        shuffled(config.buyer_model_features, order),
        shuffled(config.product_model_features, order),
        shuffled(config.buyer_model_crosses, order),
        shuffled(config.product_model_crosses, order),
    )
    assert hash_of(other) == hash_of(config)


@given(configs())
def test_defaults_may_be_written_or_left_out(config: ConfigLists) -> None:
    resolved = resolve(config, COLUMNS)
    written = resolved.as_lists()
    assert resolve(written, COLUMNS) == resolved
    assert hash_of(written) == hash_of(config)


def test_numbers_are_compared_as_numbers() -> None:
    assert hash_of(lists([text("city", 32)])) == hash_of(lists([{**text("city"), "embedding_dim": 32.0}]))


def test_the_order_of_a_crosss_features_does_not_matter() -> None:
    features = [text("city"), text("customer_id")]
    one = lists(features, buyer_crosses=[cross("city", "customer_id")])
    assert hash_of(one) == hash_of(lists(features, buyer_crosses=[cross("customer_id", "city")]))


def test_settings_of_a_transform_that_is_off_do_not_matter() -> None:
    on = {"enabled": True}
    one = lists([number("revenue", normalize=on, bucketize={"enabled": False, "buckets": 7})])
    assert hash_of(one) == hash_of(lists([number("revenue", normalize=on)]))


def test_everything_that_is_computed_matters() -> None:
    base = lists([text("city"), text("customer_id")], [text("category")], [cross("city", "customer_id")])
    others = [
        lists([text("city", 16), text("customer_id")], [text("category")], [cross("city", "customer_id")]),
        lists([text("city", 32, min_frequency=6), text("customer_id")], [text("category")]),
        lists([text("city"), text("customer_id")], [text("category")]),
        lists([text("city"), text("customer_id"), text("category")], []),
        replace(base, buyer_model_crosses=(cross("city", "customer_id", size=100),)),
    ]
    assert len({hash_of(config) for config in [base, *others]}) == len(others) + 1


def test_the_type_of_a_column_matters() -> None:
    config = lists([text("customer_id")])
    other = resolve(config, {"customer_id": ColumnType.INTEGER})
    assert config_hash(other) != hash_of(config)
