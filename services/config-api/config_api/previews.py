"""What four lists would give: dimensions, faults, warnings, a computed purchase and a forecast; nothing is stored."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached
from towerlab.configs.checks import resolve
from towerlab.configs.dimensions import breakdown, total
from towerlab.configs.expectation import Expectation, computed
from towerlab.configs.hashing import config_hash
from towerlab.configs.resolved import ResolvedConfig, Tower
from towerlab.configs.warnings import warnings
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.sketches import Purchase
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import sketches
from config_api.beginnings import config_lists
from config_api.forecasts import forecast
from config_api.knowing import expected as expected_of
from config_api.knowing import known as known_of
from config_api.trained import Trained, trained, vector

_ITEM = re.compile(r"/(\w+)/(\d+)(?:/|$)")
Lists = Mapping[str, list[Any]]


def preview(deps: Deps, lists: Lists, dataset: Dataset, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """Both towers by output, all faults, all warnings. What is faulty is left out of the towers. The purchase shown is
    of the `asked` 'customer' and 'product', or any. Raises Invalid for one who has bought nothing."""
    question, sketched = _Question(dataset, lists), sketches.of(deps, dataset)
    judged = _judged(deps, question)
    if sketched is None:
        return _with_samples(deps, judged, None, None)
    known = trained(deps, dataset, judged.config_hash)
    if asked:
        return _with_samples(deps, judged, known, sketches.purchase(deps, dataset, asked))
    return _example(deps, question, known, random.randrange(len(sketched.examples)))


@dataclass(frozen=True)
class _Question:
    """Four lists for a dataset as it is now."""

    dataset: Dataset
    lists: Lists

    @property
    def key(self) -> tuple[str, ...]:
        return self.dataset.id, self.dataset.updated_at, json.dumps(self.lists)


@dataclass(frozen=True)
class _Judged:
    """All of a preview but the purchase."""

    resolved: ResolvedConfig
    config_hash: str
    expected: Expectation | None
    shown: Mapping[str, Any]


@cached(LRUCache(256), key=lambda deps, question: (deps, question.key), lock=Lock())
def _judged(deps: Deps, question: _Question) -> _Judged:
    dataset = question.dataset
    resolved, faults = _resolved(question.lists, dataset)
    expected, sketched = expected_of(deps, dataset, resolved), sketches.of(deps, dataset)
    facts = known_of(deps, dataset, resolved, expected)
    profiled = {profile.name: profile for profile in facts.profiles}
    shown = {
        "buyer": _tower(resolved.query, profiled),
        "product": _tower(resolved.candidate, profiled),
        "faults": records.to_json(faults),
        "warnings": records.to_json(warnings(resolved, facts)),
        "forecast": forecast(resolved, facts, expected, sketched) if expected and sketched else None,
    }
    return _Judged(resolved, config_hash(resolved), expected, shown)


@cached(
    LRUCache(512),
    key=lambda deps, question, known, place: (deps, question.key, known.test_id if known else "", place),
    lock=Lock(),
)
def _example(deps: Deps, question: _Question, known: Trained | None, place: int) -> Mapping[str, Any]:
    """The preview with one of the purchases that the sketches hold."""
    sketched = sketches.of(deps, question.dataset)
    assert sketched is not None
    return _with_samples(deps, _judged(deps, question), known, sketched.examples[place])


def _with_samples(deps: Deps, judged: _Judged, known: Trained | None, purchase: Purchase | None) -> Mapping[str, Any]:
    shown, buyer, product = judged.shown, None, None
    if purchase is not None and judged.expected is not None:
        fit = replace(judged.expected, fitted=known.fitted, approximate=frozenset()) if known else judged.expected
        towers = {
            side: [_with_vector(deps, known, output) for output in outputs]
            for side, outputs in computed(judged.resolved, fit, purchase).items()
        }
        buyer = {"customer": purchase.customer, "outputs": towers["query"]}
        product = {"product": purchase.product, "outputs": towers["candidate"]}
    return {
        **shown,
        "buyer": {**shown["buyer"], "sample": buyer},
        "product": {**shown["product"], "sample": product},
        "embeddings": "trained" if known else "untrained",
        "fitted_by": known.test_id if known else None,
    }


def _with_vector(deps: Deps, known: Trained | None, output: dict[str, Any]) -> dict[str, Any]:
    """What a tower gets for an output of ids, once it has learned that."""
    ids = output["ids"]
    return {
        **output,
        "vector": vector(deps.artifacts, known, output["output"], ids) if known and ids is not None else None,
    }


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
