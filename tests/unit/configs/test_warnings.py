"""What works and is still worth a second thought, as far as statistics can tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.configs.known import Known
from towerlab.configs.lists import ConfigLists
from towerlab.configs.warnings import warnings
from towerlab.domain.columns import Availability, ColumnProfile, ColumnRole, ColumnType
from towerlab.transforms.base import Source
from towerlab.transforms.bucketize import Bucketize, effective_buckets, expected_buckets
from towerlab.transforms.seen import Seen

from tests.unit.configs.building import COLUMNS, cross, lists, number, profile, text, time

ON = {"enabled": True}
ROWS = 1_000


def revenue(counts: list[int], high: float = 100.0, **facts: object) -> ColumnProfile:
    """A column with so many rows in each of equal stretches from 0 to `high`."""
    width = high / len(counts)
    bins = tuple({"low": n * width, "high": (n + 1) * width, "count": count} for n, count in enumerate(counts))
    return profile("revenue", ColumnType.FLOAT, 500, histogram=bins, **facts)


def codes(config: ConfigLists, *profiles: ColumnProfile, rows: int | None = ROWS, **pairs: int) -> list[str]:
    observed = {frozenset(names.split("__")): count for names, count in pairs.items()}
    return [
        found.code for found in warnings(resolve(config, COLUMNS), Known(COLUMNS, profiles, rows=rows, pairs=observed))
    ]


EVEN = [50] * 20
CROWDED = [950] + [2] * 25
SPREAD_BY_LOG = [800, 100] + [4] * 25


def test_a_column_of_one_value_is_called_constant_and_nothing_else() -> None:
    constant = profile("revenue", ColumnType.FLOAT, 1, top_values=({"value": 1, "count": ROWS},))
    assert codes(lists([number("revenue", normalize=ON, bucketize=ON)]), constant) == ["constant_column"]


def test_a_column_that_is_mostly_missing_is_called_out() -> None:
    half, most = (ColumnProfile("city", ColumnType.STRING, 9, exact=True, nulls=nulls) for nulls in (500, 501))
    assert codes(lists([text("city")]), half) == []
    assert codes(lists([text("city")]), most) == ["mostly_missing"]
    assert codes(lists([text("city")]), most, rows=None) == []


def test_a_crowded_range_is_warned_about_with_the_log_and_the_buckets_offered() -> None:
    config = lists([number("revenue", normalize=ON)])
    assert codes(config, revenue(EVEN)) == []
    (found,) = warnings(resolve(config, COLUMNS), Known(COLUMNS, [revenue(CROWDED)]))
    assert (found.code, found.column) == ("crowded_range", "revenue")
    assert "90%" in found.message
    assert "5%" in found.message
    assert "buckets" in found.remedy
    assert "log" in found.remedy


def test_the_log_or_buckets_settle_a_crowded_range() -> None:
    skewed = revenue([910, *[4] * 22, 2], high=10_000.0)
    assert codes(lists([number("revenue", normalize=ON)]), skewed) == ["crowded_range"]
    assert codes(lists([number("revenue", normalize=ON, log_transform=True)]), skewed) == []
    assert codes(lists([number("revenue", normalize=ON, bucketize=ON)]), skewed) == []
    assert codes(lists([number("revenue", bucketize=ON)]), skewed) == []


def test_times_crowd_too() -> None:
    bins = tuple({"low": n * 1e6, "high": (n + 1) * 1e6, "count": 990 if n == 30 else 1} for n in range(31))
    when = profile("trans_date", ColumnType.TIMESTAMP, 900, histogram=bins)
    assert codes(lists([time("trans_date")]), when) == ["crowded_range"]


def test_ties_are_reported_as_effective_buckets() -> None:
    top = ({"value": 1, "count": 600}, {"value": 2, "count": 100})
    tied = revenue(EVEN, top_values=top)
    asked = resolve(lists([number("revenue", bucketize={**ON, "buckets": 20})]), COLUMNS)
    (found,) = warnings(asked, Known(COLUMNS, [tied]))
    assert (found.code, "about 8 effective buckets of 20" in found.message) == ("collapsed_buckets", True)
    assert warnings(asked, Known(COLUMNS, [tied], filled={("query", "revenue"): 10})) == ()


def test_more_buckets_than_values_are_reported() -> None:
    few = profile("quantity", ColumnType.INTEGER, 12, top_values=({"value": 1, "count": 90},))
    assert codes(lists([number("quantity", bucketize=ON)]), few) == ["collapsed_buckets"]


@given(st.lists(st.integers(0, 30), min_size=200, max_size=400), st.integers(2, 60))
def test_expected_buckets_are_about_what_is_fitted(values: list[int], buckets: int) -> None:
    x = np.array(values, np.float64)
    counts = sorted(np.unique(x, return_counts=True)[1].tolist(), reverse=True)
    fitted = Bucketize().fit(Source("x", "x", "x"), Bucketize.Params(True, buckets), x)
    exact = effective_buckets(fitted.boundaries["x_bucket_quantiles"])
    expected = expected_buckets(buckets, Seen(len(values), len(counts), top=counts))
    assert abs(expected - exact) <= max(3, 0.5 * min(buckets, len(counts)))


def test_a_cross_with_more_combinations_than_buckets_is_crowded() -> None:
    config = lists([text("city"), text("category")], buyer_crosses=[cross("city", "category", size=100)])
    assert codes(config, city__category=100) == []
    (found,) = warnings(resolve(config, COLUMNS), Known(COLUMNS, pairs={frozenset({"city", "category"}): 250}))
    assert found.code == "crowded_cross"
    assert "about 3 share one" in found.message


def test_a_cross_whose_one_side_determines_the_other_is_called_out() -> None:
    config = lists([text("city"), text("customer_id")], buyer_crosses=[cross("customer_id", "city")])
    known = profile("customer_id", ColumnType.STRING, 4_000), profile("city", ColumnType.STRING, 28)
    assert codes(config, *known, customer_id__city=4_100) == ["determined_cross"]
    assert codes(config, *known, customer_id__city=4_900) == []
    approximate = ColumnProfile("customer_id", ColumnType.STRING, 4_000, exact=False, nulls=0)
    assert codes(config, approximate, known[1], customer_id__city=4_100) == []


def test_outcomes_come_first_and_are_only_a_matter_of_the_buyer_model() -> None:
    mapping = {"revenue": ColumnRole("revenue", Availability.AFTER_REQUEST)}
    of_buyer = warnings(resolve(lists([number("revenue")]), COLUMNS), Known(COLUMNS, [revenue(CROWDED)], mapping))
    assert [found.code for found in of_buyer] == ["after_request", "crowded_range"]
    assert warnings(resolve(lists(product=[number("revenue")]), COLUMNS), Known(COLUMNS, mapping=mapping)) == ()


@pytest.mark.parametrize("counts", [[0] * 20, [7]])
def test_a_histogram_that_says_nothing_is_no_reason_to_warn(counts: list[int]) -> None:
    assert codes(lists([number("revenue", normalize=ON)]), revenue(counts)) == []
