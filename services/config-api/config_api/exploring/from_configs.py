"""A new exploration from a config; nothing is written or started here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.configs.proposals import Base, proposals, start_of
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict, NotFound
from towerlab.domain.exploration import PROPOSALS, Budget, Exploration
from towerlab.domain.ladder import entrants, ladder
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.estimates import estimator
from config_api.exploring.fields import Field, new_exploration, too_small, unfit
from config_api.exploring.ground import Ground, ground, judged_customers, new_or_raced, raced, told
from config_api.exploring.prices import Seconds, price_of, price_of_rung
from config_api.refusals import refusals

LEAST = "the start, one proposal, and both again with fresh seeds"


def from_config(deps: Deps, who: str, dataset: Dataset, config_id: str, budget: Budget) -> Exploration:
    """Raises Invalid for a config that is not there and for a budget that is too small, and Conflict for a config that
    cannot be tested, or of which nothing is left to propose."""
    config = config_of(deps, dataset.id, config_id)
    version = reading.version(deps.documents, config.id, config.version)
    for refusal in refusals(config, version, dataset):
        raise refusal
    standing, seconds = ground(deps, dataset), estimator(deps, dataset)
    field, new = _field(deps, dataset, config, version, standing, budget, seconds)
    race = new_exploration(deps, who, dataset, field, standing, budget)
    if not race.contestants:
        raise Conflict("nothing is left to propose", "nothing_to_propose", "Start from another config.")
    race = replace(race, heatmap={**_axes(race), "metric": "recall_at_100", "protocol": standing.protocol_key})
    race = replace(race, entrants=_entrants(deps, dataset, race, new))
    return replace(race, estimated_seconds=_estimated(race, version, seconds))


def config_of(deps: Deps, dataset_id: str, config_id: str) -> FeatureConfig:
    """Raises Invalid, which points at where a request names it."""
    try:
        config = reading.config(deps.documents, config_id).value
        if config.dataset_id != dataset_id:
            raise NotFound("feature config of this dataset", config_id)
    except NotFound as error:
        raise unfit("/config", "not_found", str(error), "Give the id of a config that is there.") from error
    return config


def _field(
    deps: Deps,
    dataset: Dataset,
    config: FeatureConfig,
    version: ConfigVersion,
    standing: Ground,
    budget: Budget,
    seconds: Seconds,
) -> tuple[Field, int]:
    """And how many of the contestants are not tested yet; these come first."""
    price = price_of_rung(seconds, version, standing.settings, budget)
    rungs = ladder(standing.settings, judged_customers(deps, dataset), budget, price)
    found, top = proposals(Base(version, dataset.columns), told(deps, dataset, version)), len(rungs) - 1
    new, known = new_or_raced(deps.documents, dataset, found, standing.table, top)
    start = raced(start_of(version, config.name), standing.table, top)
    return Field(PROPOSALS, start, (*new, *known), rungs), len(new)


def _entrants(deps: Deps, dataset: Dataset, race: Exploration, new: int) -> int:
    price = price_of(deps, dataset, race)
    prices = [price(race.start, rung, False) for rung in range(len(race.ladder))]
    before = sum(price for rung, price in enumerate(prices) if race.start.at(rung) is None)
    confirmation = 2 * price(race.start, race.top, True)
    found = entrants(new, race.budget.amount - before - confirmation, prices)
    if new and not found:
        raise too_small(race.budget, before + sum(prices) + confirmation, LEAST)
    return found


def _estimated(race: Exploration, version: ConfigVersion, seconds: Seconds) -> float:
    """Of the first round and the confirmation, if no proposal were let go; as long as tests of the start take."""
    each = sum(seconds(version, race.settings_at(rung, False)) for rung in range(len(race.ladder)))
    return round((race.entrants + 1) * each + 2 * seconds(version, race.settings_at(race.top, True)), 2)


def _axes(race: Exploration) -> Mapping[str, Any]:
    """Widths across, and down what else is varied most."""
    edits = [edit for one in race.contestants for edit in one.edits]
    crosses = sum("crosses" in edit.field for edit in edits)
    buckets = sum(edit.entry is not None and "bucketize" in edit.entry.get("transforms", {}) for edit in edits)
    return {"group_by": "embedding_dims", "rows": "buckets" if buckets > crosses else "crosses"}
