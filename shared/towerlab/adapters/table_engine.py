"""What the statistics of a snapshot are computed by: DuckDB's SQL, carried out where the snapshot is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from towerlab.domain.columns import ColumnType

Value = str | int | float
Item = TypeVar("Item")
Found = TypeVar("Found")


class OutOfRange(Exception):
    """Numbers of this size cannot be computed with."""


class Engine(Protocol):
    """One piece of work on one snapshot. Statements are in DuckDB's dialect, in the part of it that bigquery_sql.py
    renders; the snapshot is the table `snapshot`. Temporary tables, temporary views and variables are seen by this
    piece of work alone and end with it."""

    columns: Mapping[str, ColumnType]  # of the snapshot, row_id apart

    def run(self, sql: str) -> None:
        """CREATE TEMP TABLE or VIEW ... AS, or SET VARIABLE. Raises Transient."""

    def rows(self, sql: str, **values: Value) -> list[tuple[Any, ...]]:
        """A query's rows; `values` stand for its parameters, such as $limit. Raises OutOfRange and Transient."""

    def each(self, work: Callable[[Engine, Item], Found], items: Iterable[Item]) -> list[Found]:
        """What `work` finds of every item, in their order; maybe beside each other. The engine it is given sees what
        this one has, and what it makes is not seen here."""


def first(engine: Engine, sql: str, **values: Value) -> tuple[Any, ...]:
    """The first row of a query that has one."""
    return engine.rows(sql, **values)[0]
