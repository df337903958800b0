"""How many values, and how many combinations of values, the columns of a snapshot have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.adapters.table_engine import Engine, first
from towerlab.adapters.table_sql import number, quoted
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid, Problem, pointer


def combinations(engine: Engine, buckets: Mapping[str, int | None]) -> Mapping[str, Any]:
    """{'distinct': {column: n}, 'observed': n}; a column with a number of buckets counts by its quantiles."""
    columns = engine.columns
    unknown = [name for name in buckets if name not in columns]
    if unknown:
        message = f"there is no column {unknown[0]!r}"
        raise Invalid([Problem(pointer(unknown[0]), "unknown_column", message, "Choose another one.")])
    values = [_value(name, columns[name], count) for name, count in buckets.items()]
    selected = ", ".join(f"{value} AS v{n}" for n, value in enumerate(values))
    known = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in buckets)
    names = [f"v{n}" for n in range(len(values))]
    counts = ", ".join(f"count(DISTINCT {name})" for name in names)
    sql = f"""
        WITH seen AS (SELECT DISTINCT {", ".join(names)} FROM (SELECT {selected} FROM snapshot WHERE {known}))
        SELECT count(*), {counts} FROM seen"""
    observed, *distinct = first(engine, sql)
    return {"distinct": dict(zip(buckets, distinct, strict=True)), "observed": observed}


def _value(name: str, type: ColumnType, buckets: int | None) -> str:
    if buckets is None:
        return quoted(name)
    return f"least({buckets - 1}, floor({buckets} * percent_rank() OVER (ORDER BY {number(quoted(name), type)})))"
