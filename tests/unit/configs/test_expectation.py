"""What is expected before any training, from sketches made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from towerlab.configs.checks import resolve
from towerlab.configs.expectation import Expectation, Outlook, computed, expectation
from towerlab.configs.lists import ConfigLists
from towerlab.domain.sketches import Purchase, Sketch, Sketches

from tests.unit.configs.building import COLUMNS, cross, lists, number, text

ON = {"enabled": True}
CITIES = Sketch(("paris", "rome", "oslo"), (50, 30, 2), (5, 3, 1), left_out=(0, 4), missing=(10, 1))
PRICES = Sketch((5.0, 1.0, 9.0), (60, 20, 20), (6, 2, 2))
TAGS = {"column": "category", "type": "multi_hot", "separator": "|", "vocab_settings": {"min_frequency": 40}}
PURCHASE = Purchase("c1", "p1", {"city": "oslo", "revenue": 9.0}, {"category": "a|b|a"})


def expect(config: ConfigLists, **columns: Sketch) -> Expectation:
    sketched = {"city": CITIES, "revenue": PRICES, "category": CITIES} | columns
    return expectation(resolve(config, COLUMNS), Sketches(columns={"query": sketched, "candidate": sketched}))


def outlook(config: ConfigLists, **columns: Sketch) -> Outlook:
    (found,) = expect(config, **columns).outlooks
    return found


def shown(config: ConfigLists, side: Any = "query", **columns: Sketch) -> dict[str, dict[str, Any]]:
    found = computed(resolve(config, COLUMNS), expect(config, **columns), PURCHASE)
    return {one["name"]: one for one in found[side]}


def test_a_vocabulary_has_what_is_frequent_and_the_rest_is_out_of_it() -> None:
    """Missing values and values of evaluation rows alone are out of it too."""
    found = outlook(lists([text("city", min_frequency=20)]))
    assert (found.known, found.used, found.approximate) == (2, 2, False)
    assert found.train_oov_rate == pytest.approx((2 + 10) / 92)
    assert found.oov_rate == pytest.approx((1 + 4 + 1) / 14)


def test_buckets_that_no_row_falls_into_are_not_used() -> None:
    found = outlook(lists([number("revenue", bucketize={**ON, "buckets": 50})]))
    assert (found.known, found.used, found.oov_rate) == (50, 3, None)


def test_tags_are_counted_one_by_one() -> None:
    tagged = Sketch(("a|b", "a", "c"), (30, 20, 5), (1, 1, 1))
    found = outlook(lists(product=[TAGS]), category=tagged)
    assert (found.side, found.known, found.used) == ("candidate", 1, 1)  # a is in 50 rows, b in 30
    assert found.train_oov_rate == pytest.approx((30 + 5) / (50 + 30 + 5))


def test_what_is_left_out_makes_a_guess_of_what_it_could_change() -> None:
    """A vocabulary that ends among the listed values is sure; quantiles are not."""
    many = replace(CITIES, complete=False, left_out=(1_000, 50))
    assert not outlook(lists([text("city", min_frequency=20)]), city=many).approximate
    assert outlook(lists([text("city", min_frequency=1)]), city=many).approximate
    assert not outlook(lists([{"column": "city", "type": "hashing", "hash_bucket_size": 100}]), city=many).approximate
    points = replace(PRICES, complete=False, left_out=(900, 90), points=(1.0, 2.0, 5.0, 9.0))
    assert outlook(lists([number("revenue", bucketize={**ON, "buckets": 2})]), revenue=points).approximate


def test_quantiles_stand_for_the_rows_of_a_number_with_many_values() -> None:
    points = replace(PRICES, complete=False, left_out=(900, 90), points=(0.0, 10.0, 20.0, 30.0, 40.0))
    expected = expect(lists([number("revenue", bucketize={**ON, "buckets": 5})]), revenue=points)
    assert expected.fitted.boundaries == {"revenue_bucket_quantiles": (10.0, 20.0, 30.0, 40.0)}


def test_a_purchase_is_computed_output_by_output() -> None:
    config = lists(
        [text("city", min_frequency=20, oov_buckets=1), number("revenue", normalize={**ON, "range": [0, 1]})],
        [TAGS],
    )
    buyer = shown(config)
    assert buyer["city"] == {
        "name": "city", "output": "city", "raw": {"city": "oslo"}, "values": None, "ids": [2], "oov": [True],
        "approximate": False,
    }  # fmt: skip
    assert buyer["revenue_norm"]["values"] == [1.0]
    tags = shown(config, "candidate", category=Sketch(("a|b", "a"), (50, 10), (0, 0)))["category"]
    assert (tags["ids"], tags["oov"]) == ([1, 0], [False, False])


def test_a_cross_is_a_guess_when_one_of_its_buckets_is() -> None:
    features = [text("city"), number("revenue", bucketize={**ON, "buckets": 4})]
    config = lists(features, buyer_crosses=[cross("city", "revenue_bucket", size=100)])
    assert not shown(config)["city × revenue_bucket"]["approximate"]
    points = replace(PRICES, complete=False, left_out=(900, 90), points=(1.0, 5.0, 9.0))
    guessed = shown(config, revenue=points)
    assert guessed["city × revenue_bucket"]["approximate"]
    assert guessed["city × revenue_bucket"]["raw"] == {"city": "oslo", "revenue": 9.0}
    assert not guessed["city"]["approximate"]
