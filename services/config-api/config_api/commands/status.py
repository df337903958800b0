"""Promoting, archiving and restoring configs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from towerlab.configs.config import FeatureConfig
from towerlab.configs.status import History, archived, promoted, restored
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict
from towerlab.domain.quicktest import Phase, QuickTest
from towerlab.events.envelope import Event
from towerlab.ports.documents import Documents
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.concurrency import demand, retried
from config_api.recording import Caller, commit
from config_api.states import ConfigState, after, config_change, edit_revision

Seen = Collection[str] | None
Move = Callable[[FeatureConfig, History, str], FeatureConfig]


def promote(deps: Deps, by: Caller, config_id: str, seen: Seen) -> ConfigState:
    """Raises Conflict unless a test of the current version has completed."""

    def told(config: FeatureConfig) -> Event:
        return promotion(deps, config)

    return retried(lambda: _moved(deps, by, config_id, seen, "promoted", promoted, told))


def promotion(deps: Deps, config: FeatureConfig) -> Event:
    return event(deps, "feature-config.promoted", config.id, config_id=config.id, version=config.version)


def archive(deps: Deps, by: Caller, config_id: str, seen: Seen) -> ConfigState:
    def told(_: FeatureConfig) -> Event:
        return event(deps, "feature-config.archived", config_id, config_id=config_id)

    def move(config: FeatureConfig, _: History, at: str) -> FeatureConfig:
        return archived(config, at)

    return retried(lambda: _moved(deps, by, config_id, seen, "archived", move, told))


def restore(deps: Deps, by: Caller, config_id: str, seen: Seen) -> ConfigState:
    """Bring back what was archived or, within 30 days, deleted. Raises Conflict while its dataset is deleted."""

    def told(_: FeatureConfig) -> Event:
        return event(deps, "feature-config.restored", config_id, config_id=config_id)

    return retried(lambda: _moved(deps, by, config_id, seen, "restored", restored, told))


def history(documents: Documents, config: FeatureConfig, tests: int) -> History:
    return History(tests, completed(documents, config.id, config.version))


def completed(documents: Documents, config_id: str, version: int) -> int:
    """How many quick tests of the version have completed."""
    where: reading.Where = {"config_id": config_id, "version": version, "phase": Phase.COMPLETED.value}
    return records.count(documents, QuickTest, where)


def _held(documents: Documents, config_id: str, *, even_deleted: bool) -> Held[FeatureConfig]:
    if even_deleted:
        return records.get(documents, FeatureConfig, config_id)
    return reading.config(documents, config_id)


def _moved(
    deps: Deps,
    by: Caller,
    config_id: str,
    seen: Seen,
    action: str,
    move: Move,
    told: Callable[[FeatureConfig], Event],
) -> ConfigState:
    documents = deps.documents
    held = _held(documents, config_id, even_deleted=action == "restored")
    demand(edit_revision(held.value), seen)
    summary = reading.summary(documents, config_id)
    at = after(held.value.updated_at, deps.clock.now())
    moved = move(held.value, history(documents, held.value, summary.value.tests), at)
    if action != "archived" and records.get(documents, Dataset, moved.dataset_id).value.deleted_at is not None:
        raise Conflict("the dataset of this config is deleted", "dataset_deleted", "Register the dataset again.")
    shown = replace(summary.value, status=moved.status, updated_at=at, deleted=moved.deleted_at is not None)
    writes = [records.put(moved, config_id, held.revision), records.put(shown, config_id, summary.revision)]
    version = reading.version(documents, config_id, moved.version)
    state = ConfigState(moved, version, shown, reading.twin(documents, moved))
    return commit(deps, by, state, writes, [told(moved)], [config_change(action, held.value, moved)])
