"""Splits of an Examples artifact: gzip TFRecords for everyone, and the same columns as one Arrow file for us."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils
from tfx_bsl.coders import example_coder

SHARDS = 2
ROWS_A_SHARD = 1_000_000  # gzip files cannot be read in parts: so many of them, so many of Beam's workers
Encoder = example_coder.RecordBatchToExamplesEncoder
GZIP = tf.io.TFRecordOptions("GZIP", compression_level=1)


def arrow_path(examples_uri: str, split: str) -> str:
    return os.path.join(examples_uri, "columnar", f"{split}.arrow")


def has_arrow(examples_uri: str, split: str) -> bool:
    return bool(tf.io.gfile.exists(arrow_path(examples_uri, split)))


def as_lists(table: pa.Table) -> pa.RecordBatch:
    """One list per row and column, as in tf.Example: a missing value is an empty list."""
    columns = [_lists(column) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, table.column_names)


def _lists(column: pa.ChunkedArray) -> pa.ListArray:
    values = column.cast(pa.binary()) if pa.types.is_string(column.type) else column
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(values.is_valid().to_numpy(), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), _one_chunk(values.drop_null()))


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    if not isinstance(combined, pa.ChunkedArray):
        return combined
    return combined.chunk(0) if combined.num_chunks else pa.array([], combined.type)


def write_split(
    artifact: Artifact, split: str, batches: Sequence[pa.RecordBatch], schema: schema_pb2.Schema | None = None
) -> None:
    """Write `batches` (list columns) as the split's Arrow file and as TFRecord shards."""
    _write_arrow(arrow_path(artifact.uri, split), batches)
    encoder = Encoder(schema) if schema else Encoder()
    folder = artifact_utils.get_split_uri([artifact], split)
    tf.io.gfile.makedirs(folder)
    shards = _shards(batches)
    paths = [os.path.join(folder, f"examples-{i:05d}-of-{len(shards):05d}.gz") for i in range(len(shards))]
    with ThreadPoolExecutor(SHARDS) as pool:
        list(pool.map(lambda path, shard: _write_records(path, shard, encoder), paths, shards))


def _shards(batches: Sequence[pa.RecordBatch]) -> list[list[pa.RecordBatch]]:
    wanted = max(SHARDS, -(-sum(batch.num_rows for batch in batches) // ROWS_A_SHARD))
    if len(batches) == 1:
        whole = batches[0]
        step = max(-(-whole.num_rows // wanted), 1)
        return [[whole.slice(start, step)] for start in range(0, max(whole.num_rows, 1), step)]
    step = -(-len(batches) // wanted)
    return [list(batches[start : start + step]) for start in range(0, len(batches), step)]


def _write_records(path: str, batches: Sequence[pa.RecordBatch], encoder: Encoder) -> None:
    with tf.io.TFRecordWriter(path, GZIP) as writer:
        for batch in batches:
            for record in encoder.encode(batch):
                writer.write(record)


def _write_arrow(path: str, batches: Sequence[pa.RecordBatch]) -> None:
    tf.io.gfile.makedirs(os.path.dirname(path))
    if _is_local(path):
        _write_local_arrow(path, batches)
        return
    with tempfile.NamedTemporaryFile(suffix=".arrow") as scratch:
        _write_local_arrow(scratch.name, batches)
        tf.io.gfile.copy(scratch.name, path, overwrite=True)


def _write_local_arrow(path: str, batches: Sequence[pa.RecordBatch]) -> None:
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _is_local(path: str) -> bool:
    return "://" not in path


def copy_split(artifact: Artifact, source: str, target: str) -> None:
    """Make `target` the same rows as `source`."""
    tf.io.gfile.copy(arrow_path(artifact.uri, source), arrow_path(artifact.uri, target), overwrite=True)
    source_folder, folder = (artifact_utils.get_split_uri([artifact], split) for split in (source, target))
    tf.io.gfile.makedirs(folder)
    for name in tf.io.gfile.listdir(source_folder):
        tf.io.gfile.copy(os.path.join(source_folder, name), os.path.join(folder, name), overwrite=True)


def describe_splits(artifact: Artifact, splits: Sequence[str]) -> None:
    """Record on the artifact which splits it has and how they are written."""
    artifact.split_names = artifact_utils.encode_split_names(list(splits))
    examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(artifact, "tfrecords_gzip")


def read_split(examples_uri: str, split: str) -> pa.Table:
    """The split's list columns."""
    path = arrow_path(examples_uri, split)
    if _is_local(path):
        return pa.ipc.open_file(pa.memory_map(path)).read_all()
    with tf.io.gfile.GFile(path, "rb") as file:
        return pa.ipc.open_file(pa.BufferReader(file.read())).read_all()
