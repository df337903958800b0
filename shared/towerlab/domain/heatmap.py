"""Tests in rows and columns: how many fall into a cell, how good they are on average, and which is the best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from towerlab.domain.best import best_first
from towerlab.domain.scores import Score
from towerlab.domain.standings import Standing

Group = tuple[Any, ...]
Place = tuple[Group, Group]  # row, column


@dataclass(frozen=True)
class Cell:
    """The config versions of one row and column; `mean` is over versions, so that one tested often counts once."""

    versions: int
    tests: int
    mean: float
    best: Score


@dataclass(frozen=True)
class Grid:
    """`rows` and `columns` are those that are shown; `left_out` counts the others and the versions in them."""

    rows: tuple[Group, ...]
    columns: tuple[Group, ...]
    cells: Mapping[Place, Cell]
    left_out: Mapping[str, int]

    @property
    def empty(self) -> tuple[Place, ...]:
        return tuple((row, column) for row in self.rows for column in self.columns if (row, column) not in self.cells)

    def best_first(self, k: str) -> list[Place]:
        """The cells by their best tests."""
        return sorted(self.cells, key=lambda place: best_first(self.cells[place].best, k))


@dataclass(frozen=True)
class Star:
    """The best cell, and the cells that cannot be told from it; only a best that is alone is marked."""

    place: Place
    ties: tuple[Place, ...]
    alone: bool


def star(ordered: Sequence[Place], worse: Mapping[Place, bool]) -> Star | None:
    """`ordered` best first; `worse` says of those that were compared whether they can be told from the first."""
    if not ordered:
        return None
    ties = tuple(place for place in ordered[1:] if worse.get(place) is False)
    return Star(ordered[0], ties, alone=len(ordered) > 1 and not ties)


def grid(placed: Iterable[tuple[Place, Standing]], k: str, most: int, order: Callable[[Group], Any]) -> Grid:
    """At most so many rows and columns: those with the best tests, sorted by `order`."""
    found: defaultdict[Place, list[Standing]] = defaultdict(list)
    for place, standing in placed:
        found[place].append(standing)
    cells = {place: _cell(standings, k) for place, standings in found.items()}
    rows, columns = (_shown(cells, side, k, most) for side in (0, 1))
    shown = {place: cell for place, cell in cells.items() if place[0] in rows and place[1] in columns}
    return Grid(
        rows=tuple(sorted(rows, key=order)),
        columns=tuple(sorted(columns, key=order)),
        cells=shown,
        left_out={
            "rows": len({row for row, _ in cells}) - len(rows),
            "columns": len({column for _, column in cells}) - len(columns),
            "versions": sum(cell.versions for place, cell in cells.items() if place not in shown),
        },
    )


def _cell(standings: list[Standing], k: str) -> Cell:
    return Cell(
        versions=len(standings),
        tests=sum(len(standing.scores) for standing in standings),
        mean=fmean(standing.mean(k) for standing in standings),
        best=min((standing.best(k) for standing in standings), key=lambda score: best_first(score, k)),
    )


def _shown(cells: Mapping[Place, Cell], side: int, k: str, most: int) -> frozenset[Group]:
    """The groups of one side that the best cells are in."""
    ordered = sorted(cells, key=lambda place: best_first(cells[place].best, k))
    return frozenset(list(dict.fromkeys(place[side] for place in ordered))[:most])
