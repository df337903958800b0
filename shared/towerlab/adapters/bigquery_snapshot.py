"""A BigQuery table as an immutable snapshot: six types, a stable row_id, named by what was read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from google.api_core import exceptions as api
from google.cloud import bigquery
from sqlglot import exp

from towerlab.adapters.bigquery_queries import Queries
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid, NotFound, Problem
from towerlab.ports.errors import Transient
from towerlab.ports.warehouse import SnapshotTable

READING = "bigquery-snapshot-1"  # part of the id: changes when the same table is read otherwise
SCHEME = "bigquery://"
MAX_COLUMNS = 2_000
ROW_ID = "row_id"
COPIED = frozenset({"TABLE", "SNAPSHOT", "CLONE"})
_NAMED = re.compile(r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]+\.\w+\.[^.`\\/\s]+")
_SNAPSHOT_ID = re.compile(r"[0-9a-f]{64}")

_TYPES = {
    "INTEGER": ColumnType.INTEGER, "INT64": ColumnType.INTEGER,
    "FLOAT": ColumnType.FLOAT, "FLOAT64": ColumnType.FLOAT,
    "NUMERIC": ColumnType.FLOAT, "BIGNUMERIC": ColumnType.FLOAT,
    "BOOLEAN": ColumnType.BOOLEAN, "BOOL": ColumnType.BOOLEAN,
    "TIMESTAMP": ColumnType.TIMESTAMP, "DATETIME": ColumnType.TIMESTAMP, "DATE": ColumnType.DATE,
}  # fmt: skip
_AS_JSON = frozenset({"RECORD", "STRUCT", "JSON"})


def source(queries: Queries, uri: str) -> bigquery.Table:
    """What `uri` names, which can be copied. Raises Invalid and Transient."""
    name = uri.removeprefix(SCHEME)
    if not _NAMED.fullmatch(name):
        raise invalid("not_a_table", "this names no BigQuery table", "Write it as project.dataset.table.")
    try:
        table = queries.table(name)
    except api.NotFound as error:
        remedy = "Look for its project, dataset and table in the BigQuery console."
        raise invalid("not_found", f"there is no table {name}", remedy) from error
    except api.Forbidden as error:
        remedy = "Give this installation's service account the role BigQuery Data Viewer on it."
        raise invalid("no_permission", f"this installation may not read {name}", remedy) from error
    _check(table)
    return table


def snapshot(queries: Queries, uri: str, dataset: tuple[str, str], time_zone: str) -> SnapshotTable:
    """Copy the table to `<dataset>.<id>` unless it is there."""
    table = source(queries, uri)
    id = _digest(table, time_zone)
    target = exp.table_(id, dataset[1], dataset[0], quoted=True)
    try:
        return describe(queries, target)
    except NotFound:
        _copy(queries, table, target, time_zone)
    if _digest(queries.table(_name(table)), time_zone) != id:
        queries.drop(name_of(target))
        raise Transient("the table was changed while it was read")
    return describe(queries, target)


def place(snapshot_uri: str, dataset: tuple[str, str]) -> exp.Table:
    """Where that snapshot is. Raises NotFound for what is no snapshot's URI."""
    folder = f"{SCHEME}{dataset[0]}.{dataset[1]}."
    id = snapshot_uri.removeprefix(folder)
    if not snapshot_uri.startswith(folder) or not _SNAPSHOT_ID.fullmatch(id):
        raise NotFound("snapshot", snapshot_uri)
    return exp.table_(id, dataset[1], dataset[0], quoted=True)


def describe(queries: Queries, target: exp.Table) -> SnapshotTable:
    """The snapshot that lies there. Raises NotFound."""
    uri = SCHEME + name_of(target)
    try:
        table = queries.table(name_of(target))
    except api.NotFound as error:
        raise NotFound("snapshot", uri) from error
    columns = {field.name: column_type(field) for field in table.schema if field.name != ROW_ID}
    return SnapshotTable(target.name, uri, int(table.num_rows or 0), columns)


def column_type(field: bigquery.SchemaField) -> ColumnType:
    if field.mode == "REPEATED":
        return ColumnType.STRING
    return _TYPES.get(field.field_type, ColumnType.STRING)


