"""Runs preprocessing.py over the golden rows with TensorFlow Transform and compares what comes out with the golden
tensors: ids exactly, numbers to 1e-5 of their size plus 1e-6. Ends with status 1 on any difference.

python verify.py
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
warnings.simplefilter("ignore")  # of libraries about each other
logging.disable(logging.WARNING)

HERE = Path(__file__).resolve().parent
RELATIVE, ABSOLUTE = 1e-5, 1e-6
KINDS = {"STRING": "string", "BOOLEAN": "string", "FLOAT": "float32"}  # all others are int64
INDEX_COLUMNS = ("row_id", "customer_index", "product_index")

Columns = dict[str, list[Any]]


def main() -> int:
    golden, expected = read("golden_rows.json"), read("golden_tensors.json")["outputs"]
    found = transformed(golden)
    width = max(map(len, expected), default=0)
    print(f"{'output':<{width}}  rows  different")
    wrong = 0
    for name, rows in expected.items():
        different = [n for n, row in enumerate(rows) if name not in found or not agree(found[name][n], row)]
        wrong += bool(different)
        print(f"{name:<{width}}  {len(rows):>4}  {described(different, rows, found.get(name))}")
    unexpected = sorted(found.keys() - expected.keys())
    for name in unexpected:
        print(f"{name:<{width}}  is no output that was expected")
    failed = bool(wrong or unexpected)
    print(f"{wrong + len(unexpected)} of {len(expected)} outputs differ" if failed else "all outputs agree")
    return int(failed)


def read(name: str) -> Any:
    return json.loads((HERE / name).read_text("utf-8"))


def transformed(golden: dict[str, Any]) -> Columns:
    """Every output of all golden rows, in their order, fitted on the rows that are to be analysed."""
    import apache_beam as beam
    import numpy as np
    import preprocessing
    import tensorflow as tf
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    kinds = dict.fromkeys(INDEX_COLUMNS, "int64")
    kinds |= {entry["key"]: KINDS.get(entry["type"], "int64") for entry in read("config.json")["inputs"]}
    specs = {key: tf.io.VarLenFeature(getattr(tf, kind)) for key, kind in kinds.items()}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(specs))
    examples = [example(n, row["values"]) for n, row in enumerate(golden["rows"])]
    with tempfile.TemporaryDirectory() as scratch:
        result = os.path.join(scratch, "result")
        with beam.Pipeline() as pipeline, tft_beam.Context(scratch, use_deep_copy_optimization=True):
            fit = pipeline | "fit" >> beam.Create([examples[n] for n in golden["fit"]])
            every = pipeline | "all" >> beam.Create(examples)
            transform_fn = (fit, metadata) | tft_beam.AnalyzeDataset(preprocessing.preprocessing_fn)
            outputs, _ = ((every, metadata), transform_fn) | tft_beam.TransformDataset()
            texts = outputs | beam.Map(
                lambda row: json.dumps({name: np.asarray(v).tolist() for name, v in row.items()})
            )
            texts | beam.io.WriteToText(result, shard_name_template="")
        rows = sorted(map(json.loads, Path(result).read_text("utf-8").splitlines()), key=lambda row: row["row_id"])
    return {name: [row[name] for row in rows] for name in rows[0]}


def example(number: int, values: dict[str, Any]) -> dict[str, list[Any]]:
    """A row as preprocessing_fn gets it: one value, or none where it is missing."""
    row = {**dict.fromkeys(INDEX_COLUMNS, number), **values}
    return {key: [] if value is None else [value] for key, value in row.items()}


def agree(found: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(agree, found, expected))
    if isinstance(expected, float):
        return bool(abs(found - expected) <= ABSOLUTE + RELATIVE * abs(expected))
    return bool(found == expected)


def described(different: list[int], rows: list[Any], found: list[Any] | None) -> str:
    if found is None:
        return "this output is not there"
    if not different:
        return "none"
    first = different[0]
    return f"{len(different)}; row {first} is {found[first]} and should be {rows[first]}"


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # some of TensorFlow's and Beam's threads do not survive a regular end of Python
