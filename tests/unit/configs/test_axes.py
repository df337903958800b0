"""The axes of a config say all that it computes, and nothing that it does not."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from towerlab.configs.axes import axes
from towerlab.configs.checks import resolve
from towerlab.configs.hashing import config_hash
from towerlab.configs.lists import ConfigLists

from tests.unit.configs.building import COLUMNS, configs, cross, lists, text


def turned(config: ConfigLists, order: Random) -> ConfigLists:
    """The same crosses, their features the other way round, and all lists shuffled."""
    crosses = [cross | {"features": cross["features"][::-1]} for cross in config.buyer_model_crosses]
    features = order.sample(config.buyer_model_features, len(config.buyer_model_features))
    return replace(config, buyer_model_features=tuple(features), buyer_model_crosses=tuple(crosses))


@given(configs(), configs(), st.randoms(use_true_random=False))
def test_axes_are_equal_where_hashes_are(one: ConfigLists, two: ConfigLists, order: Random) -> None:
    first, second, same = (resolve(config, COLUMNS) for config in (one, two, turned(one, order)))
    assert axes(first) == axes(same)
    assert (axes(first) == axes(second)) == (config_hash(first) == config_hash(second))


def test_names_say_where_a_choice_was_made() -> None:
    config = lists([text("city", 16), text("customer_id", 64)], buyer_crosses=[cross("customer_id", "city")])
    found = axes(resolve(config, COLUMNS))
    assert found["buyer_features"] == "city, customer_id"
    assert found["buyer.city.embedding_dim"] == "16"
    assert {"buyer_crosses.city × customer_id.hash_bucket_size", "product_tensor_dim"} < set(found)
