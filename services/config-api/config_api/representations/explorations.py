"""Explorations: budget, ladder, everything proposed with its reason and its tests, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.configs.config import ConfigVersion
from towerlab.configs.diff import differences
from towerlab.configs.proposals import lists_of
from towerlab.domain.contestants import ON_THEIR_WAY, Contestant, Trial
from towerlab.domain.exploration import PROPOSALS, Exploration
from towerlab.ports.documents import Documents
from towerlab.runtime import records
from towerlab.runtime.records import Held

from config_api import reading
from config_api.representations.numbers import finite

Bases = Mapping[str, Held[ConfigVersion]]


def exploration_line(race: Exploration) -> dict[str, Any]:
    """As a list shows it."""
    budget = race.budget
    return {
        "id": race.id,
        "dataset": race.dataset_id,
        "snapshot": race.snapshot_id,
        "kind": race.kind,
        "feature_config": race.start.config_id if race.kind == PROPOSALS else None,
        "version": race.start.version if race.kind == PROPOSALS else None,
        "status": race.status.value,
        "why": race.why,
        "budget": {
            "unit": budget.unit,
            "amount": budget.amount,
            "dollars_per_hour": budget.dollars_per_hour or None,
            "spent": race.spent,
            "left": max(0.0, budget.amount - race.spent),
        },
        "estimated_seconds": race.estimated_seconds,
        "tests": {"ended": len(race.trials) - len(race.open_trials), "running": len(race.open_trials)},
        "heatmap": race.heatmap,
        "outcome": _outcome(race),
        "asked_by": race.asked_by,
        "created_at": race.created_at,
        "updated_at": race.updated_at,
    }


def exploration_whole(documents: Documents, race: Exploration) -> dict[str, Any]:
    """With everything that races, in the order in which it is tried."""
    ids = {reading.version_id(one.base_config_id, one.base_version) for one in race.everyone}
    bases = records.get_many(documents, ConfigVersion, ids)
    settings = records.to_json(race.settings_at(race.top, False))
    shown = {
        **exploration_line(race),
        "settings": settings,
        "ladder": [_rung(race, n) for n in range(len(race.ladder))],
        "first_round": race.entrants,
        "start": _contestant(race, race.start, bases) if race.kind == PROPOSALS else None,
        "proposals": [_contestant(race, one, bases) for one in race.contestants],
    }
    return finite(shown)  # type: ignore[no-any-return]


def _rung(race: Exploration, n: int) -> dict[str, Any]:
    rung = race.ladder[n]
    return {
        "data_sample_percent": rung.sample_percent,
        "epochs": rung.epochs,
        "smallest_detectable_difference": rung.smallest_difference,
        "tested": sum(one.recall(n) is not None for one in race.contestants),
    }


def _contestant(race: Exploration, one: Contestant, bases: Bases) -> dict[str, Any]:
    base = bases[reading.version_id(one.base_config_id, one.base_version)].value
    recall, start = one.recall(race.top), race.start.recall(race.top)
    return {
        "config_hash": one.config_hash,
        "name": one.name,
        "reason": one.reason,
        "changes": records.to_json(differences(base.lists, lists_of(base, one))),
        "made_of": list(one.made_of),
        "feature_config": one.config_id or None,
        "version": one.version if one.config_id else None,
        "state": _state(one),
        "out": one.out or None,
        "recall_at_100": recall,
        "difference": recall - start if recall is not None and start is not None else None,
        "tests": [_trial(trial) for trial in one.trials],
    }


def _state(one: Contestant) -> str:
    """waiting: it may still come to its turn, as long as the exploration runs."""
    if one.out:
        return "out"
    if any(trial.state in ON_THEIR_WAY for trial in one.trials):
        return "running"
    return "tested" if any(trial.recall is not None for trial in one.trials) else "waiting"


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "test": trial.test_id,
        "rung": trial.rung,
        "confirms": trial.confirms,
        "state": trial.state.value,
        "recall_at_100": trial.recall,
        "expected": trial.expected,
        "cost": trial.cost,
    }


def _outcome(race: Exploration) -> dict[str, Any] | None:
    found = race.outcome
    if found is None:
        return None
    best = next(one for one in race.contestants if one.config_hash == found.config_hash)
    return {
        "feature_config": best.config_id or None,
        "name": best.name,
        "config_hash": found.config_hash,
        "verdict": found.verdict,
        "difference": found.difference,
        "difference_interval": list(found.interval) if found.interval else None,
        "seeds_known": found.seeds_known,
        "among": found.among,
        "confirmed": found.confirmed,
    }
