"""What the tests of an exploration are expected to take of its budget, by the estimator that dialogs use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from towerlab.configs.config import ConfigVersion, create_config
from towerlab.configs.known import Known
from towerlab.configs.proposals import lists_of
from towerlab.domain.contestants import Contestant
from towerlab.domain.datasets import Dataset
from towerlab.domain.exploration import TESTS, Budget, Exploration, Rung
from towerlab.domain.quicktest import TestSettings
from towerlab.domain.racing import Price
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.estimates import estimator

Seconds = Callable[[ConfigVersion, TestSettings], float]


def price_of(deps: Deps, dataset: Dataset, race: Exploration) -> Price:
    """In the budget's unit."""
    if race.budget.unit == TESTS:
        return lambda *_: 1.0
    seconds = estimator(deps, dataset)

    def price(one: Contestant, rung: int, confirms: bool) -> float:
        version = version_of(deps, dataset, one)
        return race.budget.of(seconds(version, race.settings_at(rung, confirms)))

    return price


def price_of_rung(
    seconds: Seconds, version: ConfigVersion, settings: TestSettings, budget: Budget
) -> Callable[[Rung], float]:
    """Of a test of the start."""

    def price(rung: Rung) -> float:
        asked = replace(settings, data_sample_percent=rung.sample_percent, epochs=rung.epochs)
        return budget.of(seconds(version, asked))

    return price


def version_of(deps: Deps, dataset: Dataset, contestant: Contestant) -> ConfigVersion:
    """Its version; of one that is not made yet what it would be, without warnings."""
    if contestant.config_id:
        return reading.version(deps.documents, contestant.config_id, contestant.version)
    base = reading.version(deps.documents, contestant.base_config_id, contestant.base_version)
    known = Known(dataset.columns)
    lists = lists_of(base, contestant)
    return create_config(
        id="", dataset_id=dataset.id, number=0, name="-", description="", lists=lists, known=known, at="", by=""
    )[1]
