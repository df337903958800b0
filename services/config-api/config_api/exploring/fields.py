"""What explorations of both kinds begin with, and why one cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from towerlab.domain.contestants import Contestant
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.exploration import TESTS, Budget, Exploration, Rung
from towerlab.domain.times import rfc3339
from towerlab.runtime.logs import correlation_id
from towerlab.runtime.wiring import Deps

from config_api.exploring.ground import Ground


@dataclass(frozen=True)
class Field:
    """Who races, at which heights."""

    kind: str
    start: Contestant
    contestants: Sequence[Contestant]
    ladder: tuple[Rung, ...]


def new_exploration(
    deps: Deps, who: str, dataset: Dataset, field: Field, standing: Ground, budget: Budget
) -> Exploration:
    """Its first round, its heatmap and its estimate are for the caller to fill in."""
    now = rfc3339(deps.clock.now())
    return Exploration(
        id=deps.ids.new(),
        dataset_id=dataset.id,
        snapshot_id=dataset.snapshot.id,
        kind=field.kind,
        start=field.start,
        contestants=tuple(field.contestants),
        entrants=0,
        ladder=field.ladder,
        settings=standing.settings,
        budget=budget,
        heatmap={},
        created_at=now,
        updated_at=now,
        asked_by=who,
        correlation_id=correlation_id(),
    )


def too_small(budget: Budget, needed: float, what: str) -> Invalid:
    """The budget does not pay for `what`."""
    least = f"{needed:.0f}" if budget.unit == TESTS else f"{needed:.2f}"
    message = f"{budget.amount:g} {budget.unit} do not pay for {what}: about {least} {budget.unit}"
    return unfit(f"/budget/{budget.unit}", "too_small", message, f"Give at least {least} {budget.unit}.")


def unfit(at: str, code: str, message: str, remedy: str) -> Invalid:
    return Invalid([Problem(at, code, message, remedy)])
