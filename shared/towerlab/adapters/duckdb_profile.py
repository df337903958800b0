"""A snapshot's statistics, column by column, so that memory holds one column's distinct values at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from towerlab.adapters.duckdb_types import number, quoted, shown
from towerlab.domain.columns import ColumnProfile, ColumnType

EXACT_UP_TO_ROWS = 10_000_000
TOP_VALUES = 20
SAMPLES = 5
SAMPLED_ROWS = 10_000
BINS = 20
LONGEST_TEXT = 200
_NUMERIC = frozenset({ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIMESTAMP, ColumnType.DATE})


class Profiler:
    """Profiles the columns of one snapshot; above `exact_up_to` rows unique counts are HyperLogLog's."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, exact_up_to: int = EXACT_UP_TO_ROWS) -> None:
        self._connection, self._path = connection, str(path)
        self._rows = int(self._first("SELECT count(*) FROM read_parquet(?)")[0])
        self._exact = self._rows <= exact_up_to

    def profile(self, name: str, type: ColumnType) -> ColumnProfile:
        x = quoted(name)
        unique = f"count(DISTINCT {x})" if self._exact else f"approx_count_distinct({x})"
        known, unique_count, low, high = self._first(
            f"SELECT count({x}), {unique}, min({_extreme(x, type)}), max({_extreme(x, type)}) FROM read_parquet(?)"
        )
        return ColumnProfile(
            name=name,
            type=type,
            unique_count=unique_count,
            exact=self._exact,
            nulls=self._rows - known,
            min=_short(low),
            max=_short(high),
            **self._moments(x, type),
            sample_values=self._samples(x, type),
            top_values=self._top(x, type),
            histogram=self._histogram(x, type, low, high, known),
        )

    def _moments(self, x: str, type: ColumnType) -> Mapping[str, Any]:
        """None for what the numbers are too large to compute."""
        if type not in _NUMERIC:
            return {}
        value = f"({number(x, type)})::DOUBLE"
        functions = {"mean": "avg", "median": "median", "std": "stddev_samp", "skewness": "skewness"}
        return {name: self._moment(f"{function}({value})") for name, function in functions.items()}

    def _moment(self, expression: str) -> float | None:
        try:
            found = self._first(f"SELECT {expression} FROM read_parquet(?)")[0]
        except duckdb.OutOfRangeException:
            return None
        return found if found is not None and math.isfinite(found) else None

    def _samples(self, x: str, type: ColumnType) -> tuple[str, ...]:
        rows = self._all(
            f"""SELECT {shown("v", type)}::VARCHAR
                FROM (SELECT {x} AS v, min(row_id) AS first FROM read_parquet(?)
                      WHERE row_id < {SAMPLED_ROWS} AND {x} IS NOT NULL GROUP BY 1)
                ORDER BY first LIMIT {SAMPLES}"""
        )
        return tuple(str(_short(value)) for (value,) in rows)

    def _top(self, x: str, type: ColumnType) -> tuple[dict[str, Any], ...]:
        rows = self._all(
            f"""SELECT {shown("v", type)}, n
                FROM (SELECT {x} AS v, count(*) AS n FROM read_parquet(?) WHERE {x} IS NOT NULL GROUP BY 1)
                ORDER BY n DESC, v LIMIT {TOP_VALUES}"""
        )
        return tuple({"value": _short(value), "count": count} for value, count in rows)

    def _histogram(self, x: str, type: ColumnType, low: Any, high: Any, known: int) -> tuple[dict[str, Any], ...]:
        """Bins of equal width; the last one includes its upper edge."""
        if type not in _NUMERIC or low is None or not math.isfinite(float(high) - float(low)):
            return ()
        width = (float(high) - float(low)) / BINS
        if width == 0:
            return ({"low": float(low), "high": float(high), "count": known},)
        place = f"least(greatest(floor((({number(x, type)})::DOUBLE - ?) / ?), 0), {BINS - 1})"
        sql = f"SELECT ({place})::INTEGER, count(*) FROM read_parquet(?) WHERE {x} IS NOT NULL GROUP BY 1"
        counts = dict(self._connection.execute(sql, [float(low), width, self._path]).fetchall())
        edges = [*(float(low) + place * width for place in range(BINS)), float(high)]
        return tuple(
            {"low": lower, "high": upper, "count": counts.get(bin, 0)}
            for bin, (lower, upper) in enumerate(pairwise(edges))
        )

    def _first(self, sql: str) -> tuple[Any, ...]:
        return self._all(sql)[0]

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(sql, [self._path]).fetchall())


def _extreme(x: str, type: ColumnType) -> str:
    return f"({x})::VARCHAR" if type is ColumnType.BOOLEAN else number(x, type)


def _short(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
