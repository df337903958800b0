"""The statistics' engine on a snapshot that is a BigQuery table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from sqlglot import exp

from towerlab.adapters.bigquery_queries import Queries
from towerlab.adapters.bigquery_snapshot import name_of
from towerlab.adapters.bigquery_sql import parsed, rendered
from towerlab.adapters.table_engine import Engine, Found, Item, Value
from towerlab.domain.columns import ColumnType

EXPIRES = "OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 6 HOUR))"
AT_ONCE = 8  # queries


def scratch_dataset(dataset: str) -> str:
    """The dataset beside `dataset` that holds temporary tables: who computes may not write where snapshots are."""
    return f"{dataset}_scratch"


class BigQueryEngine:
    """Temporary tables are tables of the scratch dataset under names that nobody else has; they are dropped at the end
    of the block, and expire where that does not happen. Views and variables are put into the queries that name
    them."""

    def __init__(self, queries: Queries, snapshot: exp.Table, columns: Mapping[str, ColumnType]) -> None:
        self.columns = columns
        self._queries, self._snapshot = queries, snapshot
        self._places: dict[str, exp.Table] = {}
        self._views: dict[str, exp.Expr] = {}
        self._variables: dict[str, Any] = {}
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, type: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._queries.drop, self._made))

    def run(self, sql: str) -> None:
        statement = parsed(sql)
        if isinstance(statement, exp.Set):
            assigned = statement.expressions[0].this
            self._variables[assigned.this.name] = self._valued(assigned.expression)
            return
        assert isinstance(statement, exp.Create)
        query = self._placed(statement.expression)
        if statement.kind == "VIEW":
            self._views[statement.this.name] = query
        else:
            self._make(statement.this.name, query)

    def rows(self, sql: str, **values: Value) -> list[tuple[Any, ...]]:
        return self._carried_out(parsed(sql), values)

    def place(self, name: str) -> exp.Table:
        """The table that the temporary table is."""
        return self._places[name]

    def each(self, work: Callable[[Engine, Item], Found], items: Iterable[Item]) -> list[Found]:
        """Beside each other: a query is short, and mostly waiting."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda item: work(self._branch(), item), items))

    def _branch(self) -> BigQueryEngine:
        """An engine that goes on from here; its tables are dropped with this one's."""
        branch = copy(self)
        branch._places, branch._views, branch._variables = dict(self._places), dict(self._views), dict(self._variables)
        return branch

    def _make(self, name: str, query: exp.Expr) -> None:
        """Under a new name each time: BigQuery lets one table be replaced a few times in ten seconds only."""
        dataset = scratch_dataset(self._snapshot.db)
        place = exp.table_(f"{name}_{uuid4().hex}", dataset, self._snapshot.catalog, quoted=True)
        self._made.append(name_of(place))
        self._queries.rows(f"CREATE TABLE {place.sql('bigquery')} {EXPIRES} AS\n{self._text(query)}")
        self._places[name] = place

    def _valued(self, expression: exp.Expr) -> Any:
        """A literal needs no query."""
        if isinstance(expression, exp.Literal):
            return expression.to_py()
        ((value,),) = self._carried_out(exp.select(expression))
        return value

    def _carried_out(self, query: exp.Expr, values: Mapping[str, Value] | None = None) -> list[tuple[Any, ...]]:
        return self._queries.rows(self._text(self._placed(query)), values)

    def _text(self, query: exp.Expr) -> str:
        return rendered(query, self.columns, self._variables)

    def _placed(self, query: exp.Expr) -> exp.Expr:
        """`query` with what each name stands for."""
        named = {cte.alias for cte in query.find_all(exp.CTE)}
        for table in list(query.find_all(exp.Table)):
            if table.name not in named:
                table.replace(self._stands_for(table))
        return query

    def _stands_for(self, table: exp.Table) -> exp.Expr:
        if table.name in self._views:
            return exp.Subquery(this=self._views[table.name].copy(), alias=_alias(table.alias_or_name))
        if table.name == "snapshot":  # which has any column: an alias that is not asked for might hide one
            return exp.alias_(self._snapshot.copy(), table.alias, table=True) if table.alias else self._snapshot.copy()
        return exp.alias_(self._places[table.name].copy(), table.alias_or_name, table=True)


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name))