def cast_expression(field: bigquery.SchemaField, time_zone: str) -> str:
    """BigQuery's SQL for the column's values in the snapshot: what is not finite becomes null, nested values text."""
    x = exp.to_identifier(field.name, quoted=True).sql("bigquery")
    if field.mode == "REPEATED":
        return f"TO_JSON_STRING({x})"
    if field.field_type in _AS_JSON:
        return f"CASE WHEN {x} IS NOT NULL THEN TO_JSON_STRING({x}) END"
    if column_type(field) is ColumnType.FLOAT:
        number = f"CAST({x} AS FLOAT64)"
        return f"CASE WHEN NOT IS_INF({number}) AND NOT IS_NAN({number}) THEN {number} END"
    casts: Mapping[str, str] = {
        "TIMESTAMP": f"DATETIME({x}, {exp.Literal.string(time_zone).sql('bigquery')})",
        "BYTES": f"SAFE_CONVERT_BYTES_TO_STRING({x})",
        "GEOGRAPHY": f"ST_ASTEXT({x})",
    }
    as_text = f"CAST({x} AS STRING)" if field.field_type not in _TYPES else x
    return casts.get(field.field_type, as_text)


def name_of(table: exp.Table) -> str:
    return f"{table.catalog}.{table.db}.{table.name}"


def invalid(code: str, message: str, remedy: str) -> Invalid:
    return Invalid([Problem("/source/uri", code, message, remedy)])


def _copy(queries: Queries, table: bigquery.Table, target: exp.Table, time_zone: str) -> None:
    quoted = {field.name: exp.to_identifier(field.name, quoted=True).sql("bigquery") for field in table.schema}
    selected = ", ".join(f"{cast_expression(field, time_zone)} AS {quoted[field.name]}" for field in table.schema)
    read = exp.table_(table.table_id, table.dataset_id, table.project, quoted=True)
    query = f"SELECT ROW_NUMBER() OVER () - 1 AS {ROW_ID}, {selected} FROM {read.sql('bigquery')}"
    try:
        queries.rows(f"CREATE TABLE IF NOT EXISTS {target.sql('bigquery')} AS {query}")
    except api.NotFound as error:
        message = f"{_name(table)} is in {table.location}, and cannot be copied from there: {error.message}"
        raise invalid("other_region", message, "Copy it to a dataset in this installation's region.") from error
    except api.Forbidden as error:
        remedy = "The service account needs BigQuery Data Viewer on the table, and Data Editor on the snapshots."
        raise invalid("no_permission", f"this installation may not copy {_name(table)}", remedy) from error


def _check(table: bigquery.Table) -> None:
    if table.table_type not in COPIED:
        kind = str(table.table_type).lower().replace("_", " ")
        remedy = "Save its rows as a table (CREATE TABLE ... AS SELECT), which can be told from what it is later."
        raise invalid("not_a_table", f"this is a {kind}", remedy)
    if table.require_partition_filter:
        message = "this table answers only queries that name a partition"
        raise invalid("needs_partition", message, "Register a copy, or turn require_partition_filter off.")
    _check_columns(table.schema)
    if not table.num_rows:
        raise invalid("empty", "this table has no rows", "Choose a table that has some.")


def _check_columns(fields: Sequence[bigquery.SchemaField]) -> None:
    if not fields:
        raise invalid("no_columns", "this table has no columns", "Choose a table that has some.")
    if len(fields) > MAX_COLUMNS:
        message = f"{len(fields):,} columns; at most {MAX_COLUMNS:,} are taken"
        raise invalid("too_many_columns", message, "Leave some out.")
    for field in fields:
        if field.name.lower() == ROW_ID:
            raise invalid("reserved_name", f"a column is called {field.name}, a name that is used here", "Rename it.")


def _digest(table: bigquery.Table, time_zone: str) -> str:
    """A table's content is told by when it was last changed."""
    changed = table.modified.isoformat() if table.modified else ""
    parts = (READING, _name(table), changed, str(table.num_rows), time_zone)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _name(table: bigquery.Table) -> str:
    return f"{table.project}.{table.dataset_id}.{table.table_id}"
