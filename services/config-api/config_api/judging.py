"""What is wrong with the readable part of a faulty request, so that one answer tells all of its faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from towerlab.configs.checks import examine
from towerlab.configs.lists import SIDES, ConfigLists, crosses_field, features_field
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid, Problem
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.beginnings import config_lists, config_to_clone
from config_api.exploring.from_configs import config_of
from config_api.faults import Judge, Readable
from config_api.refusals import split_faults, version_faults
from config_api.schemas.configs import LISTS


def of_new_config(deps: Deps, dataset_id: str) -> Judge:
    """Four lists, or a beginning, for a dataset. The judge raises NotFound without the dataset."""

    def judge(readable: Readable) -> Iterator[Problem]:
        columns = reading.dataset(deps.documents, dataset_id).value.columns
        yield from _in_lists(config_lists(_judged_lists(readable)), columns)
        start = readable.values.get("start_from")
        if isinstance(start, Mapping) and start.get("kind") == "clone" and isinstance(start.get("config_id"), str):
            yield from _raised(lambda: config_to_clone(deps, start["config_id"]))

    return judge


def of_config_change(deps: Deps, config_id: str) -> Judge:
    """Lists in the place of the current version's. The judge raises NotFound without the config."""

    def judge(readable: Readable) -> Iterable[Problem]:
        config = reading.config(deps.documents, config_id).value
        columns = reading.dataset(deps.documents, config.dataset_id).value.columns
        current = reading.version(deps.documents, config_id, config.version).lists
        given = _judged_lists(readable)
        unknown = {crosses_field(side): () for side in SIDES if features_field(side) in {*given, *readable.unread}}
        return _in_lists(replace(current, **{**unknown, **_as_tuples(given)}), columns)

    return judge


def of_quick_test(deps: Deps, config_id: str) -> Judge:
    """Settings for a test or a full training of a config. The judge raises NotFound without the config."""

    def judge(readable: Readable) -> Iterator[Problem]:
        config = reading.config(deps.documents, config_id).value
        dataset = reading.dataset(deps.documents, config.dataset_id).value
        yield from version_faults(config, readable.values.get("version"))
        yield from split_faults(dataset, readable.values.get("advanced", {}).get("split", ""))

    return judge


def of_exploration(deps: Deps, dataset_id: str) -> Judge:
    """A config to start from. The judge raises NotFound without the dataset."""

    def judge(readable: Readable) -> Iterable[Problem]:
        reading.dataset(deps.documents, dataset_id)
        config = readable.values.get("config")
        return _raised(lambda: config_of(deps, dataset_id, config)) if isinstance(config, str) else ()

    return judge


def of_new_dataset(deps: Deps) -> Judge:
    """A source that is to be registered."""

    def judge(readable: Readable) -> Iterable[Problem]:
        source = readable.values.get("source", {})
        uri = source.get("uri") if "kind" in source else None
        return _raised(lambda: deps.warehouse.source_values(uri)) if isinstance(uri, str) else ()

    return judge


def _judged_lists(readable: Readable) -> Mapping[str, list[Any]]:
    """Crosses are of features: where those could not be read, nothing can be said of their crosses."""
    unknown = {crosses_field(side) for side in SIDES if features_field(side) in readable.unread}
    return {name: readable.values[name] for name in LISTS if name in readable.values and name not in unknown}


def _as_tuples(lists: Mapping[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(items) for name, items in lists.items()}


def _raised(check: Callable[[], object]) -> tuple[Problem, ...]:
    try:
        check()
    except Invalid as error:
        return error.problems
    return ()


def _in_lists(lists: ConfigLists, columns: Mapping[str, ColumnType]) -> tuple[Problem, ...]:
    _, faults = examine(lists, columns)
    return faults
