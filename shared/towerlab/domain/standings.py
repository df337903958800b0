"""A dataset's tests under one protocol: by version, by config, and how much seeds differ."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from towerlab.domain.best import best_first
from towerlab.domain.scores import Score
from towerlab.domain.verdict import NO_SPREAD, Spread, Variance, pooled, spread_of

Version = tuple[str, int]  # config id, version


@dataclass(frozen=True, eq=False)
class Standing:
    """One config version under a protocol: its tests differ by their seeds alone. What is computed of it is kept."""

    config_id: str
    version: int
    scores: tuple[Score, ...]
    _means: dict[str, float] = field(default_factory=dict)
    _bests: dict[str, Score] = field(default_factory=dict)
    _spreads: dict[str, Spread] = field(default_factory=dict)

    def mean(self, k: str) -> float:
        """Over all its seeds."""
        if k not in self._means:
            recalls = [recall for score in self.scores for recall in score.recalls(k)]
            self._means[k] = sum(recalls) / len(recalls)
        return self._means[k]

    def best(self, k: str) -> Score:
        """The one test of it with the highest recall at k; of equals the earlier."""
        if k not in self._bests:
            self._bests[k] = min(self.scores, key=lambda score: best_first(score, k))
        return self._bests[k]

    def spread(self, k: str) -> Spread:
        """Of recall at k over its seeds; a seed that was run twice counts once: it gives the same."""
        if k not in self._spreads:
            name = f"recall_at_{k}"
            by_seed = {int(run["seed"]): float(run[name]) for score in self.scores for run in score.runs}
            self._spreads[k] = spread_of(by_seed)
        return self._spreads[k]

    def with_scores(self, more: Iterable[Score]) -> Standing:
        return Standing(self.config_id, self.version, (*self.scores, *more))


@dataclass(frozen=True, eq=False)
class Table:
    """All tests of a dataset under one protocol key, by test id and by version; never changed."""

    protocol_key: str
    scores: Mapping[str, Score]
    standings: Mapping[Version, Standing]
    _pooled: dict[str, Variance | None] = field(default_factory=dict)

    def with_scores(self, more: Iterable[Score]) -> Table:
        """A new table; what is known of the versions that nothing has come to is kept."""
        found, new = dict(self.scores), defaultdict[Version, list[Score]](list)
        for score in more:
            found[score.test_id] = score
            new[score.config_id, score.version].append(score)
        changed = {at: self.standings.get(at, Standing(*at, ())).with_scores(scores) for at, scores in new.items()}
        return Table(self.protocol_key, found, {**self.standings, **changed})

    @cached_property
    def leaders(self) -> tuple[Score, ...]:
        """The best test of each config, best first."""
        best: dict[str, Score] = {}
        for score in sorted((standing.best("100") for standing in self.standings.values()), key=best_first):
            best.setdefault(score.config_id, score)
        return tuple(best.values())

    def leaders_after(self, score: Score) -> tuple[Score, ...]:
        """Those that stand behind a test, which need not be a leader any more."""
        return self.leaders[bisect_right(self.leaders, best_first(score), key=best_first) :]

    @cached_property
    def tests_of(self) -> Mapping[str, int]:
        """How many tests each config has."""
        found: defaultdict[str, int] = defaultdict(int)
        for standing in self.standings.values():
            found[standing.config_id] += len(standing.scores)
        return found

    @property
    def example(self) -> Score:
        return next(iter(self.scores.values()))

    def seed_variance(self, k: str) -> Variance | None:
        """Of one run's recall at k, over the seeds of all versions; None where too few were repeated."""
        if k not in self._pooled:
            spreads = (standing.spread(k) for standing in self.standings.values())
            self._pooled[k] = pooled(sum(spreads, NO_SPREAD))
        return self._pooled[k]


def with_scores(tables: Mapping[str, Table], more: Iterable[Score]) -> Mapping[str, Table]:
    """By protocol key; those that nothing has come to stay as they are."""
    new: defaultdict[str, list[Score]] = defaultdict(list)
    for score in more:
        new[score.protocol_key].append(score)
    return {**tables, **{key: tables.get(key, Table(key, {}, {})).with_scores(scores) for key, scores in new.items()}}
