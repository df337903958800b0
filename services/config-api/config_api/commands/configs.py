"""Creating, editing, cloning and deleting feature configs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from towerlab.configs.config import ConfigVersion, FeatureConfig, clone_config, create_config, revise
from towerlab.configs.editing import remove_feature
from towerlab.configs.known import Known
from towerlab.configs.lists import SIDES, ConfigLists, crosses_field, features_field
from towerlab.configs.status import History, deleted
from towerlab.domain.datasets import Dataset
from towerlab.domain.results import Warning
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.wiring import Deps

from config_api import profiles, reading
from config_api.beginnings import beginning
from config_api.concurrency import demand, retried
from config_api.knowing import known_for
from config_api.recording import Caller, commit
from config_api.schemas.configs import ConfigChange, NewConfig
from config_api.states import ConfigState, after, config_change, edit_revision
from config_api.summaries import Best, TestCounts, best_in, counts_in, summarised

Made = tuple[FeatureConfig, ConfigVersion]
CROSS_REMEDY = "Bring the feature back with an earlier version's lists, or send the crosses as they should be."


def create(deps: Deps, by: Caller, dataset_id: str, new: NewConfig) -> ConfigState:
    """A draft in the dataset, with the dataset's next number. Raises NotFound and Invalid with every fault."""

    def make(dataset: Dataset, id: str, at: str) -> Made:
        lists = beginning(deps, dataset, profiles.of(deps.artifacts, dataset), new)
        return create_config(
            id=id,
            dataset_id=dataset_id,
            number=dataset.config_count + 1,
            name=new.name,
            description=new.description,
            lists=lists,
            known=known_for(deps, dataset, lists),
            at=at,
            by=by.name,
        )

    return retried(lambda: _add(deps, by, dataset_id, make))


def clone(deps: Deps, by: Caller, config_id: str, name: str | None) -> ConfigState:
    """A new draft that computes what the config's current version computes."""
    original = reading.config(deps.documents, config_id).value
    current = reading.version(deps.documents, config_id, original.version)

    def make(dataset: Dataset, id: str, at: str) -> Made:
        return clone_config(original, current, id=id, number=dataset.config_count + 1, at=at, by=by.name, name=name)

    return retried(lambda: _add(deps, by, original.dataset_id, make, cloned_from=config_id))


def update(deps: Deps, by: Caller, config_id: str, change: ConfigChange, seen: Collection[str] | None) -> ConfigState:
    """The config after an edit; what it computes has changed: a new version. Raises Stale, Invalid and Conflict."""
    return retried(lambda: _update(deps, by, config_id, change, seen))


def delete(deps: Deps, by: Caller, config_id: str, seen: Collection[str] | None) -> None:
    """Hide a draft that was never tested. Raises Stale, and Conflict for one with history."""
    retried(lambda: _delete(deps, by, config_id, seen))


def _add(
    deps: Deps, by: Caller, dataset_id: str, make: Callable[[Dataset, str, str], Made], **detail: object
) -> ConfigState:
    held = reading.dataset(deps.documents, dataset_id)
    config, version = make(held.value, deps.ids.new(), rfc3339(deps.clock.now()))
    counted = replace(held.value, config_count=held.value.config_count + 1)
    summary = summarised(config, version, TestCounts(), Best())
    writes = [
        records.put(counted, dataset_id, held.revision),
        records.put(config, config.id, None),
        records.put(version, reading.version_id(config.id, version.version), None),
        records.put(summary, config.id, None),
    ]
    made = ConfigState(config, version, summary, reading.twin(deps.documents, config))
    changes = [config_change("created", None, config, **detail)]
    return commit(deps, by, made, writes, [version_created(deps, version)], changes)


def _update(deps: Deps, by: Caller, config_id: str, change: ConfigChange, seen: Collection[str] | None) -> ConfigState:
    held = reading.config(deps.documents, config_id)
    demand(edit_revision(held.value), seen)
    summary = reading.summary(deps.documents, config_id)
    current = reading.version(deps.documents, config_id, held.value.version)
    dataset = reading.dataset(deps.documents, held.value.dataset_id).value
    lists, told = _changed_lists(current, change.lists)
    revised, version = revise(
        held.value,
        current,
        name=change.name,
        description=change.description,
        lists=lists,
        known=known_for(deps, dataset, lists) if lists else Known(dataset.columns),
        at=after(held.value.updated_at, deps.clock.now()),
        by=by.name,
    )
    shown = summarised(revised, version or current, counts_in(summary.value), best_in(summary.value))
    writes = [records.put(revised, config_id, held.revision), records.put(shown, config_id, summary.revision)]
    events = []
    if version:
        writes.append(records.put(version, reading.version_id(config_id, version.version), None))
        events.append(version_created(deps, version))
    edited = ConfigState(revised, version or current, shown, reading.twin(deps.documents, revised), tuple(told))
    return commit(deps, by, edited, writes, events, [config_change("updated", held.value, revised)])


def _delete(deps: Deps, by: Caller, config_id: str, seen: Collection[str] | None) -> None:
    held = reading.config(deps.documents, config_id)
    demand(edit_revision(held.value), seen)
    summary = reading.summary(deps.documents, config_id)
    at = after(held.value.updated_at, deps.clock.now())
    gone = deleted(held.value, History(summary.value.tests, 0), at)
    hidden = replace(summary.value, deleted=True, updated_at=at)
    writes = [records.put(gone, config_id, held.revision), records.put(hidden, config_id, summary.revision)]
    told = event(deps, "feature-config.deleted", config_id, config_id=config_id)
    commit(deps, by, None, writes, [told], [config_change("deleted", held.value, gone)])


def _changed_lists(current: ConfigVersion, given: Mapping[str, list[Any]]) -> tuple[ConfigLists | None, list[Warning]]:
    """The lists with those that were given; where a model's features come without its crosses, the crosses of features
    that are gone go too, and it is said."""
    if not given:
        return None, []
    lists, told = current.lists, []
    for side in SIDES:
        if features_field(side) in given and crosses_field(side) not in given:
            for column in _gone(lists.features(side), given[features_field(side)]):
                removal = remove_feature(lists, side, column, current.columns)
                lists = removal.lists
                told += [Warning("cross_removed", sentence, CROSS_REMEDY, column) for sentence in removal.sentences]
    return replace(lists, **{name: tuple(items) for name, items in given.items()}), told


def _gone(before: Iterable[Mapping[str, Any]], after: Iterable[Any]) -> list[str]:
    """Columns whose features are no more."""
    stay = [feature.get("column") for feature in after if isinstance(feature, dict)]
    return [str(feature["column"]) for feature in before if feature["column"] not in stay]


def version_created(deps: Deps, version: ConfigVersion) -> Event:
    """Codegen waits for it."""
    return event(
        deps,
        "feature-config.version-created",
        version.config_id,
        config_id=version.config_id,
        version=version.version,
        config_hash=version.config_hash,
    )
