"""How quick tests' order of configs agrees with the full data's."""

from __future__ import annotations

from itertools import combinations
from math import asin, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.prediction import Pair, agreement, kendall_tau

shares = st.integers(0, 40).map(lambda n: n / 200)
pairs = st.lists(st.builds(Pair, shares, shares), min_size=2, max_size=14)


@given(pairs)
def test_tau_is_what_its_definition_says(of: list[Pair]) -> None:
    both = [(a.quick - b.quick) * (a.full - b.full) for a, b in combinations(of, 2)]
    quick = sum(a.quick != b.quick for a, b in combinations(of, 2))
    full = sum(a.full != b.full for a, b in combinations(of, 2))
    found = kendall_tau([one.quick for one in of], [one.full for one in of])
    if quick * full == 0:
        assert found is None
        return
    expected = (sum(one > 0 for one in both) - sum(one < 0 for one in both)) / sqrt(quick * full)
    assert found == pytest.approx(expected)


@given(pairs)
def test_figures_stay_within_their_bounds(of: list[Pair]) -> None:
    found = agreement(of)
    low, high = found.interval
    assert -1 <= low <= (found.tau or 0.0) <= high <= 1 or found.tau is None
    assert 0 <= found.in_order <= found.pairs <= len(of) * (len(of) - 1) / 2
    assert 0 <= found.winner_loses <= 0.2


@given(st.lists(shares, min_size=2, max_size=14, unique=True))
def test_the_same_order_loses_nothing(of: list[float]) -> None:
    found = agreement([Pair(value / 2, value) for value in of])
    assert (found.tau, found.in_order, found.winner_loses) == (pytest.approx(1.0), found.pairs, 0.0)


def test_of_equal_winners_the_one_that_loses_most_is_taken() -> None:
    assert agreement([Pair(0.3, 0.30), Pair(0.3, 0.28), Pair(0.1, 0.2)]).winner_loses == pytest.approx(0.02)


def test_one_config_has_no_order() -> None:
    with pytest.raises(ValueError, match="two"):
        agreement([Pair(0.1, 0.1)])


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize("configs", [5, 10, 20])
def test_the_interval_covers_the_true_tau(configs: int, correlation: float) -> None:
    """Of normal pairs tau is 2/pi asin(rho); the interval is an approximation, and is held to 92-99.5%."""
    chance, true, covered, runs = np.random.default_rng(configs), 2 / pi * asin(correlation), 0, 1_000
    for _ in range(runs):
        x, noise = chance.normal(size=(2, configs))
        y = correlation * x + sqrt(1 - correlation**2) * noise
        low, high = agreement([Pair(float(a), float(b)) for a, b in zip(x, y, strict=True)]).interval
        covered += low <= true <= high
    assert 0.92 <= covered / runs <= 0.995, covered / runs
