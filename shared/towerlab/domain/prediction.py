"""Does it predict? How the order of configs by quick tests agrees with their order on the full data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import asin, pi, sin, sqrt
from statistics import NormalDist

from towerlab.domain.statistics import CONFIDENCE

APART = 0.01  # a difference of recall that a person would act upon: one point
FEWEST = 5  # configs below which an interval of tau says nothing


@dataclass(frozen=True)
class Pair:
    """recall@100 of one config version, as a share, by the quick test and on the full data."""

    quick: float
    full: float


@dataclass(frozen=True)
class Agreement:
    """`tau` is Kendall's tau-b, None where one side has no order at all. Of the `pairs` of configs at least a point
    apart on the full data, `in_order` stand in the same order by the quick test (ties count as wrong). `winner_loses`
    is what is lost on the full data by taking the quick test's winner."""

    configs: int
    tau: float | None
    interval: tuple[float, float]
    pairs: int
    in_order: int
    winner_loses: float


def agreement(of: Sequence[Pair]) -> Agreement:
    """Raises ValueError for fewer than two configs."""
    if len(of) < 2:
        raise ValueError("an order takes two configs")
    tau = kendall_tau([one.quick for one in of], [one.full for one in of])
    apart = [(a, b) for a, b in combinations(of, 2) if abs(a.full - b.full) >= APART]
    winner = max(of, key=lambda one: (one.quick, -one.full))  # of equal winners the one that loses most
    return Agreement(
        configs=len(of),
        tau=tau,
        interval=_interval(tau, len(of)),
        pairs=len(apart),
        in_order=sum((a.quick - b.quick) * (a.full - b.full) > 0 for a, b in apart),
        winner_loses=max(one.full for one in of) - winner.full,
    )


def kendall_tau(left: Sequence[float], right: Sequence[float]) -> float | None:
    """tau-b: concordant less discordant pairs, over the geometric mean of the pairs that are not tied on either side
    (Kendall, Rank Correlation Methods, 1948, chapter 3)."""
    signs = [(_sign(a - c), _sign(b - d)) for (a, b), (c, d) in combinations(zip(left, right, strict=True), 2)]
    untied = [sum(sign != 0 for sign in side) for side in zip(*signs, strict=True)]
    if not untied or 0 in untied:
        return None
    return sum(a * b for a, b in signs) / sqrt(untied[0] * untied[1])


def _interval(tau: float | None, configs: int) -> tuple[float, float]:
    """The true taus that this one is no rare outcome of: a score interval (Wilson, JASA 22, 1927). Unlike one of
    atanh(tau) it holds near 1 too, where the order of configs by a good quick test is."""
    if tau is None or configs < FEWEST:
        return (-1.0, 1.0)
    return (_furthest(tau, -1.0, configs), _furthest(tau, 1.0, configs))


def _furthest(tau: float, end: float, configs: int) -> float:
    """The true tau furthest from `tau` towards `end` that it is not significantly different from."""
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    inside, outside = tau, end
    for _ in range(40):  # halvings, to 12 decimals
        middle = (inside + outside) / 2
        if abs(tau - middle) <= z * sqrt(_variance(middle, configs)):
            inside = middle
        else:
            outside = middle
    return inside


def _variance(tau: float, configs: int) -> float:
    """Of tau among so many normal pairs (Kendall and Gibbons, Rank Correlation Methods, 1990, chapter 10)."""
    cubic = max(0.0, 1 / 9 - (2 / pi * asin(sin(pi * tau / 2) / 2)) ** 2)  # 0 at 1, but for rounding
    return 2 * (1 - tau**2 + 2 * (configs - 2) * cubic) / (configs * (configs - 1))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
