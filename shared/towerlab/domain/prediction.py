"""Does it predict? How the order of configs by quick tests agrees with their order on the full data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import atanh, sqrt, tanh
from statistics import NormalDist

from towerlab.domain.statistics import CONFIDENCE

APART = 0.01  # a difference of recall that a person would act upon: one point
FEWEST = 5  # configs below which an interval of tau says nothing
_VARIANCE = 0.437  # of atanh(tau), times n - 4


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
    """95% by Fieller, Hartley and Pearson, Biometrika 44, 1957: atanh(tau) has variance of about 0.437 / (n - 4)."""
    if tau is None or configs < FEWEST:
        return (-1.0, 1.0)
    centre = atanh(max(-1 + 1 / configs**2, min(1 - 1 / configs**2, tau)))  # a perfect order of few is not certain
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * sqrt(_VARIANCE / (configs - 4))
    low, high = tanh(centre - half), tanh(centre + half)
    return (min(low, tau), max(high, tau))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
