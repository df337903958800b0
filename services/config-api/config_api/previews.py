"""What four lists would give: dimensions, faults, warnings, a computed purchase and a forecast; nothing is stored."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from towerlab.configs.checks import resolve
from towerlab.configs.dimensions import breakdown, total
from towerlab.configs.expectation import computed, expectation
from towerlab.configs.resolved import ResolvedConfig, Tower
from towerlab.configs.warnings import warnings
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.sketches import Purchase, Sketches
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import sketches
from config_api.beginnings import config_lists
from config_api.forecasts import forecast
from config_api.knowing import known

_ITEM = re.compile(r"/(\w+)/(\d+)(?:/|$)")
Lists = Mapping[str, list[Any]]


def preview(deps: Deps, lists: Lists, dataset: Dataset, asked: Mapping[str, str]) -> dict[str, Any]:
    """Both towers by output, all faults, all warnings. What is faulty is left out of the towers. The purchase shown is
    of the `asked` 'customer' and 'product', or any. Raises Invalid for one who has bought nothing."""
    resolved, faults = _resolved(lists, dataset)
    facts, sketched = known(deps, dataset, resolved), sketches.of(deps, dataset)
    profiled = {profile.name: profile for profile in facts.profiles}
    expected = expectation(resolved, sketched) if sketched else None
    shown = _purchase(deps, dataset, sketched, asked) if sketched else None
    of_towers = computed(resolved, expected, shown) if expected and shown else {}
    return {
        "buyer": {
            **_tower(resolved.query, profiled),
            "sample": {"customer": shown.customer, "outputs": of_towers["query"]} if shown else None,
        },
        "product": {
            **_tower(resolved.candidate, profiled),
            "sample": {"product": shown.product, "outputs": of_towers["candidate"]} if shown else None,
        },
        "embeddings": "untrained",
        "faults": records.to_json(faults),
        "warnings": records.to_json(warnings(resolved, facts)),
        "forecast": forecast(resolved, facts, expected, sketched) if expected and sketched else None,
    }


def _purchase(deps: Deps, dataset: Dataset, sketched: Sketches, asked: Mapping[str, str]) -> Purchase:
    return sketches.purchase(deps, dataset, asked) if asked else random.choice(sketched.examples)


def _tower(tower: Tower, known: Mapping[str, ColumnProfile]) -> dict[str, Any]:
    parts = breakdown(tower, known)
    return {"total": total(tower), "parameters": sum(part["parameters"] for part in parts), "breakdown": parts}


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
