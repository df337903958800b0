"""Whether a config is better than another one: a paired difference whose interval covers customers and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, sqrt
from statistics import fmean

from towerlab.domain.statistics import CONFIDENCE, Estimate, t_quantile

BETTER, WORSE, CANNOT_TELL = "better", "worse", "cannot_tell"
ENOUGH = 20  # degrees of freedom from which a variance over many configs stands for the seeds of any
SEEDS = 3  # of each config, to have a variance of their own


@dataclass(frozen=True)
class Variance:
    """A variance of one run's recall over seeds, and the degrees of freedom that it was estimated with."""

    value: float
    df: int


@dataclass(frozen=True)
class Spread:
    """Squared deviations from the mean, and their degrees of freedom; of several configs the sum of theirs."""

    squares: float
    df: int

    def __add__(self, other: Spread) -> Spread:
        return Spread(self.squares + other.squares, self.df + other.df)


NO_SPREAD = Spread(0.0, 0)


@dataclass(frozen=True)
class Compared:
    """Ours minus theirs. `seeds_known` says whether `interval` covers seeds too, or customers alone."""

    difference: float
    interval: tuple[float, float]
    seeds_known: bool

    @property
    def verdict(self) -> str:
        """An interval over customers alone calls a config different from itself in up to 30 of 100 pairs."""
        low, high = self.interval
        if not self.seeds_known or low <= 0 <= high:
            return CANNOT_TELL
        return BETTER if low > 0 else WORSE


def compare(
    paired: Estimate, ours: Sequence[float], theirs: Sequence[float], pooled: Variance | None, among: int = 1
) -> Compared:
    """`paired` is the difference over the same customers, of means over the seeds of which `ours` and `theirs` are the
    recalls. Var = SE^2 over customers + s^2 / m of each side, the degrees of freedom by Welch and Satterthwaite
    (Satterthwaite 1946, 'An approximate distribution of estimates of variance components'). s comes from the seeds of
    both sides, or is `pooled` over many configs once that is known well enough. When ours is the best `among` several
    that were judged on these customers, fresh seeds do not undo the choice: the interval is then as wide as all of
    theirs must be for all to hold at once (Bonferroni)."""
    p = 1 - (1 - CONFIDENCE) / 2 / among
    seeds = _of_seeds(ours, theirs, pooled)
    if seeds is None or paired.df < 1:
        return Compared(paired.value, _over_customers(paired, p) if among > 1 else paired.interval, False)
    parts = [Variance(paired.standard_error**2, paired.df), *seeds]
    total = sum(part.value for part in parts)
    spread = sum(part.value**2 / part.df for part in parts)
    df = floor(total**2 / spread) if spread else paired.df
    return Compared(paired.value, _around(paired.value, t_quantile(p, max(df, 1)) * sqrt(total)), True)


def _over_customers(paired: Estimate, p: float) -> tuple[float, float]:
    """As wide as can be when there is a single customer."""
    return _around(paired.value, t_quantile(p, paired.df) * paired.standard_error if paired.df else 1.0)


def _around(value: float, half: float) -> tuple[float, float]:
    return max(-1.0, value - half), min(1.0, value + half)


def pool(runs: Iterable[Mapping[int, float]]) -> Variance | None:
    """The variance over seeds that many configs have in common: recalls by seed, a mapping per config. None when there
    are too few of them to rely on it."""
    return pooled(sum(map(spread_of, runs), NO_SPREAD))


def spread_of(recalls: Mapping[int, float]) -> Spread:
    """What one config adds to the variance over seeds: its recalls by seed."""
    mean = fmean(recalls.values()) if recalls else 0.0
    return Spread(sum((recall - mean) ** 2 for recall in recalls.values()), max(len(recalls) - 1, 0))


def pooled(spread: Spread) -> Variance | None:
    """None with too few degrees of freedom to rely on it."""
    return Variance(spread.squares / spread.df, spread.df) if spread.df >= ENOUGH else None


def _of_seeds(ours: Sequence[float], theirs: Sequence[float], pooled: Variance | None) -> list[Variance] | None:
    if pooled is not None:
        return [Variance(pooled.value * (1 / len(ours) + 1 / len(theirs)), pooled.df)]
    if min(len(ours), len(theirs)) < 2:
        return None
    return [Variance(_variance(recalls) / len(recalls), len(recalls) - 1) for recalls in (ours, theirs)]


def _variance(recalls: Sequence[float]) -> float:
    mean = fmean(recalls)
    return sum((recall - mean) ** 2 for recall in recalls) / (len(recalls) - 1)
