"""What a new config starts from: lists that were sent, nothing, smart defaults, a template, or another config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towerlab.configs.defaults import smart_defaults
from towerlab.configs.lists import ConfigLists
from towerlab.configs.templates import template_lists
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, NotFound, Problem
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.schemas.configs import NewConfig, StartFrom


def beginning(deps: Deps, dataset: Dataset, profiled: Sequence[ColumnProfile], new: NewConfig) -> ConfigLists:
    """Raises Invalid when the config to clone is not there, or belongs to another dataset's columns."""
    match new.start_from:
        case None:
            return config_lists(new.lists)
        case StartFrom("smart_defaults", outcomes):
            return smart_defaults(profiled, dataset.mapping, outcomes).lists
        case StartFrom("template", key=key):
            return template_lists(key, profiled, dataset.mapping)
        case StartFrom("clone", _, config_id):
            return config_to_clone(deps, config_id)
    return ConfigLists()


def config_lists(lists: Mapping[str, list[Any]]) -> ConfigLists:
    """The four lists; one that is not given is empty."""
    return ConfigLists(**{name: tuple(items) for name, items in lists.items()})


def config_to_clone(deps: Deps, config_id: str) -> ConfigLists:
    """Its current lists. Raises Invalid, which points at where a request names it."""
    try:
        original = reading.config(deps.documents, config_id).value
    except NotFound as error:
        raise Invalid(
            [Problem("/start_from/config_id", "not_found", str(error), "Give the id of a config that is there.")]
        ) from error
    return reading.version(deps.documents, config_id, original.version).lists
