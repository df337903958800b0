"""A part of a table in BigQuery as a Parquet file, by the Storage Read API in Arrow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport
from sqlglot import exp

EMULATOR = "BIGQUERY_STORAGE_EMULATOR_HOST"  # host:port of what plays the API, without credentials
STREAMS = 4


@dataclass(frozen=True)
class Part:
    """`rows` is a condition in BigQuery's SQL; empty means all."""

    columns: tuple[str, ...]
    rows: str = ""


def download(table: exp.Table, part: Part, target: str) -> None:
    """Write the part to `target`, in any order."""
    options = types.ReadSession.TableReadOptions(selected_fields=part.columns, row_restriction=part.rows)
    session = types.ReadSession(
        table=f"projects/{table.catalog}/datasets/{table.db}/tables/{table.name}",
        data_format=types.DataFormat.ARROW,
        read_options=options,
    )
    client = _client()
    parent = f"projects/{table.catalog}"
    opened = client.create_read_session(parent=parent, read_session=session, max_stream_count=STREAMS)
    schema = pa.ipc.read_schema(pa.py_buffer(opened.arrow_schema.serialized_schema))
    with pq.ParquetWriter(target, schema) as writer:
        for batch in _batches(client, [stream.name for stream in opened.streams], schema):
            writer.write_table(pa.Table.from_batches([batch]))


def _batches(client: BigQueryReadClient, streams: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The client takes up a stream that broke where it broke."""
    for stream in streams:
        for answer in client.read_rows(stream):
            yield pa.ipc.read_record_batch(pa.py_buffer(answer.arrow_record_batch.serialized_record_batch), schema)


def _client() -> BigQueryReadClient:
    host = os.environ.get(EMULATOR)
    if not host:
        return BigQueryReadClient()
    channel = grpc.insecure_channel(host, [("grpc.max_receive_message_length", -1)])  # the client's own have that, too
    return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
