"""Tables for BigQuery, given as DuckDB SELECTs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

_TYPES = {
    "TINYINT": "INT64", "SMALLINT": "INT64", "INTEGER": "INT64", "BIGINT": "INT64", "UBIGINT": "INT64",
    "HUGEINT": "INT64", "FLOAT": "FLOAT64", "DOUBLE": "FLOAT64", "BOOLEAN": "BOOL", "DATE": "DATE",
    "TIMESTAMP": "DATETIME", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "BLOB": "BYTES",
}  # fmt: skip


def client(url: str, project: str) -> bigquery.Client:
    """A client of the stand-in at that base URL."""
    return bigquery.Client(project, AnonymousCredentials(), client_options=ClientOptions(api_endpoint=url))


def make_datasets(url: str, project: str, datasets: Sequence[str]) -> None:
    for dataset in datasets:
        client(url, project).create_dataset(dataset, exists_ok=True)


def load_file(url: str, project: str, table: str, parquet: Path) -> None:
    """Make `table` (dataset.table) of the file's rows unless it is there."""
    path = str(parquet).replace("'", "''")
    load(client(url, project), f"{project}.{table}", f"SELECT * FROM read_parquet('{path}')")


def load(client: bigquery.Client, name: str, select: str) -> None:
    """Make the table `name` unless it is there."""
    try:
        client.get_table(name)
        return
    except NotFound:
        connection = duckdb.connect()
    natives = [(column, type) for column, type, *_ in connection.execute(f"DESCRIBE {select}").fetchall()]
    schema = [bigquery.SchemaField(column, _type(native)) for column, native in natives]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        connection.execute(f"COPY (SELECT {_casts(natives)} FROM ({select})) TO '{path}' (FORMAT parquet)")
        config = bigquery.LoadJobConfig(source_format=bigquery.SourceFormat.PARQUET, schema=schema)
        with path.open("rb") as file:
            client.load_table_from_file(file, name, job_config=config).result()


def _type(native: str) -> str:
    return "FLOAT64" if native.startswith("DECIMAL") else _TYPES.get(native, "STRING")


def _casts(natives: list[tuple[str, str]]) -> str:
    """Integers as wide as BigQuery's."""
    quoted = [('"' + name.replace('"', '""') + '"', _type(native)) for name, native in natives]
    casts = {"INT64": "::BIGINT", "FLOAT64": "::DOUBLE"}
    return ", ".join(f"{name}{casts.get(type, '')} AS {name}" for name, type in quoted)
