"""An exploration: configs near one config are tested under a budget, until the best of them is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from towerlab.domain.contestants import ON_THEIR_WAY, Contestant, Trial
from towerlab.domain.quicktest import TestSettings
from towerlab.domain.verdict import SEEDS

TESTS, MINUTES, DOLLARS = "tests", "minutes", "dollars"
UNITS = (TESTS, MINUTES, DOLLARS)
PROPOSALS, CELLS = "proposals", "cells"


class Status(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True)
class Budget:
    """`dollars_per_hour` is what an hour of quick tests costs, where dollars are counted."""

    unit: str
    amount: float
    dollars_per_hour: float = 0.0

    def of(self, seconds: float, *, ran: bool = True) -> float:
        """What a test of that duration takes of it; one that was stopped has not `ran`, and is no test."""
        if self.unit == TESTS:
            return 1.0 if ran else 0.0
        return seconds / 60 if self.unit == MINUTES else seconds / 3600 * self.dollars_per_hour


@dataclass(frozen=True)
class Rung:
    """What tests at this height are run with. `smallest_difference` is what one run each can tell, as a share of
    recall@100."""

    sample_percent: int
    epochs: int
    smallest_difference: float


@dataclass(frozen=True)
class Outcome:
    """The best contestant against the start. `verdict` and `interval` are those of tests with fresh seeds when
    `confirmed`, of the race else; the interval is widened for the `among` contestants that it was chosen from.
    Differences are shares of recall@100; None where there is nothing to compare."""

    config_hash: str
    verdict: str | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    seeds_known: bool = False
    among: int = 1
    confirmed: bool = False


@dataclass(frozen=True)
class Exploration:
    """`start` races too. The first `entrants` of the contestants are the first round; `combined` are the groups whose
    combination was looked into. `settings` are those of the highest rung. `heatmap` is what to group by to see it, and
    under which protocol. `estimated_seconds` are of the cells; of proposals, of the first round and the confirmation.
    `why` says in a sentence how it ended."""

    id: str
    dataset_id: str
    snapshot_id: str
    kind: str
    start: Contestant
    contestants: tuple[Contestant, ...]
    entrants: int
    ladder: tuple[Rung, ...]
    settings: TestSettings
    budget: Budget
    heatmap: dict[str, Any]
    created_at: str
    updated_at: str
    asked_by: str
    estimated_seconds: float = 0.0
    correlation_id: str = ""
    combined: tuple[tuple[str, ...], ...] = ()
    status: Status = Status.RUNNING
    why: str = ""
    outcome: Outcome | None = None
    schema: int = 1

    @property
    def top(self) -> int:
        """The highest rung."""
        return len(self.ladder) - 1

    @property
    def everyone(self) -> tuple[Contestant, ...]:
        """Cells are filled; nothing races against them."""
        return self.contestants if self.kind == CELLS else (self.start, *self.contestants)

    @property
    def trials(self) -> list[Trial]:
        return [trial for one in self.everyone for trial in one.trials]

    @property
    def open_trials(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.state in ON_THEIR_WAY]

    @property
    def spent(self) -> float:
        return sum(trial.cost for trial in self.trials)

    @property
    def confirming(self) -> bool:
        """Nothing races any more once the confirmation has begun."""
        return any(trial.confirms for trial in self.trials)

    def with_contestant(self, changed: Contestant) -> Exploration:
        """It in the place of the one with its hash."""
        if changed.config_hash == self.start.config_hash:
            return replace(self, start=changed)
        others = (changed if one.config_hash == changed.config_hash else one for one in self.contestants)
        return replace(self, contestants=tuple(others))

    def with_more(self, more: Iterable[Contestant], groups: Iterable[tuple[str, ...]]) -> Exploration:
        """Combinations that have come up, and the groups that were looked into for them."""
        return replace(
            self, contestants=(*self.contestants, *more), combined=tuple(dict.fromkeys((*self.combined, *groups)))
        )

    def settings_at(self, rung: int, confirms: bool) -> TestSettings:
        """Of a test there. A confirmation has seeds that nothing was chosen by."""
        asked = replace(
            self.settings, data_sample_percent=self.ladder[rung].sample_percent, epochs=self.ladder[rung].epochs
        )
        return replace(asked, seed=_fresh(self.id), replicates=SEEDS) if confirms else asked


def _fresh(id: str) -> int:
    """A seed far from those that people choose, the same for both sides of the comparison."""
    return 1_000_000 + int(hashlib.sha256(id.encode()).hexdigest()[:6], 16)
