"""What the product's prediction report says of an experiment, and what single runs of the tests would have said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tested import FULL, Experiment, Tested
from towerlab.domain.prediction import Agreement, Pair, agreement

IN_ORDER, LOSES = 0.85, 0.01  # at least this share of pairs; at most so much recall@100


@dataclass(frozen=True)
class Found:
    """`report` is the product's answer to the tests of `tested`, on `percent` of the customers and on all."""

    source: str
    settings: Mapping[str, int]
    percent: int
    tested: Sequence[Tested]
    report: Mapping[str, Any]

    @property
    def seeds(self) -> range:
        return range(len(self.tested[0].tests[FULL]))

    @property
    def kept(self) -> bool:
        of = self.reported
        return of.in_order >= IN_ORDER * of.pairs and of.winner_loses <= LOSES

    @property
    def reported(self) -> Agreement:
        told = self.report
        low, high = told["tau_interval"]
        return Agreement(
            told["configs"], told["tau"], (low, high), told["pairs"], told["pairs_in_order"], told["winner_loses"]
        )

    @property
    def means(self) -> list[Pair]:
        return [Pair(fmean(one.recalls(self.percent)), fmean(one.recalls(FULL))) for one in self.tested]

    def single(self, seed: int) -> Agreement:
        """A quick test of one run against one run on the full data."""
        return agreement([Pair(one.recalls(self.percent)[seed], one.recalls(FULL)[seed]) for one in self.tested])

    def itself(self, left: int, right: int) -> Agreement:
        """A run on the full data against another one there."""
        return agreement([Pair(one.recalls(FULL)[left], one.recalls(FULL)[right]) for one in self.tested])


def found_by(source: str, experiment: Experiment) -> Found:
    return Found(source, experiment.settings, experiment.percent, experiment.tested, experiment.report())
