"""Who races in an exploration: configs, what makes them of another one, and their tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class TrialState(StrEnum):
    OPEN = "open"
    STOPPING = "stopping"  # asked to end because the exploration was stopped
    STOPPED = "stopped"  # ended so: it counts as never run, but for what it took
    COMPLETED = "completed"
    FAILED = "failed"


ON_THEIR_WAY = frozenset({TrialState.OPEN, TrialState.STOPPING})


@dataclass(frozen=True)
class Edit:
    """One entry of one of the four lists, as it is to be: a feature by its column, a cross by its operands; None takes
    it away."""

    field: str
    name: str
    entry: dict[str, Any] | None


@dataclass(frozen=True)
class Trial:
    """A quick test of a contestant. Costs are in the budget's unit: what was expected, and what it took once it has
    ended; one that was there before the exploration took nothing of it."""

    test_id: str
    rung: int
    confirms: bool = False
    state: TrialState = TrialState.OPEN
    expected: float = 0.0
    cost: float = 0.0
    recall: float | None = None


@dataclass(frozen=True)
class Contestant:
    """A config in the race: the one that the exploration starts from, or that one with `edits`. `config_id` is '' until
    it is made; `made_of` are the hashes of the contestants whose edits it combines; `out` says why it goes no further,
    '' while it may."""

    config_hash: str
    name: str
    reason: str
    base_config_id: str
    base_version: int
    edits: tuple[Edit, ...] = ()
    made_of: tuple[str, ...] = ()
    config_id: str = ""
    version: int = 1
    trials: tuple[Trial, ...] = ()
    out: str = ""

    def at(self, rung: int, confirms: bool = False) -> Trial | None:
        """Its test there, completed or on its way."""
        wanted = {TrialState.COMPLETED, *ON_THEIR_WAY}
        found = (one for one in self.trials if (one.rung, one.confirms) == (rung, confirms) and one.state in wanted)
        return next(found, None)

    def was_stopped_at(self, rung: int) -> bool:
        return any(one.rung == rung and one.state is TrialState.STOPPED and not one.confirms for one in self.trials)

    def recall(self, rung: int) -> float | None:
        """Of its completed test in the race."""
        trial = self.at(rung)
        return trial.recall if trial else None

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """What it changes; two contestants that change the same cannot be combined."""
        return frozenset((edit.field, edit.name) for edit in self.edits)


def observed(trial: Trial, state: TrialState, cost: float = 0.0, recall: float | None = None) -> Trial:
    """The trial once its test has ended so; one that has ended already stays as it is. What was stopped and completes
    all the same is a result; what a person cancels in a running exploration is not run again."""
    if trial.state not in ON_THEIR_WAY:
        return trial
    if state is TrialState.STOPPED and trial.state is TrialState.OPEN:
        state = TrialState.FAILED
    return replace(trial, state=state, cost=cost, recall=recall)
