"""Tables in the BigQuery stand-in, from Parquet files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

TYPES: Mapping[str, str] = {
    "VARCHAR": "STRING",
    "INTEGER": "INT64",
    "BIGINT": "INT64",
    "DOUBLE": "FLOAT64",
    "BOOLEAN": "BOOL",
    "DATE": "DATE",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}


def client(url: str, project: str) -> bigquery.Client:
    """A client of the stand-in at that base URL."""
    return bigquery.Client(project, AnonymousCredentials(), client_options=ClientOptions(api_endpoint=url))


def make_datasets(url: str, project: str, datasets: Sequence[str]) -> None:
    for dataset in datasets:
        client(url, project).create_dataset(dataset, exists_ok=True)


def load(url: str, project: str, table: str, parquet: Path) -> None:
    """Let `table` (dataset.table) be the file's rows. The schema is said: the stand-in cannot find it out."""
    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.PARQUET,
        schema=_schema(parquet),
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
    )
    with parquet.open("rb") as file:
        client(url, project).load_table_from_file(file, f"{project}.{table}", job_config=config).result(timeout=120)


def _schema(parquet: Path) -> list[bigquery.SchemaField]:
    described = duckdb.connect().execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(parquet)]).fetchall()
    return [bigquery.SchemaField(name, TYPES[native]) for name, native, *_ in described]
