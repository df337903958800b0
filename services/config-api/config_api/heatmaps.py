"""A heatmap as JSON, and as a table for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from towerlab.configs.axes import Axis
from towerlab.configs.config import FeatureConfig
from towerlab.configs.grouping import SEVERAL, Group, label
from towerlab.domain.heatmap import Cell, Place
from towerlab.domain.protocol import settings_of
from towerlab.domain.spreadsheets import Value, csv_of
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import boards, reading
from config_api.charts import MOST_COMPARED, MOST_FILLED, Asked, Chart, Filling, chart
from config_api.representations import boards as shown
from config_api.representations.numbers import finite

BEST = "the best cell"
HEADER = (
    "row", "column", "versions", "tests", "mean", "best", "low", "high", "marked", "best_test", "config", "name",
    "version", "protocol",
)  # fmt: skip
Configs = Mapping[str, FeatureConfig]
Numbers = Mapping[Place, tuple[int, int]]


def heatmap(deps: Deps, dataset_id: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Raises NotFound, and Invalid for an unknown protocol or grouping."""
    board, drawn, configs = _drawn(deps, dataset_id, asked)
    table = board.table(asked["protocol"])
    common = {
        "metric": asked["metric"],
        "group_by": asked["group_by"],
        "grouped_rows": asked["rows"],
        "protocol": shown.protocol(board, table) if table else None,
        "protocols": shown.protocols(board),
    }
    if table is None or drawn is None:
        return {**common, **_NOTHING}
    settings = settings_of(board.protocols.get(table.protocol_key, {}))
    return finite({**common, **_shown(drawn, _k(asked), configs), "settings": settings})  # type: ignore[no-any-return]


def heatmap_csv(deps: Deps, dataset_id: str, asked: Mapping[str, Any]) -> str:
    """A line per cell that has tests. Raises as `heatmap`."""
    board, drawn, configs = _drawn(deps, dataset_id, asked)
    table = board.table(asked["protocol"])
    lines = _lines(drawn, _k(asked), configs, table.protocol_key) if drawn and table else ()
    return csv_of([HEADER, *lines])


_NOTHING: Mapping[str, Any] = {
    "rows": [],
    "columns": [],
    "cells": [],
    "empty": [],
    "best": None,
    "missing": {"cells": 0, "runnable": 0, "seconds": 0.0, "cost_usd": 0.0},
    "left_out": {"rows": 0, "columns": 0, "versions": 0},
    "axes": [],
    "groupings": list(SEVERAL),
    "settings": None,
}


def _drawn(deps: Deps, dataset_id: str, asked: Mapping[str, Any]) -> tuple[boards.Board, Chart | None, Configs]:
    reading.dataset(deps.documents, dataset_id)
    board = boards.board(deps.documents, dataset_id)
    table = board.table(asked["protocol"])
    if table is None:
        return board, None, {}
    drawn = chart(deps, board, table, Asked(_k(asked), asked["rows"], asked["group_by"]))
    ids = {cell.best.config_id for cell in drawn.grid.cells.values()}
    ids |= {filling.score.config_id for filling in drawn.fillings.values()}
    held = records.get_many(deps.documents, FeatureConfig, ids)
    return board, drawn, {id: one.value for id, one in held.items()}


def _k(asked: Mapping[str, Any]) -> str:
    return str(asked["metric"]).removeprefix("recall_at_")


def _shown(drawn: Chart, k: str, configs: Configs) -> dict[str, Any]:
    row_axes, column_axes = drawn.axes
    places = _numbers(drawn)
    empty = [_empty(drawn.fillings.get(place), places[place], configs) for place in drawn.grid.empty]
    return {
        "rows": [_group(row_axes, row) for row in drawn.grid.rows],
        "columns": [_group(column_axes, column) for column in drawn.grid.columns],
        "cells": [_cell(drawn, place, places[place], k, configs) for place in drawn.grid.cells],
        "empty": empty,
        "best": _best(drawn, k, places),
        "missing": _missing(empty),
        "left_out": dict(drawn.grid.left_out),
        "axes": [_axis(axis, count) for axis, count in drawn.values.items() if count > 1],
        "groupings": list(SEVERAL),
    }


def _numbers(drawn: Chart) -> Numbers:
    return {
        (row, column): (r, c) for r, row in enumerate(drawn.grid.rows) for c, column in enumerate(drawn.grid.columns)
    }


