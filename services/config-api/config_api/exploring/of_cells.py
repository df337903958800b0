"""A new exploration that fills empty cells of a heatmap; nothing is written or started here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from towerlab.configs.grouping import label
from towerlab.configs.ideas.idea import Idea
from towerlab.configs.proposals import Base, contestant_of, start_of
from towerlab.domain.contestants import Contestant
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict, Invalid, Problem
from towerlab.domain.exploration import CELLS, Budget, Exploration, Rung
from towerlab.domain.heatmap import Place
from towerlab.runtime.wiring import Deps

from config_api import boards, reading
from config_api.charts import Asked, Chart, chart
from config_api.estimates import estimator
from config_api.exploring.fields import Field, new_exploration, too_small
from config_api.exploring.ground import Ground, ground
from config_api.exploring.prices import version_of

AGAIN = "Ask for the heatmap again, and take what its empty cells have in run.config_hash."


def of_cells(
    deps: Deps, who: str, dataset: Dataset, cells: Sequence[str], heatmap: Mapping[str, Any], budget: Budget
) -> Exploration:
    """Raises Invalid for cells that are not empty ones of that heatmap and for a budget that pays for none, and
    Conflict where a test of now would not fall into it."""
    drawn, standing = _drawn(deps, dataset, heatmap)
    chosen = [_cell(deps, dataset, drawn, place) for place in _places(drawn, cells)]
    first = reading.version(deps.documents, chosen[0].base_config_id, chosen[0].base_version)
    rung = Rung(standing.settings.data_sample_percent, standing.settings.epochs, 0.0)
    field = Field(CELLS, start_of(first, ""), chosen, (rung,))
    race = new_exploration(deps, who, dataset, field, standing, budget)
    seconds = estimator(deps, dataset)
    each = [seconds(version_of(deps, dataset, one), race.settings_at(0, False)) for one in chosen]
    if budget.of(each[0]) > budget.amount:
        raise too_small(budget, budget.of(each[0]), "the first cell")
    shown = {**heatmap, "protocol": standing.protocol_key}
    return replace(race, heatmap=shown, estimated_seconds=round(sum(each), 2))


def _drawn(deps: Deps, dataset: Dataset, wanted: Mapping[str, Any]) -> tuple[Chart, Ground]:
    standing, board = ground(deps, dataset, wanted["protocol"]), boards.board(deps.documents, dataset.id)
    table = board.table(wanted["protocol"])
    if table is None:
        raise Conflict("nothing of this dataset is tested yet", "no_heatmap", "Run a quick test first.")
    if standing.table is None:
        message = "the heatmap is of an older snapshot or of other roles: a test of now would not fall into it"
        raise Conflict(message, "other_protocol", "Test its configs again, and fill the heatmap of those tests.")
    k = str(wanted["metric"]).removeprefix("recall_at_")
    return chart(deps, board, table, Asked(k, wanted["rows"], wanted["group_by"])), standing


def _places(drawn: Chart, cells: Sequence[str]) -> list[Place]:
    found = {filling.found.config_hash: place for place, filling in drawn.fillings.items() if not filling.found.faults}
    faults = [
        Problem(f"/cells/{n}", "unknown_cell", f"no empty cell of this heatmap is {cell[:16]!r}", AGAIN)
        for n, cell in enumerate(cells)
        if cell not in found
    ]
    if faults:
        raise Invalid(faults)
    return [found[cell] for cell in cells]


def _cell(deps: Deps, dataset: Dataset, drawn: Chart, place: Place) -> Contestant:
    filling = drawn.fillings[place]
    base = reading.version(deps.documents, filling.score.config_id, filling.score.version)
    row, column = (label(axes, group) for axes, group in zip(drawn.axes, place, strict=True))
    idea = Idea(f"{row}, {column}", filling.found.lists, f"It fills an empty cell of the heatmap: {row}, {column}.")
    made = contestant_of(Base(base, dataset.columns), idea)
    if made is None:
        message = f"the cell {row}, {column} cannot be filled any more"
        raise Conflict(message, "column_gone", "Ask for the heatmap again.")
    return made
