"""Creating, editing, cloning and deleting feature configs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from towerlab.configs.config import ConfigStatus, ConfigVersion, FeatureConfig, clone_config, create_config, revise
from towerlab.configs.defaults import smart_defaults
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict, Invalid, NotFound, Problem
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.wiring import Deps

from config_api import profiles, reading
from config_api.concurrency import demand, retried, revision_of
from config_api.schemas.configs import ConfigChange, NewConfig, StartFrom
from config_api.summaries import Best, TestCounts, best_in, counts_in, summarised

Made = tuple[FeatureConfig, ConfigVersion]


def edit_revision(config: FeatureConfig) -> str:
    """Changes with every edit, and with nothing else: a finished test never makes an editor's copy stale."""
    return revision_of(config.id, config.updated_at)


def create(deps: Deps, who: str, dataset_id: str, new: NewConfig) -> FeatureConfig:
    """A draft in the dataset, with the dataset's next number. Raises NotFound and Invalid with every fault."""
    profiled = profiles.of(deps.artifacts, records.get(deps.documents, Dataset, dataset_id).value)

    def make(dataset: Dataset, id: str, at: str) -> Made:
        return create_config(
            id=id,
            dataset_id=dataset_id,
            number=dataset.config_count + 1,
            name=new.name,
            description=new.description,
            lists=_beginning(deps, dataset, profiled, new),
            columns=dataset.columns,
            profiles=profiled,
            mapping=dataset.mapping,
            at=at,
            by=who,
        )

    return retried(lambda: _add(deps, dataset_id, make))


def clone(deps: Deps, who: str, config_id: str, name: str | None) -> FeatureConfig:
    """A draft in the same dataset that computes what the config's current version computes."""
    original = reading.config(deps.documents, config_id).value
    current = reading.version(deps.documents, config_id, original.version)

    def make(dataset: Dataset, id: str, at: str) -> Made:
        return clone_config(original, current, id=id, number=dataset.config_count + 1, at=at, by=who, name=name)

    return retried(lambda: _add(deps, original.dataset_id, make))


def update(deps: Deps, who: str, config_id: str, change: ConfigChange, seen: Collection[str] | None) -> FeatureConfig:
    """The config after an edit; what it computes has changed: a new version. Raises Stale, Invalid and Conflict."""
    return retried(lambda: _update(deps, who, config_id, change, seen))


def delete(deps: Deps, config_id: str, seen: Collection[str] | None) -> None:
    """Hide a draft that was never tested. Raises Stale, and Conflict for one with history."""
    retried(lambda: _delete(deps, config_id, seen))


def _add(deps: Deps, dataset_id: str, make: Callable[[Dataset, str, str], Made]) -> FeatureConfig:
    held = records.get(deps.documents, Dataset, dataset_id)
    config, version = make(held.value, deps.ids.new(), rfc3339(deps.clock.now()))
    counted = replace(held.value, config_count=held.value.config_count + 1)
    summary = summarised(config, version, TestCounts(), Best())
    writes = [
        records.put(counted, dataset_id, held.revision),
        records.put(config, config.id, None),
        records.put(version, reading.version_id(config.id, version.version), None),
        records.put(summary, config.id, None),
    ]
    deps.documents.commit(writes, [_version_created(deps, version)])
    return config


def _update(deps: Deps, who: str, config_id: str, change: ConfigChange, seen: Collection[str] | None) -> FeatureConfig:
    held = reading.config(deps.documents, config_id)
    demand(edit_revision(held.value), seen)
    summary = reading.summary(deps.documents, config_id)
    current = reading.version(deps.documents, config_id, held.value.version)
    dataset = records.get(deps.documents, Dataset, held.value.dataset_id).value
    revised, version = revise(
        held.value,
        current,
        name=change.name,
        description=change.description,
        lists=_changed_lists(current.lists, change.lists),
        columns=dataset.columns,
        profiles=profiles.of(deps.artifacts, dataset),
        mapping=dataset.mapping,
        at=_after(held.value.updated_at, deps.clock.now()),
        by=who,
    )
    shown = summarised(revised, version or current, counts_in(summary.value), best_in(summary.value))
    writes = [records.put(revised, config_id, held.revision), records.put(shown, config_id, summary.revision)]
    events = []
    if version:
        writes.append(records.put(version, reading.version_id(config_id, version.version), None))
        events.append(_version_created(deps, version))
    deps.documents.commit(writes, events)
    return revised


def _delete(deps: Deps, config_id: str, seen: Collection[str] | None) -> None:
    held = reading.config(deps.documents, config_id)
    demand(edit_revision(held.value), seen)
    summary = reading.summary(deps.documents, config_id)
    if held.value.status is not ConfigStatus.DRAFT or summary.value.tests:
        message = f"only drafts without quick tests can be deleted; this one is {held.value.status.value}"
        message += f" and has {summary.value.tests} quick tests"
        raise Conflict(message, "has_history", "Archive it instead: its results stay.")
    at = _after(held.value.updated_at, deps.clock.now())
    writes = [
        records.put(replace(held.value, deleted_at=at, updated_at=at), config_id, held.revision),
        records.put(replace(summary.value, deleted=True), config_id, summary.revision),
    ]
    deps.documents.commit(writes, [event(deps, "feature-config.deleted", config_id, config_id=config_id)])


def _beginning(deps: Deps, dataset: Dataset, profiled: Sequence[ColumnProfile], new: NewConfig) -> ConfigLists:
    match new.start_from:
        case None:
            return config_lists(new.lists)
        case StartFrom("smart_defaults", outcomes):
            return smart_defaults(profiled, dataset.mapping, outcomes).lists
        case StartFrom("clone", _, config_id):
            return _lists_of(deps, config_id)
    return ConfigLists()


def _lists_of(deps: Deps, config_id: str) -> ConfigLists:
    try:
        original = reading.config(deps.documents, config_id).value
    except NotFound as error:
        raise Invalid([Problem("/start_from/config_id", "not_found", str(error))]) from error
    return reading.version(deps.documents, config_id, original.version).lists


def config_lists(lists: Mapping[str, list[Any]]) -> ConfigLists:
    """The four lists; one that is not given is empty."""
    return ConfigLists(**{name: tuple(items) for name, items in lists.items()})


def _changed_lists(current: ConfigLists, given: Mapping[str, list[Any]]) -> ConfigLists | None:
    return replace(current, **{name: tuple(items) for name, items in given.items()}) if given else None


def _after(last: str, now: datetime) -> str:
    """Now, or just after `last` when the clock has not moved on: edits are told apart by their time."""
    return rfc3339(max(now, datetime.fromisoformat(last) + timedelta(microseconds=1)))


def _version_created(deps: Deps, version: ConfigVersion) -> Event:
    return event(
        deps,
        "feature-config.version-created",
        version.config_id,
        config_id=version.config_id,
        version=version.version,
        config_hash=version.config_hash,
    )
