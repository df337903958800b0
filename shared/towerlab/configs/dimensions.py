"""Width and parameters of a tower, output by output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.configs.features import sources
from towerlab.configs.lists import Side
from towerlab.configs.outputs import FromFeature, outputs_of
from towerlab.configs.resolved import ResolvedConfig, Tower
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.outputs import Dense, Output, tower_width


def total(tower: Tower) -> int:
    """Width of the tower's input."""
    return tower_width(entry.output for entry in outputs_of(tower, _alone(tower)))


def breakdown(tower: Tower, profiles: Mapping[str, ColumnProfile] | None = None) -> list[dict[str, Any]]:
    """One entry per output: {name, dim, column, parameters}. `column` is None for a cross. `parameters` are those
    of the embedding table, at most: fewer values than the vocabulary may hold are known from `profiles`."""
    known = profiles or {}
    return [
        {
            "name": entry.shown,
            "dim": entry.output.width,
            "column": entry.feature.column if isinstance(entry, FromFeature) else None,
            "parameters": _parameters(
                entry.output, known.get(entry.feature.column) if isinstance(entry, FromFeature) else None
            ),
        }
        for entry in outputs_of(tower, _alone(tower))
    ]


def _parameters(output: Output, profile: ColumnProfile | None) -> int:
    if isinstance(output, Dense):
        return 0
    size = output.size if output.size is not None else output.max_size or 0
    if output.size is None and profile is not None:
        size = min(size, profile.unique_count)
    return (size + output.oov) * output.embedding_dim


def _alone(tower: Tower) -> Mapping[tuple[Side, str], Any]:
    other: Side = "candidate" if tower.side == "query" else "query"
    empty = Tower(other)
    both = (tower, empty) if tower.side == "query" else (empty, tower)
    return sources(ResolvedConfig(*both))
