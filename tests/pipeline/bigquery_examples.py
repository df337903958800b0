"""What ExampleGen writes, in a form that two runs of it can be compared by."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import tensorflow as tf
from pipeline import example_gen
from tfx.types import standard_artifacts
from tfx_bsl.coders import example_coder


def examples(uri: str, folder: Path, plan: str) -> dict[str, bytes]:
    """Every file that ExampleGen writes, by its path."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    example_gen.Executor().Do({}, {"examples": [artifact]}, {"snapshot_uri": uri, "split_plan": plan})
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): _content(path) for path in files}


def _content(path: Path) -> bytes:
    """Records as what they hold: two writings of one tf.Example name its features in any order."""
    if path.suffix != ".gz":
        return path.read_bytes()
    records = list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
    table = pa.Table.from_batches([example_coder.ExamplesToRecordBatchDecoder().DecodeBatch(records)])
    (batch,) = table.select(sorted(table.column_names)).to_batches()
    serialized: bytes = batch.serialize().to_pybytes()
    return serialized
