"""Intervals cover what they promise, and the t quantile is the table's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.statistics import clustered_difference, clustered_ratio, t_quantile


@pytest.mark.parametrize(
    ("df", "table", "tolerance"),
    [
        (1, 12.7062, 1e-3),
        (2, 4.3027, 1e-3),
        (3, 3.1824, 4e-3),
        (4, 2.7764, 1e-3),
        (10, 2.2281, 1e-4),
        (299, 1.9679, 1e-4),
    ],
)
def test_the_t_quantile_is_the_tables(df, table, tolerance):
    assert t_quantile(0.975, df) == pytest.approx(table, abs=tolerance)


@pytest.mark.parametrize("customers", [300, 1000])
def test_the_interval_covers_95_of_100_when_customers_differ_in_size_and_taste(customers):
    rng = np.random.default_rng(7)
    covered, runs = 0, 2000
    for _ in range(runs):
        rows = rng.geometric(1 / 30, customers)
        taste = rng.beta(0.8, 2.2, customers)
        hits = rng.binomial(rows, taste)
        estimate = clustered_ratio(hits, rows)
        covered += estimate.low <= 0.8 / 3.0 <= estimate.high
    assert 0.93 <= covered / runs <= 0.97


def test_a_paired_difference_covers_too_and_is_tighter_than_two_separate_intervals():
    rng = np.random.default_rng(8)
    covered, runs, wider = 0, 1000, 0
    for _ in range(runs):
        rows = rng.geometric(1 / 20, 400)
        taste = rng.beta(1, 3, 400)
        ours, theirs = rng.binomial(rows, taste), rng.binomial(rows, taste * 0.9)
        paired = clustered_difference(ours, theirs, rows)
        alone = clustered_ratio(ours, rows)
        covered += paired.low <= 0.025 <= paired.high
        wider += paired.standard_error > alone.standard_error * 2**0.5
    assert 0.92 <= covered / runs <= 0.98
    assert wider < runs / 20


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=40))
def test_the_value_is_the_share_of_rows_and_lies_in_its_interval(customers):
    rows = np.array([n for n, _ in customers])
    hits = np.floor(rows * np.array([share for _, share in customers]))
    estimate = clustered_ratio(hits, rows)
    assert estimate.value == pytest.approx(hits.sum() / rows.sum())
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_rows_of_equal_customers_give_the_textbook_error():
    hits = np.array([0, 1, 1, 0, 1, 0, 0, 0])
    expected = hits.std(ddof=1) / len(hits) ** 0.5
    assert clustered_ratio(hits, np.ones(8)).standard_error == pytest.approx(expected)


def test_one_customer_says_nothing_of_others():
    assert clustered_ratio([3], [10]).interval == (0.0, 1.0)


def test_no_rows_are_no_share():
    with pytest.raises(ValueError, match="no rows"):
        clustered_ratio([], [])
