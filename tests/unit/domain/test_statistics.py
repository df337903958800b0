"""Intervals cover what they promise, and the t quantile is the table's."""

from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.statistics import clustered_difference, clustered_ratio, t_quantile

DATA = Path(__file__).parents[3] / "data/online_retail.parquet"
RUNS = 3000
JUDGED = """
    WITH qualifying AS (
        SELECT CustomerID, StockCode,
               row_number() OVER (ORDER BY InvoiceDate DESC, place) <= count(*) OVER () / 10 AS newest
        FROM (SELECT *, row_number() OVER () AS place FROM '{data}')
        WHERE CustomerID IS NOT NULL AND Quantity > 0
    ), popular AS (
        SELECT StockCode, row_number() OVER (ORDER BY count(*) DESC, StockCode) AS rank
        FROM qualifying WHERE NOT newest GROUP BY StockCode
    )
    SELECT count(*) AS rows, count(*) FILTER (WHERE rank <= 10) AS hits_10,
           count(*) FILTER (WHERE rank <= 100) AS hits_100
    FROM qualifying LEFT JOIN popular USING (StockCode) WHERE newest GROUP BY CustomerID ORDER BY CustomerID
"""


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


@pytest.fixture(scope="module")
def judged():
    """The customers of the shipped sample's newest tenth: their rows, and their hits by the list of popular products at
    100 and 10. Few of them have many of the rows: the largest has 1,504 of 39,793."""
    found = duckdb.sql(JUDGED.format(data=DATA)).fetchnumpy()
    return found["rows"].astype(float), {k: found[f"hits_{k}"].astype(float) for k in (10, 100)}


def covered(truth, estimates):
    return np.mean([estimate.low <= truth <= estimate.high for estimate in estimates])


@pytest.mark.parametrize("customers", [300, 600, 1149])
@pytest.mark.parametrize(("mean", "alike"), [(0.3, 3), (0.17, 5), (0.07, 8)])
def test_the_interval_of_a_recall_covers_95_of_100_with_real_customer_sizes(judged, customers, mean, alike):
    """Customers' own recalls vary as a beta distribution around the mean."""
    sizes, rng = judged[0], np.random.default_rng(customers)

    def one():
        rows = rng.choice(sizes, customers).astype(int)
        return clustered_ratio(rng.binomial(rows, rng.beta(mean * alike, (1 - mean) * alike, customers)), rows)

    assert 0.93 <= covered(mean, [one() for _ in range(RUNS)]) <= 0.97


@pytest.mark.parametrize("customers", [300, 600, 1149])
@pytest.mark.parametrize(("mean", "alike"), [(0.3, 3), (0.17, 5), (0.07, 8)])
def test_the_interval_of_a_paired_difference_covers_too_and_is_tighter(judged, customers, mean, alike):
    sizes, rng, wider = judged[0], np.random.default_rng(customers), []

    def one():
        rows = rng.choice(sizes, customers).astype(int)
        taste = rng.beta(mean * alike, (1 - mean) * alike, customers)
        ours = rng.binomial(rows, np.clip(taste + rng.normal(0, 0.05, customers), 0, 1))
        theirs = rng.binomial(rows, 0.9 * taste)
        paired = clustered_difference(ours, theirs, rows)
        wider.append(paired.standard_error > 2**0.5 * clustered_ratio(ours, rows).standard_error)
        return paired

    clipped = np.clip(rng.beta(mean * alike, (1 - mean) * alike, 400_000) + rng.normal(0, 0.05, 400_000), 0, 1).mean()
    assert 0.93 <= covered(clipped - 0.9 * mean, [one() for _ in range(RUNS)]) <= 0.97
    assert np.mean(wider) < 0.05


@pytest.mark.parametrize("customers", [300, 1149])
@pytest.mark.parametrize("k", [10, 100])
def test_the_interval_covers_the_recall_of_real_customers_drawn_again(judged, customers, k):
    rows, hits = judged[0], judged[1][k]
    rng = np.random.default_rng(k)
    drawn = [rng.integers(0, len(rows), customers) for _ in range(RUNS)]
    truth = hits.sum() / rows.sum()
    assert 0.93 <= covered(truth, [clustered_ratio(hits[chosen], rows[chosen]) for chosen in drawn]) <= 0.97


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


def test_a_customer_without_rows_changes_nothing():
    assert clustered_ratio([1, 2, 0], [5, 6, 0]) == clustered_ratio([1, 2], [5, 6])
    assert clustered_ratio([1, 0], [5, 0]).interval == (0.0, 1.0)
