"""What has become of an exploration's tests, and whether it can go on at all."""

from __future__ import annotations

from dataclasses import replace

from towerlab.configs.config import ConfigStatus, FeatureConfig
from towerlab.domain.contestants import ON_THEIR_WAY, Trial, TrialState, observed
from towerlab.domain.datasets import Dataset
from towerlab.domain.exploration import PROPOSALS, Exploration
from towerlab.domain.quicktest import Phase, QuickTest
from towerlab.domain.results import Result
from towerlab.ports.documents import Documents
from towerlab.runtime import records

OTHER_PROTOCOL = "Roles of columns were changed meanwhile: its tests are of two protocols, which cannot be compared."
REFRESHED = "The dataset was refreshed: figures of two snapshots cannot be compared."
STATES = {
    Phase.COMPLETED: TrialState.COMPLETED,
    Phase.FAILED: TrialState.FAILED,
    Phase.TIMED_OUT: TrialState.FAILED,
    Phase.CANCELLED: TrialState.STOPPED,
}


def looked_at(documents: Documents, race: Exploration) -> Exploration:
    """With all that is known of its tests by now."""
    for one in race.everyone:
        trials = tuple(_looked_at(documents, race, trial) for trial in one.trials)
        if trials != one.trials:
            race = race.with_contestant(replace(one, trials=trials, out=one.out or _why_out(documents, trials)))
    return _with_protocol(documents, race)


def obstacle(documents: Documents, race: Exploration) -> str:
    """Why it cannot go on, '' when it can."""
    dataset = records.get(documents, Dataset, race.dataset_id).value
    if dataset.deleted_at is not None:
        return "The dataset was deleted."
    if dataset.snapshot.id != race.snapshot_id:
        return REFRESHED
    if race.kind == PROPOSALS:
        config = records.get(documents, FeatureConfig, race.start.config_id).value
        if config.deleted_at is not None:
            return "The config that it starts from was deleted."
        if config.status is ConfigStatus.ARCHIVED:
            return "The config that it starts from was archived."
    keys = {found.protocol_key for found in _top_results(documents, race)}
    return OTHER_PROTOCOL if len(keys) > 1 else ""


def _looked_at(documents: Documents, race: Exploration, trial: Trial) -> Trial:
    if trial.state not in ON_THEIR_WAY:
        return trial
    test = records.get(documents, QuickTest, trial.test_id).value
    if not test.final:
        return trial
    state = STATES[test.phase]
    if state is not TrialState.COMPLETED:
        cost = race.budget.of(test.seconds, ran=state is not TrialState.STOPPED)
        return observed(trial, state, cost)
    result = records.get(documents, Result, trial.test_id).value
    return observed(trial, state, race.budget.of(test.seconds), result.recall.at["100"])


def _why_out(documents: Documents, trials: tuple[Trial, ...]) -> str:
    failed = next((trial for trial in trials if trial.state is TrialState.FAILED), None)
    if failed is None:
        return ""
    test = records.get(documents, QuickTest, failed.test_id).value
    if test.phase is Phase.CANCELLED:
        return "its test was cancelled"
    return f"its test failed: {test.error.message}" if test.error else "its test failed"


def _with_protocol(documents: Documents, race: Exploration) -> Exploration:
    """The heatmap's, once a test has shown which split is carried out."""
    found = _top_results(documents, race) if race.heatmap["protocol"] is None else []
    return replace(race, heatmap={**race.heatmap, "protocol": found[0].protocol_key}) if found else race


def _top_results(documents: Documents, race: Exploration) -> list[Result]:
    ids = [
        trial.test_id
        for one in race.everyone
        if (trial := one.at(race.top)) is not None and trial.state is TrialState.COMPLETED
    ]
    found = records.get_many(documents, Result, ids)
    return [found[id].value for id in ids if id in found]
