"""A dataset's tests under one protocol: by version, by config, and how much seeds differ."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

from towerlab.domain.best import best_first
from towerlab.domain.results import KS
from towerlab.domain.scores import Score
from towerlab.domain.verdict import Variance, pool

Version = tuple[str, int]  # config id, version


@dataclass(frozen=True, eq=False)
class Standing:
    """One config version under a protocol: its tests differ by their seeds alone."""

    config_id: str
    version: int
    scores: tuple[Score, ...]

    @cached_property
    def mean(self) -> Mapping[str, float]:
        """By k, over all its seeds."""
        return {str(k): fmean(r for score in self.scores for r in score.recalls(str(k))) for k in KS}

    @cached_property
    def _best(self) -> Mapping[str, Score]:
        return {str(k): min(self.scores, key=lambda score: best_first(score, str(k))) for k in KS}

    def best(self, k: str) -> Score:
        """The one test of it with the highest recall at k; of equals the earlier."""
        return self._best[k]


@dataclass(frozen=True, eq=False)
class Table:
    """All tests of a dataset under one protocol key."""

    protocol_key: str
    scores: tuple[Score, ...]
    _pooled: dict[str, Variance | None] = field(default_factory=dict)

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        found: defaultdict[Version, list[Score]] = defaultdict(list)
        for score in self.scores:
            found[score.config_id, score.version].append(score)
        return tuple(Standing(config, version, tuple(scores)) for (config, version), scores in found.items())

    @cached_property
    def leaders(self) -> tuple[Score, ...]:
        """The best test of each config, best first."""
        best: dict[str, Score] = {}
        for score in sorted(self.scores, key=best_first):
            best.setdefault(score.config_id, score)
        return tuple(best.values())

    @cached_property
    def by_id(self) -> Mapping[str, Score]:
        return {score.test_id: score for score in self.scores}

    def leaders_after(self, score: Score) -> tuple[Score, ...]:
        """Those that stand behind a test, which need not be a leader any more."""
        return self.leaders[bisect_right(self.leaders, best_first(score), key=best_first) :]

    @cached_property
    def tests_of(self) -> Mapping[str, int]:
        """How many tests each config has."""
        found: defaultdict[str, int] = defaultdict(int)
        for score in self.scores:
            found[score.config_id] += 1
        return found

    def seed_variance(self, k: str) -> Variance | None:
        """Of one run's recall at k, over the seeds of all versions; None where too few were repeated."""
        if k not in self._pooled:
            self._pooled[k] = pool(_by_seed(standing.scores, k) for standing in self.standings)
        return self._pooled[k]


def tables(scores: Iterable[Score]) -> Mapping[str, Table]:
    """By protocol key."""
    found: defaultdict[str, list[Score]] = defaultdict(list)
    for score in scores:
        found[score.protocol_key].append(score)
    return {key: Table(key, tuple(under)) for key, under in found.items()}


def _by_seed(scores: Iterable[Score], k: str) -> Mapping[int, float]:
    """A seed that was run twice counts once: it gives the same."""
    return {int(run["seed"]): float(run[f"recall_at_{k}"]) for score in scores for run in score.runs}
