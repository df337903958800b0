"""Every figure against an independent computation in numpy, on random shops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics_collector.figures import compute, paired_difference
from metrics_collector.inputs import Unusable

from tests.unit.collector.shops import Shop, a_shop, ranks_parquet, table

Floats = npt.NDArray[np.float64]
KS = ("10", "50", "100")


def place(scores: Floats, product: int) -> float:
    """0-based rank with half of the ties; products scored -inf are not in the list."""
    listed = scores > -np.inf
    better, ties = (scores[listed] > scores[product]).sum(), (scores[listed] == scores[product]).sum()
    return float(better + (ties - 1) / 2)


def recalls(shop: Shop, score_of: Callable[[int], Floats], rows: npt.NDArray[np.int64] | None = None) -> list[float]:
    rows = shop.eval_rows if rows is None else rows
    places = np.array([place(score_of(int(shop.customers[r])), int(shop.products[r])) for r in rows])
    return [float((places < k).mean()) for k in (10, 50, 100)]


def shops() -> st.SearchStrategy[Shop]:
    return st.builds(
        a_shop,
        seed=st.integers(0, 10_000),
        rows=st.integers(20, 250),
        people=st.integers(1, 25),
        catalogue=st.integers(2, 150),
        replicates=st.integers(1, 3),
    )


@settings(max_examples=15, deadline=None)
@given(shop=shops())
def test_recall_mrr_and_ndcg_are_those_of_the_scores(shop: Shop) -> None:
    found = compute(shop.files, has_customers=True)
    ranks = np.array([row[4] for row in shop.ranks()]).reshape(len(shop.scores), -1)
    for k in KS:
        assert found.whole.recall.at[k] == pytest.approx((ranks <= int(k)).mean())
        gains = np.where(ranks <= int(k), 1 / np.log2(ranks + 1), 0)
        assert found.metrics[f"ndcg_{k}"] == pytest.approx(gains.mean())
    assert found.metrics["mrr"] == pytest.approx((1 / ranks).mean())
    for number, figures in found.replicates.items():
        assert figures["model_10"] == pytest.approx((ranks[number] <= 10).mean())


@settings(max_examples=15, deadline=None)
@given(shop=shops())
def test_the_baselines_are_those_of_the_training_rows(shop: Shop) -> None:
    found = compute(shop.files, has_customers=True)
    bought = shop.bought().astype(float)
    assert list(found.random.at.values()) == pytest.approx([min(1.0, k / shop.catalogue) for k in (10, 50, 100)])
    assert list(found.whole.popularity.at.values()) == pytest.approx(recalls(shop, lambda _: bought))
    assert found.whole.repeat_purchase is not None
    tie_break = bought / (bought.max() + 1)
    expected = recalls(shop, lambda customer: shop.owned(customer) + tie_break)
    assert list(found.whole.repeat_purchase.at.values()) == pytest.approx(expected)


@settings(max_examples=15, deadline=None)
@given(shop=shops())
def test_without_what_was_bought_before_all_lists_are_shorter(shop: Shop) -> None:
    rows = np.array([r for r in shop.eval_rows if not shop.owned(int(shop.customers[r]))[shop.products[r]]])
    if len(rows) == 0:
        with pytest.raises(Unusable, match="repeats a purchase"):
            compute(shop.files, has_customers=True, exclude_seen=True)
        return
    found = compute(shop.files, has_customers=True, exclude_seen=True)
    bought = shop.bought().astype(float)
    listed = recalls(shop, lambda customer: np.where(shop.owned(customer) > 0, -np.inf, bought), rows)
    assert list(found.whole.popularity.at.values()) == pytest.approx(listed)
    assert found.whole.repeat_purchase is None
    lengths = np.array([shop.catalogue - (shop.owned(int(shop.customers[r])) > 0).sum() for r in rows])
    assert found.random.at["10"] == pytest.approx(np.minimum(1, 10 / lengths).mean())
    ranks = np.array([row[5] for row in shop.ranks() if row[5] is not None])
    assert found.whole.recall.at["10"] == pytest.approx((ranks <= 10).mean())


def test_slices_part_the_rows() -> None:
    shop = a_shop(seed=3, rows=400, people=60)
    found = compute(shop.files, has_customers=True)
    slices = found.slices
    assert slices["head_products"].rows + slices["tail_products"].rows == len(shop.eval_rows)
    new = sum(shop.owned(int(shop.customers[row])).sum() == 0 for row in shop.eval_rows)
    assert slices["returning_customers"].rows == len(shop.eval_rows) - new
    parts = [slices["head_products"], slices["tail_products"]]
    mean = sum(part.rows * part.recall.at["10"] for part in parts) / len(shop.eval_rows)
    assert found.whole.recall.at["10"] == pytest.approx(mean)


def test_the_ranks_that_are_kept_name_customers_and_products() -> None:
    shop = a_shop(replicates=2)
    kept = table(compute(shop.files, has_customers=True).ranks)
    assert len(kept) == 2 * len(shop.eval_rows)
    for (row, _, product, replicate, rank, unseen), stored in zip(shop.ranks(), kept, strict=True):
        assert stored[:6] == (row, f"customer {shop.customers[row]}", f"product {product}", replicate, rank, unseen)


def test_without_a_customer_role_there_is_no_repeat_purchase_and_no_customer_slice() -> None:
    found = compute(a_shop().files, has_customers=False)
    assert found.whole.repeat_purchase is None
    assert "new_customers" not in found.slices


def test_a_paired_difference_is_that_of_the_two_recalls() -> None:
    better, worse = a_shop(seed=1, catalogue=80), a_shop(seed=1, catalogue=80)
    worse.scores = np.zeros_like(worse.scores)
    worse.files["ranks"] = ranks_parquet(worse.ranks())
    ours, theirs = (compute(shop.files, has_customers=True) for shop in (better, worse))
    paired = paired_difference(ours.customers, theirs.customers)
    assert paired is not None
    for k in KS:
        assert paired[k].value == pytest.approx(ours.whole.recall.at[k] - theirs.whole.recall.at[k])
        assert paired[k].low <= paired[k].value <= paired[k].high


def test_tests_of_other_rows_are_not_paired() -> None:
    one, other = (compute(a_shop(seed=seed).files, has_customers=True) for seed in (1, 2))
    assert paired_difference(one.customers, other.customers) is None


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: [], "not one rank"),
        (lambda ranks: ranks[1:], "1 rows without a rank"),
        (lambda ranks: [*ranks, ranks[0]], "ranked twice"),
        (lambda ranks: [(*ranks[0][:4], 0, None), *ranks[1:]], "outside the catalogue"),
        (lambda ranks: [(*ranks[0][:4], 31, None), *ranks[1:]], "outside the catalogue"),
        (lambda ranks: [(ranks[0][0], 0, (ranks[0][2] + 1) % 30, 0, 1, None), *ranks[1:]], "another product"),
    ],
)
def test_ranks_that_do_not_fit_the_rows_are_refused(spoil: Callable[..., object], reason: str) -> None:
    shop = a_shop()
    with pytest.raises(Unusable, match=reason):
        compute(shop.files | {"ranks": ranks_parquet(spoil(shop.ranks()))}, has_customers=True)


def test_a_file_that_is_no_parquet_is_refused() -> None:
    with pytest.raises(Unusable, match="cannot be read"):
        compute(a_shop().files | {"ranks": b"PAR1 torn"}, has_customers=True)
