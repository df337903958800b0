"""Intervals of a share of rows when the rows come in customers."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi as PI
from math import sqrt, tan
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value, its standard error, its interval (low, high), and the degrees of freedom of the error."""

    value: float
    standard_error: float
    low: float
    high: float
    df: int

    @property
    def interval(self) -> tuple[float, float]:
        return (self.low, self.high)


def clustered_ratio(totals: ArrayLike, rows: ArrayLike, low: float = 0.0, high: float = 1.0) -> Estimate:
    """sum(totals) / sum(rows) over clusters (customers), with a 95% interval kept inside [low, high].

    The ratio estimator R = sum(y) / sum(n) is linearised (Cochran, Sampling Techniques, 3rd ed., 1977, section 2.11).
    Few customers have many of the rows, which pull R towards themselves: each residual e_c = y_c - R n_c is divided by
    sqrt(1 - n_c / sum(n)), as in Bell and McCaffrey, 'Bias reduction in standard errors for linear regression with
    multi-stage samples', Survey Methodology 28, 2002, and the sum of squares of these a_c has the degrees of freedom
    2 (sum a^2)^2 / sum a^4 (Satterthwaite 1946, with the fourth moment as a bound of each square's variance), at most
    C - 1. One cluster says nothing of others: its interval is [low, high].
    """
    y, n = np.asarray(totals, dtype=float), np.asarray(rows, dtype=float)
    y, n = y[n > 0], n[n > 0]  # a customer without rows is not judged by
    clusters, all_rows = len(n), float(n.sum())
    if all_rows == 0:
        raise ValueError("no rows to estimate a share from")
    ratio = float(y.sum()) / all_rows
    if clusters < 2:
        return Estimate(ratio, float("inf"), low, high, 0)
    squares = (y - ratio * n) ** 2 / (1 - n / all_rows) / all_rows**2
    error, df = sqrt(float(squares.sum())), _degrees_of_freedom(squares)
    half = t_quantile(0.5 + CONFIDENCE / 2, df) * error
    return Estimate(ratio, error, max(low, ratio - half), min(high, ratio + half), df)


def _degrees_of_freedom(squares: NDArray[np.float64]) -> int:
    most, spread = len(squares) - 1, float(squares @ squares)
    if spread == 0:
        return most
    return max(1, min(most, int(2 * float(squares.sum()) ** 2 / spread)))


def clustered_difference(ours: ArrayLike, theirs: ArrayLike, rows: ArrayLike) -> Estimate:
    """The paired difference of two shares over the same rows: per-customer totals of both, rows per customer."""
    paired = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    return clustered_ratio(paired, rows, low=-1.0, high=1.0)


def t_quantile(p: float, df: int) -> float:
    """Quantile of Student's t, to 0.004 at 3 degrees of freedom and 0.001 from 4 on (0.9 <= p <= 0.975).

    Exact for one and two degrees; else the expansion of Abramowitz and Stegun 26.7.5.
    """
    if df == 1:
        return tan(PI * (p - 0.5))
    if df == 2:
        return (2 * p - 1) / sqrt(2 * p * (1 - p))
    z = NormalDist().inv_cdf(p)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum((term * float(df) ** -power for power, term in enumerate(terms)), 0.0)
