"""A new exploration, from a config or of a heatmap's empty cells; nothing is written or started here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.configs.grouping import label
from towerlab.configs.ideas.idea import Idea
from towerlab.configs.proposals import Base, contestant_of, proposals, start_of
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict, Invalid, NotFound, Problem
from towerlab.domain.exploration import CELLS, PROPOSALS, TESTS, Contestant, Exploration, Rung
from towerlab.domain.heatmap import Place
from towerlab.domain.ladder import entrants, ladder
from towerlab.domain.times import rfc3339
from towerlab.runtime.logs import correlation_id
from towerlab.runtime.wiring import Deps

from config_api import boards, reading
from config_api.charts import Asked, Chart, Filling, chart
from config_api.estimates import estimator
from config_api.exploring.ground import Ground, ground, judged_customers, new_or_raced, raced, told
from config_api.exploring.prices import Seconds, price_of, price_of_rung, version_of
from config_api.refusals import refusals
from config_api.schemas.explorations import ExplorationRequest

AGAIN = "Ask for the heatmap again, and take what its empty cells have in run.config_hash."


def begun(deps: Deps, who: str, dataset_id: str, asked: ExplorationRequest) -> Exploration:
    """Raises NotFound, Conflict, and Invalid for a budget that pays for nothing."""
    dataset = reading.dataset(deps.documents, dataset_id).value
    if asked.config_id is None:
        return _of_cells(deps, who, dataset, asked)
    return _from_config(deps, who, dataset, config_of(deps, dataset_id, asked.config_id), asked)


def config_of(deps: Deps, dataset_id: str, config_id: str) -> FeatureConfig:
    """Raises Invalid, which points at where a request names it."""
    try:
        config = reading.config(deps.documents, config_id).value
    except NotFound as error:
        raise _unfit("/config", "not_found", str(error), "Give the id of a config that is there.") from error
    if config.dataset_id != dataset_id:
        message = f"{config_id!r} is a config of another dataset"
        raise _unfit("/config", "other_dataset", message, "Explore it in its own dataset.")
    return config


def _from_config(
    deps: Deps, who: str, dataset: Dataset, config: FeatureConfig, asked: ExplorationRequest
) -> Exploration:
    version = reading.version(deps.documents, config.id, config.version)
    for refusal in refusals(config, version, dataset):
        raise refusal
    standing, seconds = ground(deps, dataset), estimator(deps, dataset)
    price = price_of_rung(seconds, version, standing.settings, asked.budget)
    rungs = ladder(standing.settings, judged_customers(deps, dataset), asked.budget, price)
    found = proposals(Base(version, dataset.columns), told(deps, dataset, version))
    new, known = new_or_raced(deps.documents, dataset, found, standing.table, len(rungs) - 1)
    start = raced(start_of(version, config.name), standing.table, len(rungs) - 1)
    race = _record(deps, who, dataset, PROPOSALS, start, (*new, *known), rungs, standing, asked)
    race = replace(race, heatmap={**_axes(race), "metric": "recall_at_100", "protocol": standing.protocol_key})
    return _with_field(deps, dataset, race, len(new), seconds, version)


def _with_field(
    deps: Deps, dataset: Dataset, race: Exploration, new: int, seconds: Seconds, version: ConfigVersion
) -> Exploration:
    """With as many in its first round as the budget pays for. Raises Invalid, and Conflict without proposals."""
    if not race.contestants:
        raise Conflict("nothing is left to propose", "nothing_to_propose", "Start from another config.")
    price = price_of(deps, dataset, race)
    prices = [price(race.start, rung, False) for rung in range(len(race.ladder))]
    before = sum(price for rung, price in enumerate(prices) if race.start.at(rung) is None)
    confirmation = 2 * price(race.start, race.top, True)
    field = entrants(new, race.budget.amount - before - confirmation, prices)
    if new and not field:
        raise _too_small(race, before + sum(prices) + confirmation)
    settings = [race.settings_at(rung, False) for rung in range(len(race.ladder))]
    expected = sum(seconds(version, one) for one in settings) * (field + 1)
    expected += 2 * seconds(version, race.settings_at(race.top, True))
    return replace(race, entrants=field, estimated_seconds=round(expected, 2))


def _of_cells(deps: Deps, who: str, dataset: Dataset, asked: ExplorationRequest) -> Exploration:
    drawn, standing = _drawn(deps, dataset, asked)
    places = {filling.found.config_hash: place for place, filling in drawn.fillings.items() if not filling.found.faults}
    faults = [
        Problem(f"/cells/{n}", "unknown_cell", f"no empty cell of this heatmap is {cell[:16]!r}", AGAIN)
        for n, cell in enumerate(asked.cells)
        if cell not in places
    ]
    if faults:
        raise Invalid(faults)
    chosen = [_cell(deps, dataset, drawn, places[cell]) for cell in asked.cells]
    rungs = (Rung(standing.settings.data_sample_percent, standing.settings.epochs, 0.0),)
    first = reading.version(deps.documents, chosen[0].base_config_id, chosen[0].base_version)
    race = _record(deps, who, dataset, CELLS, start_of(first, ""), chosen, rungs, standing, asked)
    race = replace(race, heatmap={**asked.heatmap, "protocol": standing.protocol_key})
    seconds = estimator(deps, dataset)
    each = [seconds(version_of(deps, dataset, one), race.settings_at(0, False)) for one in chosen]
    if race.budget.of(min(each)) > race.budget.amount:
        raise _too_small(race, race.budget.of(min(each)))
    return replace(race, estimated_seconds=round(sum(each), 2))


def _drawn(deps: Deps, dataset: Dataset, asked: ExplorationRequest) -> tuple[Chart, Ground]:
    wanted = asked.heatmap
    board, standing = boards.board(deps.documents, dataset.id), ground(deps, dataset, wanted["protocol"])
    table = board.table(wanted["protocol"])
    if table is None:
        raise Conflict("nothing of this dataset is tested yet", "no_heatmap", "Run a quick test first.")
    if standing.table is None:
        message = "the heatmap is of an older snapshot or of other roles: a test of now would not fall into it"
        raise Conflict(message, "other_protocol", "Test its configs again, and fill the heatmap of those tests.")
    k = str(wanted["metric"]).removeprefix("recall_at_")
    return chart(deps, board, table, Asked(k, wanted["rows"], wanted["group_by"])), standing


def _cell(deps: Deps, dataset: Dataset, drawn: Chart, place: Place) -> Contestant:
    filling: Filling = drawn.fillings[place]
    base = reading.version(deps.documents, filling.score.config_id, filling.score.version)
    row, column = (label(axes, group) for axes, group in zip(drawn.axes, place, strict=True))
    idea = Idea(f"{row}, {column}", filling.found.lists, f"It fills an empty cell of the heatmap: {row}, {column}.")
    made = contestant_of(Base(base, dataset.columns), idea)
    if made is None:
        message = f"the cell {row}, {column} cannot be filled any more"
        raise Conflict(message, "column_gone", "Ask for the heatmap again.")
    return made


def _record(
    deps: Deps,
    who: str,
    dataset: Dataset,
    kind: str,
    start: Contestant,
    contestants: Sequence[Contestant],
    rungs: tuple[Rung, ...],
    standing: Ground,
    asked: ExplorationRequest,
) -> Exploration:
    now = rfc3339(deps.clock.now())
    return Exploration(
        id=deps.ids.new(),
        dataset_id=dataset.id,
        snapshot_id=dataset.snapshot.id,
        kind=kind,
        start=start,
        contestants=tuple(contestants),
        entrants=0,
        ladder=rungs,
        settings=standing.settings,
        budget=asked.budget,
        heatmap={},
        created_at=now,
        updated_at=now,
        asked_by=who,
        correlation_id=correlation_id(),
    )


def _axes(race: Exploration) -> Mapping[str, Any]:
    """Widths across, and down what else is varied most."""
    crosses = sum("crosses" in edit.field for one in race.contestants for edit in one.edits)
    buckets = sum(
        edit.entry is not None and "bucketize" in edit.entry.get("transforms", {})
        for one in race.contestants
        for edit in one.edits
    )
    return {"group_by": "embedding_dims", "rows": "buckets" if buckets > crosses else "crosses"}


def _too_small(race: Exploration, needed: float) -> Invalid:
    unit = race.budget.unit
    least = f"{needed:.0f}" if unit == TESTS else f"{needed:.2f}"
    what = "one cell" if race.kind == CELLS else "the start, one proposal, and both again with fresh seeds"
    message = f"{race.budget.amount:g} {unit} do not pay for {what}: about {least} {unit}"
    return _unfit(f"/budget/{unit}", "too_small", message, f"Give at least {least} {unit}.")


def _unfit(at: str, code: str, message: str, remedy: str) -> Invalid:
    return Invalid([Problem(at, code, message, remedy)])
