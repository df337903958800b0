"""A dataset's tests as a heatmap: its cells, which of them can be told from the best, and what would fill the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from cachetools import LRUCache, cached
from towerlab.configs.axes import Axis
from towerlab.configs.config import ConfigVersion
from towerlab.configs.grouping import SEVERAL, Group, axes_of, group_of, sort_key
from towerlab.configs.neighbours import Neighbour, neighbour
from towerlab.domain.best import best_first
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.heatmap import Grid, Place, Star, grid, star
from towerlab.domain.scores import Score
from towerlab.domain.standings import Table
from towerlab.domain.verdict import WORSE
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.boards import Board, laid_flat
from config_api.pairing import Side, pairs

MOST_GROUPS = 20  # rows, and columns
MOST_COMPARED = 60  # cells, the best ones: each takes a file
MOST_FILLED = 30  # empty cells, the most promising ones
Sides = tuple[tuple[Axis, ...], tuple[Axis, ...]]  # axes of the rows, of the columns


@dataclass(frozen=True)
class Asked:
    """`k` of the metric; names of groupings."""

    k: str
    rows: str
    columns: str


@dataclass(frozen=True)
class Filling:
    """`score` is the test of the config to start from; `found` what to change in it."""

    score: Score
    found: Neighbour


@dataclass(frozen=True)
class Chart:
    """`against` holds the compared cells against the best; `fillings` the best way to fill an empty cell."""

    axes: Sides
    grid: Grid
    star: Star | None
    against: Mapping[Place, Side]
    fillings: Mapping[Place, Filling]
    values: Mapping[Axis, int]  # how many different ones each axis has


@cached(LRUCache(64), key=lambda *arguments: arguments[2:], lock=Lock())
def chart(deps: Deps, board: Board, table: Table, asked: Asked) -> Chart:
    """Computed once for a table that does not change. Raises Invalid for an unknown grouping."""
    laid, values = laid_flat(deps.documents, board, table)
    axes = _axes(asked, values)
    placed = (
        ((group_of(config, axes[0]), group_of(config, axes[1])), table.standings[at]) for at, config in laid.items()
    )
    found = grid(placed, asked.k, MOST_GROUPS, sort_key)
    ordered = found.best_first(asked.k)
    against = _against(deps, board, found, ordered)
    worse = {place: side.by_k is not None and side.by_k[asked.k].verdict == WORSE for place, side in against.items()}
    fillings = _fillings(deps, asked.k, axes, found)
    return Chart(axes, found, star(ordered, worse), against, fillings, values)


def _axes(asked: Asked, values: Mapping[Axis, int]) -> Sides:
    named = {"rows": asked.rows, "group_by": asked.columns}
    found = {name: axes_of(grouping, values) for name, grouping in named.items()}
    remedy = f"Name one of {', '.join(SEVERAL)}, or an axis of those that a heatmap lists."
    faults = [
        Problem(f"/{name}", "unknown_axis", f"no tested config has an axis {named[name]!r}", remedy)
        for name, axes in found.items()
        if axes is None
    ]
    if faults:
        raise Invalid(faults)
    return found["rows"] or (), found["group_by"] or ()


def _against(deps: Deps, board: Board, found: Grid, ordered: list[Place]) -> Mapping[Place, Side]:
    others = ordered[1 : MOST_COMPARED + 1]
    wanted = [(found.cells[place].best, found.cells[ordered[0]].best) for place in others]
    return dict(zip(others, pairs(deps.artifacts, wanted, board.seed_variance), strict=True))


@dataclass(frozen=True)
class _Way:
    """To an empty cell: from a test in its row or column, with what the other side has of `donor`."""

    place: Place
    source: Score
    donor: Score
    side: int  # 0: the row is taken over, 1: the column


def _fillings(deps: Deps, k: str, axes: Sides, found: Grid) -> Mapping[Place, Filling]:
    """From the best test that is one change away; the second best when that change cannot be made."""
    best = tuple(_best_by_group(k, found, side) for side in (0, 1))
    ways = {place: _ways(k, place, best) for place in found.empty}
    promising = sorted(ways, key=lambda place: best_first(ways[place][0].source, k))[:MOST_FILLED]
    versions = _versions(deps, [way for place in promising for way in ways[place]])
    return {place: _first_possible(ways[place], axes, versions) for place in promising}


def _first_possible(ways: Sequence[_Way], axes: Sides, versions: Mapping[str, ConfigVersion]) -> Filling:
    """Else the first, with its faults."""
    tried = []
    for way in ways:
        tried.append(_filling(way, axes, versions))
        if not tried[-1].found.faults:
            return tried[-1]
    return tried[0]


def _best_by_group(k: str, found: Grid, side: int) -> Mapping[Group, Score]:
    """The best test of each row or column."""
    best: dict[Group, Score] = {}
    for place in found.best_first(k):
        best.setdefault(place[side], found.cells[place].best)
    return best


def _ways(k: str, place: Place, best: tuple[Mapping[Group, Score], ...]) -> list[_Way]:
    of_row, of_column = best[0][place[0]], best[1][place[1]]
    ways = [_Way(place, of_row, of_column, 1), _Way(place, of_column, of_row, 0)]
    return sorted(ways, key=lambda way: best_first(way.source, k))


def _versions(deps: Deps, ways: Iterable[_Way]) -> Mapping[str, ConfigVersion]:
    ids = {_id(score) for way in ways for score in (way.source, way.donor)}
    return {id: held.value for id, held in records.get_many(deps.documents, ConfigVersion, ids).items()}


def _filling(way: _Way, axes: Sides, versions: Mapping[str, ConfigVersion]) -> Filling:
    wanted = {axis: value for side in (0, 1) for axis, value in zip(axes[side], way.place[side], strict=True)}
    ours, theirs = versions[_id(way.source)], versions[_id(way.donor)]
    return Filling(way.source, neighbour(ours, theirs, axes[way.side], wanted))


def _id(score: Score) -> str:
    return reading.version_id(score.config_id, score.version)
