"""A snapshot in BigQuery as a local Parquet file: the columns asked for, by the Storage Read API in Arrow."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

import duckdb
import grpc
import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

SCHEME = "bigquery://"
EMULATOR = "BIGQUERY_STORAGE_EMULATOR_HOST"  # host:port of what plays the API, without credentials
STREAMS = 4


def download(uri: str, columns: Collection[str], target: str) -> None:
    """Write row_id and `columns` of the snapshot to `target`, in the order of row_id, as a file snapshot has them."""
    project, dataset, table = uri.removeprefix(SCHEME).rsplit(".", 2)
    session = types.ReadSession(
        table=f"projects/{project}/datasets/{dataset}/tables/{table}",
        data_format=types.DataFormat.ARROW,
        read_options=types.ReadSession.TableReadOptions(selected_fields=["row_id", *sorted(columns)]),
    )
    client = _client()
    opened = client.create_read_session(parent=f"projects/{project}", read_session=session, max_stream_count=STREAMS)
    draft = f"{target}.draft"
    schema = pa.ipc.read_schema(pa.py_buffer(opened.arrow_schema.serialized_schema))
    with pq.ParquetWriter(draft, schema) as writer:
        for batch in _batches(client, [stream.name for stream in opened.streams], schema):
            writer.write_table(pa.Table.from_batches([batch]))
    _sort(draft, target)


def _batches(client: BigQueryReadClient, streams: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The client takes up a stream that broke where it broke."""
    for stream in streams:
        for answer in client.read_rows(stream):
            yield pa.ipc.read_record_batch(pa.py_buffer(answer.arrow_record_batch.serialized_record_batch), schema)


def _sort(draft: str, target: str) -> None:
    """Streams end in any order, and what is learned depends on the rows' order."""
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("SET TimeZone = 'UTC'")
        paths = [path.replace("'", "''") for path in (draft, target)]
        con.execute(f"COPY (FROM read_parquet('{paths[0]}') ORDER BY row_id) TO '{paths[1]}' (FORMAT parquet)")
    os.remove(draft)


def _client() -> BigQueryReadClient:
    host = os.environ.get(EMULATOR)
    if not host:
        return BigQueryReadClient()
    channel = grpc.insecure_channel(host, [("grpc.max_receive_message_length", -1)])  # the client's own have that, too
    return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
