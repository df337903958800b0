"""Asking for full trainings, which promotes: run here, or handed over to the Training domain by the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from towerlab.configs.config import FeatureConfig
from towerlab.configs.status import History, fully_trained
from towerlab.domain.errors import Conflict
from towerlab.domain.quicktest import FullTraining, Phase, TestSettings
from towerlab.emit.record import CodeRecord
from towerlab.runtime import records
from towerlab.runtime.announce import of_test
from towerlab.runtime.settings import HANDED_OVER
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.best_settings import best_settings
from config_api.commands.quick_tests import About, AskedFor, Started, Wanted, about, change_of, equal_one, new_test
from config_api.commands.status import completed, promotion
from config_api.concurrency import retried
from config_api.estimates import expected_seconds
from config_api.recording import Caller, commit, nothing_to_write
from config_api.refusals import split_faults
from config_api.schemas.quick_tests import TrainingRequest
from config_api.states import after, config_change

ALL = 100  # percent of the data
SPLIT_GONE = "Say which column is the transaction_date, or test this version again, then train it."


def start_full_training(deps: Deps, by: Caller, config_id: str, asked: TrainingRequest) -> Started:
    """Ask for a full training, or find the equal one; one of the config's current version promotes it in the same
    commit. Raises NotFound, Invalid and Conflict."""
    return retried(lambda: _start(deps, by, config_id, asked))


def _start(deps: Deps, by: Caller, config_id: str, asked: TrainingRequest) -> Started:
    of = about(deps, config_id, asked.version)
    moved, code, settings = _moved(deps, of), _code(deps, of), _settings(deps, of, asked)
    if any(split_faults(of.dataset, settings.advanced.split)):
        split = settings.advanced.split
        raise Conflict(f"the dataset cannot be split by {split} any more, as its best test was", "no_split", SPLIT_GONE)
    found = equal_one(deps.documents, FullTraining, of, settings)
    if found:
        return nothing_to_write(deps, by, Started(found, existing=True))
    new = _asked_for(deps, _training(deps, by.name, settings, of), of, code, moved)
    return commit(deps, by, Started(new.test), new.writes, new.events, new.changes)


def _asked_for(deps: Deps, training: FullTraining, of: About, code: CodeRecord, moved: FeatureConfig) -> AskedFor:
    shown = replace(of.summary.value, status=moved.status, updated_at=moved.updated_at)
    writes = [records.put(training, training.id, None), records.put(shown, moved.id, of.summary.revision)]
    events = [of_test(deps, training, "requested", **_handed_over(training, of, code))]
    requested = config_change("full_training_requested", of.config.value, moved, full_training=training.id)
    changes = [change_of("requested", training), requested]
    if moved != of.config.value:
        writes.append(records.put(moved, moved.id, of.config.revision))
        events.append(promotion(deps, moved))
        changes.append(config_change("promoted", of.config.value, moved))
    return AskedFor(training, writes, events, changes)


def _moved(deps: Deps, of: About) -> FeatureConfig:
    config, version = of.config.value, of.version.version
    history = History(of.summary.value.tests, completed(deps.documents, config.id, version))
    return fully_trained(config, version, history, after(config.updated_at, deps.clock.now()))


def _settings(deps: Deps, of: About, asked: TrainingRequest) -> TestSettings:
    """As the version was tested best, but for what a full training is."""
    best = best_settings(deps.documents, of.config.value, of.version.version)
    return replace(best, data_sample_percent=ALL, epochs=asked.epochs, batch_size=asked.batch_size, replicates=1)


def _code(deps: Deps, of: About) -> CodeRecord:
    """The code that was tested; another release's, too: whoever trains here has it written anew."""
    held = records.find(deps.documents, CodeRecord, reading.version_id(of.version.config_id, of.version.version))
    if held is None or held.value.status != "generated":
        message = f"version {of.version.version} has no generated code"
        raise Conflict(message, "no_code", "Ask again in a few seconds; if it stays so, save the config and test that.")
    return held.value


def _training(deps: Deps, who: str, settings: TestSettings, of: About) -> FullTraining:
    training = new_test(deps, FullTraining, who, Wanted(settings, deps.ids.new()), of.version, of.dataset)
    if deps.settings.full_training == HANDED_OVER:
        return replace(training, phase=Phase.HANDED_OVER, stages=())
    return replace(training, estimated_seconds=expected_seconds(deps, of.dataset, of.version, settings))


def _handed_over(training: FullTraining, of: About, code: CodeRecord) -> Mapping[str, Any]:
    """All that another domain needs to train the same."""
    snapshot = of.dataset.snapshot
    return {
        "config_id": training.config_id,
        "version": training.version,
        "config_hash": training.config_hash,
        "code": records.to_json(code.files),
        "snapshot": {"id": snapshot.id, "uri": snapshot.uri, "dataset": training.dataset_id},
        "settings": records.to_json(training.settings),
    }
