"""Run a generated preprocessing module through TensorFlow Transform; started in the pipeline's environment.

python run_preprocessing.py beam|local <folder>: TFT as it is on Beam, or as the pipeline carries it out. Reads
preprocessing.py, types.json ({input: "string"|"int64"|"float32"}), rows.json ([{input: value or null}]) and
vocabularies.json (names); writes result.json: {"outputs": {name: [row, ...]}, "vocabularies": {name: [...]}}.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

Table = dict[str, list[Any]]


def main(way: str, folder: Path) -> None:
    types = _read(folder / "types.json")
    kinds = {name: tf.io.VarLenFeature(getattr(tf, kind)) for name, kind in types.items()}
    schema = schema_utils.schema_from_feature_spec(kinds)
    table = {name: [row.get(name) for row in _read(folder / "rows.json")] for name in types}
    outputs = {"beam": _on_beam, "local": _locally}[way](schema, table, folder)
    output = tft.TFTransformOutput(str(folder / "graph"))
    vocabularies = {
        name: [entry.decode() for entry in output.vocabulary_by_name(name)]
        for name in _read(folder / "vocabularies.json")
    }
    (folder / "result.json").write_text(json.dumps({"outputs": outputs, "vocabularies": vocabularies}))


def _on_beam(schema: Any, table: Table, folder: Path) -> Table:
    rows = zip(*table.values(), strict=True)
    examples = [dict(zip(table, ([] if v is None else [v] for v in row), strict=True)) for row in rows]
    metadata = dataset_metadata.DatasetMetadata(schema)
    with tempfile.TemporaryDirectory() as scratch, tft_beam.Context(scratch, use_deep_copy_optimization=True):
        analyze = tft_beam.AnalyzeAndTransformDataset(_module(folder).preprocessing_fn)
        (transformed, _), transform_fn = (examples, metadata) | analyze
        transform_fn | tft_beam.WriteTransformFn(str(folder / "graph"))
    return {name: [np.asarray(row[name]).tolist() for row in transformed] for name in transformed[0]}


def _locally(schema: Any, table: Table, folder: Path) -> Table:
    from pipeline.local_tft import LocalTransform

    lists = {name: [[] if v is None else [v] for v in column] for name, column in table.items()}
    kinds = {"string": pa.binary(), "int64": pa.int64(), "float32": pa.float32()}
    arrow = {name: pa.array(lists[name], pa.list_(kinds[kind])) for name, kind in _read(folder / "types.json").items()}
    transform = LocalTransform(schema, _module(folder).preprocessing_fn)
    rows = pa.table(arrow)
    with tempfile.TemporaryDirectory() as scratch:
        transform.fit(rows, str(folder / "graph"), scratch, lambda *_: None)
        (found,) = transform.apply(rows, str(folder / "graph"))
    widths = {name: len(found.column(name)[0]) for name in found.schema.names}
    columns = {name: found.column(name).to_pylist() for name in found.schema.names}
    dense = ("_norm", "_cyclical")
    return {
        name: rows if widths[name] > 1 or name.endswith(dense) else [row[0] for row in rows]
        for name, rows in columns.items()
    }


def _module(folder: Path) -> Any:
    """Imported by name: Beam sends functions of an unknown module by value, without the functions that they call."""
    sys.path.insert(0, str(folder))
    return importlib.import_module("preprocessing")


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
