"""Verdicts: a config against itself, a config that is better, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from towerlab.domain.statistics import Estimate, clustered_difference
from towerlab.domain.verdict import BETTER, CANNOT_TELL, WORSE, Variance, compare, pool

CUSTOMERS, ROWS = 300, 30
Rng = np.random.Generator


def judged(rng: Rng, better_by: float, runs: int, seed_sd: float, pooled: Variance | None = None) -> str:
    """Two configs, `runs` seeds each, on the same customers; a seed moves all of a run's recalls alike."""
    taste, rows = rng.beta(1.2, 3, CUSTOMERS), rng.geometric(1 / ROWS, CUSTOMERS)
    recalls: list[list[float]] = []
    hits: list[Any] = []
    for gain in (better_by, 0.0):
        found = [rng.binomial(rows, np.clip(taste + gain + rng.normal(0, seed_sd), 0, 1)) for _ in range(runs)]
        recalls.append([float(one.sum() / rows.sum()) for one in found])
        hits.append(np.mean(found, axis=0))
    paired = clustered_difference(hits[0], hits[1], rows)
    return compare(paired, recalls[0], recalls[1], pooled).verdict


def share(verdict: str, of: Callable[[Rng], str], times: int = 400) -> float:
    rng = np.random.default_rng(3)
    return sum(of(rng) == verdict for _ in range(times)) / times


@pytest.mark.parametrize("seed_sd", [0.001, 0.005, 0.02])
def test_a_config_against_itself_cannot_be_told_apart_nine_times_in_ten(seed_sd: float) -> None:
    known = Variance(seed_sd**2, 20)
    assert share(CANNOT_TELL, lambda rng: judged(rng, 0, 3, seed_sd)) >= 0.93
    assert share(CANNOT_TELL, lambda rng: judged(rng, 0, 1, seed_sd, known)) >= 0.93


def test_customers_alone_would_not_do() -> None:
    """What the interval without seeds would say: it is not kept to by far where seeds differ much."""

    def customers_alone(rng: Rng) -> str:
        return judged(rng, 0, 1, 0.02, Variance(0.0, 10**6))

    assert share(CANNOT_TELL, customers_alone) < 0.7


def test_three_points_more_are_called_better_four_times_in_five_and_less_worse() -> None:
    known = Variance(0.005**2, 20)
    assert share(BETTER, lambda rng: judged(rng, 0.03, 3, 0.005)) >= 0.8
    assert share(BETTER, lambda rng: judged(rng, 0.03, 1, 0.005, known)) >= 0.8
    assert share(WORSE, lambda rng: judged(rng, -0.03, 3, 0.005)) >= 0.8


def test_with_one_run_each_and_no_known_variance_nothing_can_be_told() -> None:
    far = Estimate(0.3, 0.001, 0.298, 0.302, 999)
    for ours, theirs in (([0.6], [0.3]), ([0.6, 0.61], [0.3])):
        found = compare(far, ours, theirs, None)
        assert (found.verdict, found.seeds_known, found.interval) == (CANNOT_TELL, False, (0.298, 0.302))
    assert compare(far, [0.6, 0.601], [0.3, 0.301], None).verdict == BETTER


def test_one_customer_tells_nothing() -> None:
    alone = Estimate(0.3, float("inf"), -1.0, 1.0, 0)
    assert compare(alone, [0.6, 0.6], [0.3, 0.3], None).verdict == CANNOT_TELL


def test_identical_runs_differ_by_nothing() -> None:
    nothing = Estimate(0.0, 0.0, 0.0, 0.0, 49)
    found = compare(nothing, [0.3, 0.3], [0.3, 0.3], None)
    assert (found.verdict, found.interval, found.seeds_known) == (CANNOT_TELL, (0.0, 0.0), True)


def test_a_variance_is_pooled_once_there_is_enough_of_it() -> None:
    """Over configs of very different recall, from the differences within each."""
    rng = np.random.default_rng(0)
    runs = [{seed: config / 10 + rng.normal(0, 0.01) for seed in range(3)} for config in range(10)]
    found = pool(runs)
    assert found is not None
    assert found.df == 20
    assert found.value == pytest.approx(0.01**2, rel=0.7)
    assert pool(runs[:9]) is None
    assert pool([{0: 0.3}] * 100) is None


def winner_of_equals(rng: Rng, allowed_for: int) -> str:
    """The best of nine that are as good as the first config, but to the taste of other customers, against it; both
    tested again with fresh seeds on the same customers."""
    base, rows = rng.beta(1.2, 3, CUSTOMERS), rng.geometric(1 / ROWS, CUSTOMERS)
    tastes = [np.clip(base + rng.normal(0, 0.1, CUSTOMERS), 0, 1) for _ in range(10)]

    def tested(taste: Any) -> Any:
        return rng.binomial(rows, np.clip(taste + rng.normal(0, 0.003), 0, 1))

    best = max(tastes[1:], key=lambda taste: tested(taste).sum())
    again = [[tested(taste) for _ in range(3)] for taste in (best, tastes[0])]
    recalls = [[float(one.sum() / rows.sum()) for one in runs] for runs in again]
    paired = clustered_difference(np.mean(again[0], axis=0), np.mean(again[1], axis=0), rows)
    return compare(paired, recalls[0], recalls[1], None, among=allowed_for).verdict


def test_the_best_of_many_equals_is_called_better_only_where_the_choice_is_not_allowed_for() -> None:
    assert share(BETTER, lambda rng: winner_of_equals(rng, 9)) <= 0.025
    assert share(BETTER, lambda rng: winner_of_equals(rng, 1)) > 0.05


def test_an_interval_over_customers_alone_is_widened_too() -> None:
    one = Estimate(0.01, 0.002, 0.006, 0.014, 300)
    plain, widened = (compare(one, [0.3], [0.29], None, among) for among in (1, 9))
    assert plain.interval == (0.006, 0.014)
    assert widened.interval[0] < plain.interval[0] < plain.interval[1] < widened.interval[1]
    assert widened.verdict == CANNOT_TELL
