"""Rows of a snapshot: the first ones to look at, and how many of all can be trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towerlab.adapters.table_engine import Engine
from towerlab.adapters.table_sql import quoted, shown
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid, Problem, pointer

MOST_LABELS = 200_000
REASONS = ("no_customer", "no_product", "not_bought")


def first_rows(engine: Engine, limit: int) -> Sequence[Mapping[str, Any]]:
    """Each row by column, values as JSON scalars."""
    selected = ", ".join(shown(quoted(name), type) for name, type in engine.columns.items())
    sql = f"SELECT {selected} FROM snapshot WHERE row_id < $limit ORDER BY row_id"
    return [dict(zip(engine.columns, row, strict=True)) for row in engine.rows(sql, limit=limit)]


def labels(engine: Engine, product: str, label: str) -> Mapping[str, str]:
    """The most frequent label of each product."""
    unknown = [_unknown_column(name) for name in (product, label) if name not in engine.columns]
    if unknown:
        raise Invalid(unknown)
    sql = f"""
        SELECT product, first(label ORDER BY n DESC, label)
        FROM (SELECT {quoted(product)}::VARCHAR AS product, {quoted(label)}::VARCHAR AS label, count(*) AS n
              FROM snapshot GROUP BY ALL)
        WHERE product IS NOT NULL AND label IS NOT NULL
        GROUP BY product ORDER BY sum(n) DESC, product LIMIT {MOST_LABELS}"""
    return dict(engine.rows(sql))


def training_rows(engine: Engine, roles: Mapping[str, str]) -> Mapping[str, int]:
    """Rows by their first reason to be left out, 'qualify' for the rest; a role that no column has excludes nothing."""
    sql = f"SELECT {training_verdict(engine.columns, roles)}, count(*) FROM snapshot GROUP BY 1"
    counts = dict(engine.rows(sql))
    return {"total": sum(counts.values()), **{name: counts.get(name, 0) for name in ("qualify", *REASONS)}}


def training_verdict(columns: Mapping[str, ColumnType], roles: Mapping[str, str]) -> str:
    """SQL for a row's first reason to be left out, 'qualify' when there is none. Raises Invalid for roles that do not
    fit the columns."""
    _check(columns, roles)
    conditions = {
        "no_customer": _unknown(roles.get("customer_id")),
        "no_product": _unknown(roles.get("product_id")),
        "not_bought": _not_bought(roles.get("quantity")),
    }
    cases = " ".join(f"WHEN {conditions[reason]} THEN '{reason}'" for reason in REASONS)
    return f"CASE {cases} ELSE 'qualify' END"


def _unknown(column: str | None) -> str:
    return "false" if column is None else f"coalesce({quoted(column)}::VARCHAR, '') = ''"


def _not_bought(column: str | None) -> str:
    return "false" if column is None else f"NOT coalesce({quoted(column)} > 0, false)"


def _check(columns: Mapping[str, ColumnType], roles: Mapping[str, str]) -> None:
    faults = [_unknown_column(column) for column in roles.values() if column not in columns]
    quantity = roles.get("quantity", "")
    if columns.get(quantity, ColumnType.INTEGER) not in (ColumnType.INTEGER, ColumnType.FLOAT):
        faults.append(Problem(pointer(quantity), "type", "a quantity must be a number", "Choose another column."))
    if faults:
        raise Invalid(faults)


def _unknown_column(column: str) -> Problem:
    return Problem(pointer(column), "unknown_column", f"there is no column {column!r}", "Choose another one.")
