"""How many rungs an exploration has, and how many proposals its first round takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from towerlab.domain.certainty import smallest_difference
from towerlab.domain.exploration import TESTS, Budget, Rung
from towerlab.domain.quicktest import SAMPLE_PERCENTS, TestSettings

TELLING = 0.025  # of recall@100: with less certainty than this, cheap tests rank configs hardly better than chance
CHEAPER = 0.6  # of the next rung's cost: a rung that saves less is not worth its noise
FIRST_ROUND = 2 / 3  # of what can be raced; the rest is for combinations of what has helped

Price = Callable[[Rung], float]


def ladder(settings: TestSettings, customers: int, budget: Budget, price: Price) -> tuple[Rung, ...]:
    """Rising samples of the same epochs, the last one that of `settings`. `customers` are those judged on all data. A
    smaller sample is a rung only when one run on it can tell differences that matter, and when it saves: a budget in
    tests counts each as one, so there it never does."""
    rungs = [_rung(percent, settings.epochs, customers) for percent in SAMPLE_PERCENTS]
    top = _rung(settings.data_sample_percent, settings.epochs, customers)
    if budget.unit == TESTS:
        return (top,)
    found = [top]
    for rung in reversed([one for one in rungs if one.sample_percent < top.sample_percent]):
        if rung.smallest_difference <= TELLING and price(rung) <= CHEAPER * price(found[0]):
            found.insert(0, rung)
    return tuple(found)


def entrants(proposals: int, available: float, prices: Sequence[float]) -> int:
    """How many of the proposals the first round takes when `available` is left for racing and a test costs so much at
    each rung: half of a rung goes on to the next. 0 when not even one can be paid for."""
    if proposals == 0 or round_cost(1, prices) > available + 1e-9:
        return 0
    affordable = (n for n in range(proposals, 1, -1) if round_cost(n, prices) <= FIRST_ROUND * available + 1e-9)
    return next(affordable, 1)


def round_cost(n: int, prices: Sequence[float]) -> float:
    """Of a round that so many enter."""
    total = 0.0
    for price in prices:
        total += n * price
        n = ceil(n / 2)
    return total


def _rung(percent: int, epochs: int, customers: int) -> Rung:
    return Rung(percent, epochs, smallest_difference(customers * percent / 100, 1))
