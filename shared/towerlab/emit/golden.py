"""Golden rows of a config: real ones and awkward ones, and what preprocessing_fn must make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from towerlab.configs.features import sources
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType

REAL_ROWS = 20
MOST_REPEATS = 50  # of the rows that are to be frequent; a higher threshold leaves every vocabulary empty
INDEX_COLUMNS = ("row_id", "customer_index", "product_index")

_NUMBERS = (ColumnType.INTEGER, ColumnType.FLOAT)
_TIMES = (ColumnType.TIMESTAMP, ColumnType.DATE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN = {
    ColumnType.STRING: "a value that no row has",
    ColumnType.BOOLEAN: "neither",
    ColumnType.INTEGER: 2**40 + 1,
    ColumnType.FLOAT: 1.0e30,
    ColumnType.TIMESTAMP: 7_258_204_799,  # the last second of 2200-01-01
    ColumnType.DATE: 7_258_118_400,
}
_AWKWARD = {
    ColumnType.STRING: "a line\nbreak, a 'quote', a \"quote\" and a 🛒",
    ColumnType.BOOLEAN: "",
    ColumnType.INTEGER: -(2**40) - 1,
    ColumnType.FLOAT: -1.0e30,
    ColumnType.TIMESTAMP: -2_208_988_800,  # the first second of 1900
    ColumnType.DATE: -2_208_988_800,
}


@dataclass(frozen=True)
class Golden:
    """`rows` and `tensors` as they stand in golden_rows.json and golden_tensors.json."""

    rows: Mapping[str, Any]
    tensors: Mapping[str, Any]


def golden(resolved: ResolvedConfig, table: Sequence[Mapping[str, Any]]) -> Golden:
    """Of rows as the warehouse shows them. Half of the real rows are analysed so often that their values are frequent;
    the row of missing values is analysed too; unknown and awkward values meet the analysis for the first time."""
    from towerlab.configs import reference  # numpy is loaded for bundles alone

    chosen = [_carried_row(resolved, row) for row in _spread(resolved, table)]
    edges = [_everywhere(resolved, values) for values in ({}, _UNKNOWN, _AWKWARD)]
    rows = [*chosen, *edges]
    fit = [*_repeated(len(chosen), _repeats(resolved)), len(chosen)]
    names = ["a row of the dataset"] * len(chosen) + ["missing values", "unknown values", "awkward values"]
    fitted = reference.fit(resolved, _columns(resolved, [rows[place] for place in fit]))
    outputs = reference.outputs(resolved, fitted, _columns(resolved, rows))
    numbers = {name: list(range(len(rows))) for name in INDEX_COLUMNS}
    return Golden(
        {"schema": 1, "rows": [{"what": n, "values": v} for n, v in zip(names, rows, strict=True)], "fit": fit},
        {"schema": 1, "outputs": numbers | {name: values.tolist() for name, values in sorted(outputs.items())}},
    )


def _spread(resolved: ResolvedConfig, table: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Some of the rows, evenly from the first to the last: neighbours are often of one customer. Rows with a time that
    no calendar of Python's has are left out."""
    readable = [row for row in table if _is_readable(resolved, row)]
    step = max(len(readable) // REAL_ROWS, 1)
    return readable[::step][:REAL_ROWS]


def _is_readable(resolved: ResolvedConfig, row: Mapping[str, Any]) -> bool:
    times = [row.get(column) for column, type in resolved.columns.items() if type in _TIMES]
    return all(value is None or _READABLE.match(value) for value in times)


_READABLE = re.compile(r"(?!0000)\d{4}-")


def _carried_row(resolved: ResolvedConfig, row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _carried(row.get(column), type) for key, column, type in _inputs(resolved)}


def _everywhere(resolved: ResolvedConfig, values: Mapping[ColumnType, Any]) -> dict[str, Any]:
    return {key: values.get(type) for key, _, type in _inputs(resolved)}


def _inputs(resolved: ResolvedConfig) -> Iterator[tuple[str, str, ColumnType]]:
    """(key, column, type) of everything that preprocessing_fn reads, the numbers of rows apart."""
    for (_, column), source in sources(resolved).items():
        yield source.key, column, resolved.columns[column]


def _carried(value: Any, type: ColumnType) -> Any:
    """A value as it travels in an example: booleans are text, times are epoch seconds."""
    if value is None:
        return None
    if type in _TIMES:
        moment = datetime.fromisoformat(value)
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // _SECOND
    if type is ColumnType.BOOLEAN:
        return str(value).lower()
    if type is ColumnType.FLOAT:
        return float(value)
    return value if type is ColumnType.INTEGER else str(value)


_SECOND = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) - _EPOCH


def _repeats(resolved: ResolvedConfig) -> int:
    """How often a row must be there for its values to be in every vocabulary."""
    steps = [step for tower in resolved.towers for feature in tower.features for step in feature.producing]
    thresholds = [getattr(step.params, "min_frequency", 1) for step in steps]
    return min(max(thresholds, default=1), MOST_REPEATS)


def _repeated(rows: int, times: int) -> list[int]:
    """Every second row `times` times, the others once."""
    return [place for place in range(rows) for _ in range(times if place % 2 == 0 else 1)]


def _columns(resolved: ResolvedConfig, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Any]]:
    return {key: [row[key] for row in rows] for key, _, _ in _inputs(resolved)}
