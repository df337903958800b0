"""What four lists would give: dimensions, faults and warnings, without storing anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from towerlab.configs.checks import resolve
from towerlab.configs.dimensions import breakdown, total
from towerlab.configs.resolved import ResolvedConfig, Tower
from towerlab.configs.warnings import warnings
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.runtime import records

from config_api.beginnings import config_lists

_ITEM = re.compile(r"/(\w+)/(\d+)(?:/|$)")
Lists = Mapping[str, list[Any]]


def preview(lists: Lists, dataset: Dataset, profiled: Sequence[ColumnProfile]) -> dict[str, Any]:
    """Both towers by output, all faults, all warnings. What is faulty is left out of the towers."""
    resolved, faults = _resolved(lists, dataset)
    known = {profile.name: profile for profile in profiled}
    return {
        "buyer": _tower(resolved.query, known),
        "product": _tower(resolved.candidate, known),
        "faults": records.to_json(faults),
        "warnings": records.to_json(warnings(resolved, profiled, dataset.mapping, dataset.snapshot.rows)),
        "forecast": None,
    }


def _tower(tower: Tower, known: Mapping[str, ColumnProfile]) -> dict[str, Any]:
    parts = breakdown(tower, known)
    parameters = sum(part["parameters"] for part in parts)
    return {"total": total(tower), "parameters": parameters, "breakdown": parts, "sample": None}


def _resolved(lists: Lists, dataset: Dataset) -> tuple[ResolvedConfig, tuple[Problem, ...]]:
    """What can be built of the lists, and the faults of the lists as they were given."""
    try:
        return resolve(config_lists(lists), dataset.columns), ()
    except Invalid as error:
        faults, sound = error.problems, _without(lists, error.problems)
    while sound:
        try:
            return resolve(config_lists(sound), dataset.columns), faults
        except Invalid as error:  # a cross whose feature was taken away
            sound = _without(sound, error.problems)
    return resolve(config_lists({}), dataset.columns), faults


def _without(lists: Lists, faults: Sequence[Problem]) -> Lists:
    """The lists without the items that the faults point into; nothing at all when a fault points at no item."""
    places = [_ITEM.match(fault.pointer) for fault in faults]
    if not all(places):
        return {}
    bad = {(place[1], int(place[2])) for place in places if place}
    return {name: [item for n, item in enumerate(items) if (name, n) not in bad] for name, items in lists.items()}