def _group(axes: tuple[Axis, ...], group: Group) -> dict[str, Any]:
    return {"label": label(axes, group), "values": {axis.name: one for axis, one in zip(axes, group, strict=True)}}


def _cell(drawn: Chart, place: Place, at: tuple[int, int], k: str, configs: Configs) -> dict[str, Any]:
    cell = drawn.grid.cells[place]
    side = drawn.against.get(place)
    return {
        "row": at[0],
        "column": at[1],
        "versions": cell.versions,
        "tests": cell.tests,
        "mean": cell.mean,
        "value": cell.best.at[k],
        "interval": list(cell.best.interval[k]),
        "best": shown.score(cell.best, configs.get(cell.best.config_id)),
        "mark": _mark(drawn, place),
        "against_best": shown.beside(side, BEST) if side else None,
    }


def _mark(drawn: Chart, place: Place) -> str | None:
    """star: the best, alone; tie: the best, or a cell that cannot be told from it."""
    best = drawn.star
    if best is not None and place == best.place:
        return "star" if best.alone else "tie" if best.ties else None
    return "tie" if best is not None and place in best.ties else None


def _best(drawn: Chart, k: str, places: Numbers) -> dict[str, Any] | None:
    best = drawn.star
    if best is None:
        return None
    row, column = places[best.place]
    compared = len(drawn.against)
    rest = len(drawn.grid.cells) - 1 - compared
    return {"row": row, "column": column, "star": best.alone, "ties": len(best.ties), "compared": compared,
            "reason": _reason(drawn, k, rest)}  # fmt: skip


def _reason(drawn: Chart, k: str, rest: int) -> str:
    best = drawn.star
    if best is None or not drawn.against:
        return "There is no other cell to tell it from."
    unsaid = f" The {rest} cells with the lowest recall were not compared: {MOST_COMPARED} are at most." if rest else ""
    if best.alone:
        return f"It can be told from every other cell by recall@{k}.{unsaid}"
    side = drawn.against[best.ties[0]]
    nearest = side.reason if side.by_k is None else shown.measured(side.by_k[k], k)
    return f"{len(best.ties)} of {len(drawn.against)} others cannot be told from it. The nearest: {nearest}.{unsaid}"


def _empty(filling: Filling | None, at: tuple[int, int], configs: Configs) -> dict[str, Any]:
    place = {"row": at[0], "column": at[1]}
    if filling is None:
        return {**place, "run": None, "reason": f"Only the {MOST_FILLED} most promising empty cells are looked into."}
    if filling.found.faults:
        return {**place, "run": None, "reason": f"Not one change away from a tested config: {filling.found.faults}."}
    return {**place, "run": _run(filling, configs), "reason": ""}


def _run(filling: Filling, configs: Configs) -> dict[str, Any]:
    """What to clone, what to change in it, and what a test of that will take: as long as the one it starts from."""
    return {
        "start_from": shown.score(filling.score, configs.get(filling.score.config_id)),
        "changes": records.to_json(filling.found.changes),
        "config_hash": filling.found.config_hash,
        "seconds": filling.score.duration_seconds,
        "cost_usd": filling.score.cost_usd,
    }


def _missing(empty: list[dict[str, Any]]) -> dict[str, Any]:
    runs = [one["run"] for one in empty if one["run"]]
    return {
        "cells": len(empty),
        "runnable": len(runs),
        "seconds": sum(run["seconds"] for run in runs),
        "cost_usd": sum(run["cost_usd"] for run in runs),
    }


def _axis(axis: Axis, count: int) -> dict[str, Any]:
    return {"name": axis.name, **axis._asdict(), "values": count}


def _lines(drawn: Chart, k: str, configs: Configs, protocol: str) -> Iterator[tuple[Value, ...]]:
    row_axes, column_axes = drawn.axes
    places = _numbers(drawn)
    for place in sorted(drawn.grid.cells, key=places.__getitem__):
        cell = drawn.grid.cells[place]
        heads = (label(row_axes, place[0]), label(column_axes, place[1]))
        yield (*heads, *_figures(cell, k), _mark(drawn, place) or "", *_named(cell, configs), protocol)


def _figures(cell: Cell, k: str) -> tuple[Value, ...]:
    return (cell.versions, cell.tests, cell.mean, cell.best.at[k], *cell.best.interval[k])


def _named(cell: Cell, configs: Configs) -> tuple[Value, ...]:
    config = configs.get(cell.best.config_id)
    number, name = (f"config-{config.number:03d}", config.name) if config else ("", "")
    return (cell.best.test_id, number, name, cell.best.version)
