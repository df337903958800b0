"""How sure a quick test can be, by how many customers it is judged on: measured on real retail data, interpolated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Measured:
    """Recall@100 figures as shares: the half width of one 95% interval, and the smallest difference that is found four
    times in five with one run each and with three."""

    customers: int
    half_width: float
    one_run: float
    three_runs: float


# newest tenth of a retail dataset by time: 5, 10, 25 and 100 % of its customers
TABLE = (
    Measured(64, 0.061, 0.039, 0.022),
    Measured(130, 0.049, 0.029, 0.017),
    Measured(278, 0.028, 0.023, 0.014),
    Measured(1_149, 0.018, 0.006, 0.004),
)
EVALUATED = 0.265  # share of the customers who bought in the newest tenth of the time


def half_width(customers: float) -> float:
    """Of the 95% interval of one recall@100, when it is judged on so many customers."""
    return min(1.0, _at(customers, [(row.customers, row.half_width) for row in TABLE]))


def smallest_difference(customers: float, runs: int) -> float:
    """What so many runs of each config can tell apart: variance over customers, and that of seeds divided by runs."""
    one = _at(customers, [(row.customers, row.one_run) for row in TABLE])
    three = _at(customers, [(row.customers, row.three_runs) for row in TABLE])
    seeds = min(one**2, (one**2 - three**2) * 1.5)
    return min(1.0, math.sqrt(one**2 - seeds + seeds / runs))


def _at(customers: float, points: list[tuple[int, float]]) -> float:
    """Straight lines in logarithms between the points; beyond them as the square root of the customers."""
    (least, at_least), (most, at_most) = points[0], points[-1]
    if customers <= least:
        return at_least * math.sqrt(least / max(customers, 1.0))
    if customers >= most:
        return at_most * math.sqrt(most / customers)
    (low, at_low), (high, at_high) = next(pair for pair in pairwise(points) if pair[0][0] <= customers <= pair[1][0])
    share = math.log(customers / low) / math.log(high / low)
    return math.exp((1 - share) * math.log(at_low) + share * math.log(at_high))
