"""Trains this config on a Parquet file, as a quick test does, and prints recall@k.

DuckDB makes the splits (sample_query.sql), TensorFlow Transform analyses the training period on Beam
(preprocessing.py), the towers are trained and every product is ranked for every evaluation row (trainer.py).

python train.py data.parquet --epochs 3 --batch-size 2048
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
warnings.simplefilter("ignore")  # of libraries about each other
logging.disable(logging.WARNING)

HERE = Path(__file__).resolve().parent
CONFIG = json.loads((HERE / "config.json").read_text("utf-8"))
SETTINGS = CONFIG["trainer_settings"]
ROLE_OPTIONS = {"customer_id": "customer", "product_id": "product", "transaction_date": "date", "quantity": "quantity"}
KINDS = {"STRING": "string", "BOOLEAN": "string", "FLOAT": "float32"}  # all others are int64
INDEX_COLUMNS = ("row_id", "customer_index", "product_index")
SPLITS = ("fit", "train", "eval", "catalogue")
BATCH_ROWS = 50_000
KS = (10, 50, 100)


def main(options: argparse.Namespace) -> None:
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {what}", flush=True)

    splits = made_splits(options)
    say(", ".join(f"{name} {len(splits[name]):,} rows" for name in SPLITS))
    if not len(splits["train"]) or not len(splits["eval"]):
        raise SystemExit("there are no rows to train on, or none to judge by: use a larger sample")
    transform_graph = str(options.output / "transform")
    analyse(splits["fit"], transform_graph)
    say("the training period is analysed")
    transformed = {name: transform(splits[name], transform_graph) for name in SPLITS[1:]}
    say("the splits are transformed; training")
    train(options, transform_graph, transformed)
    say(f"trained; ranks, report and towers lie in {options.output}")
    for k, recall in recalls(options.output / "run" / "ranks.parquet").items():
        print(f"recall@{k:<3} {recall:.4f}")


# -------------------------------------------------------------------------------------------------------------- splits


def made_splits(options: argparse.Namespace) -> dict[str, Any]:
    """The splits as Arrow tables; the catalogue's ids go to examples/protocol/products.parquet."""
    import duckdb

    con = duckdb.connect()
    con.execute(snapshot_view(con, options))
    con.execute(f"SET VARIABLE sample_percent = {options.sample_percent:d}")
    statements = con.extract_statements((HERE / "sample_query.sql").read_text("utf-8"))
    for statement in statements[: -len(SPLITS)]:
        con.execute(statement)
    products = options.output / "examples" / "protocol" / "products.parquet"
    products.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"COPY (SELECT * FROM products ORDER BY product_index) TO {text(str(products))} (FORMAT parquet)")
    return {
        name: con.sql(statement.query).to_arrow_table()
        for name, statement in zip(SPLITS, statements[-len(SPLITS) :], strict=True)
    }


def snapshot_view(con: Any, options: argparse.Namespace) -> str:
    """SQL of the view `snapshot`: the file's columns, under the names that the config has for them, and a row_id."""
    file = f"read_parquet({text(str(options.data))}"
    there = [name for name, *_ in con.execute(f"DESCRIBE SELECT * FROM {file})").fetchall()]
    columns = {name: name for name in there}
    for role, option in ROLE_OPTIONS.items():
        given = getattr(options, option)
        if given is not None:
            columns[CONFIG["roles"][role]] = given
    wanted = [*CONFIG["roles"].values(), *(entry["column"] for entry in CONFIG["inputs"])]
    missing = sorted({columns.get(name, name) for name in wanted} - set(there))
    if missing:
        raise SystemExit(f"{options.data} has no column {', '.join(map(repr, missing))}; it has {', '.join(there)}")
    picked = [f"{quoted(columns[name])} AS {quoted(name)}" for name in dict.fromkeys(wanted)]
    has_row_id = "row_id" in there
    row_id = "row_id" if has_row_id else "file_row_number AS row_id"
    source = f"{file})" if has_row_id else f"{file}, file_row_number = true)"
    return f"CREATE TEMP VIEW snapshot AS SELECT {row_id}, {', '.join(picked)} FROM {source}"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# ----------------------------------------------------------------------------------------------------------- transform


def raw_specs() -> dict[str, Any]:
    """What preprocessing_fn is given: one value a row, or none where it is missing."""
    import tensorflow as tf

    kinds = dict.fromkeys(INDEX_COLUMNS, "int64")
    kinds |= {entry["key"]: KINDS.get(entry["type"], "int64") for entry in CONFIG["inputs"]}
    return {key: tf.io.VarLenFeature(getattr(tf, kind)) for key, kind in kinds.items()}


def analyse(table: Any, transform_graph: str) -> None:
    """Fit preprocessing_fn on the table with Beam in this process, and write the transform graph."""
    import apache_beam as beam
    import preprocessing
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils
    from tfx_bsl.tfxio import tf_example_record

    schema = schema_utils.schema_from_feature_spec(raw_specs())
    source = tf_example_record.TFExampleRecord("none", schema=schema, telemetry_descriptors=["train"])
    batches = list(as_lists(table, source.ArrowSchema()))
    with beam.Pipeline() as pipeline, tft_beam.Context(f"{transform_graph}.scratch", use_deep_copy_optimization=True):
        rows = pipeline | beam.Create(batches, reshuffle=False)
        fitted = (rows, source.TensorAdapterConfig()) | tft_beam.AnalyzeDataset(preprocessing.preprocessing_fn)
        fitted | tft_beam.WriteTransformFn(transform_graph)
    raw = os.path.join(transform_graph, tft.TFTransformOutput.RAW_METADATA_DIR)
    metadata_io.write_metadata(dataset_metadata.DatasetMetadata(schema), raw)


def as_lists(table: Any, schema: Any) -> Iterator[Any]:
    """Record batches with one list per row and column: a missing value is an empty list."""
    import numpy as np
    import pyarrow as pa

    for start in range(0, len(table), BATCH_ROWS):
        part = table.slice(start, BATCH_ROWS)
        columns = []
        for field in schema:
            values = part.column(field.name).combine_chunks()
            offsets = np.zeros(len(values) + 1, np.int64)
            np.cumsum(values.is_valid().to_numpy(zero_copy_only=False), out=offsets[1:])
            there = single(values.drop_null()).cast(field.type.value_type)
            columns.append(pa.LargeListArray.from_arrays(pa.array(offsets), there))
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def transform(table: Any, transform_graph: str) -> Any:
    """The table's outputs, as a record batch of lists."""
    import pyarrow as pa
    import tensorflow as tf
    import tensorflow_transform as tft

    graph = tf.saved_model.load(tft.TFTransformOutput(transform_graph).transform_savedmodel_dir)
    parts = []
    for start in range(0, len(table), BATCH_ROWS):
        part = table.slice(start, BATCH_ROWS)
        outputs = graph.transform_fn({key: sparse(part.column(key), spec.dtype) for key, spec in raw_specs().items()})
        columns = {name: values.numpy().reshape(len(part), -1) for name, values in outputs.items()}
        lists = {
            name: pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
            for name, values in columns.items()
        }
        parts.append(pa.table(lists))
    return pa.concat_tables(parts)


def sparse(column: Any, dtype: Any) -> Any:
    import numpy as np
    import tensorflow as tf

    rows = np.flatnonzero(single(column.is_valid()).to_numpy(zero_copy_only=False))
    values = single(column.drop_null()).to_numpy(zero_copy_only=False)
    indices = np.stack([rows, np.zeros_like(rows)], axis=1)
    return tf.SparseTensor(indices, tf.constant(values, dtype), [len(column), 1])


def single(column: Any) -> Any:
    """The column in one piece."""
    import pyarrow as pa

    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not isinstance(whole, pa.ChunkedArray):
        return whole
    return whole.chunk(0) if whole.num_chunks else pa.array([], whole.type)


# -------------------------------------------------------------------------------------------------------------- trainer


def train(options: argparse.Namespace, transform_graph: str, transformed: Mapping[str, Any]) -> None:
    """run_fn as the TFX Trainer calls it, with the splits from memory."""
    import trainer

    def batches(files: Sequence[str], *_: Any) -> Iterator[Any]:
        for file in files:
            yield from transformed[Path(file).parent.name.removeprefix("Split-")].to_batches()

    chosen = {"epochs": options.epochs, "batch_size": options.batch_size, "seed": options.seed}
    examples = options.output / "examples"
    trainer.run_fn(
        SimpleNamespace(
            train_files=[str(examples / "Split-train" / "all")],
            eval_files=[str(examples / "Split-eval" / "all")],
            data_accessor=SimpleNamespace(record_batch_factory=batches),
            transform_output=transform_graph,
            serving_model_dir=str(options.output / "model"),
            model_run_dir=str(options.output / "run"),
            custom_config={**SETTINGS, **chosen},
        )
    )


def recalls(ranks: Path) -> dict[int, float]:
    """Share of the evaluation rows whose own product is among the first k of the whole catalogue."""
    import pyarrow.parquet as pq

    found = pq.read_table(ranks)["rank"].to_numpy()
    return {k: float((found <= k).mean()) for k in KS}


# ------------------------------------------------------------------------------------------------------------- options


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a Parquet file, one row a purchase")
    for role, option in ROLE_OPTIONS.items():
        column = CONFIG["roles"].get(role)
        if column is not None:
            help = f"what the {role} column is called in the file (default: {column})".replace("%", "%%")
            parser.add_argument(f"--{option}", metavar="COLUMN", help=help)
        else:
            parser.set_defaults(**{option: None})
    parser.add_argument("--epochs", type=positive, default=SETTINGS["epochs"], help="default: %(default)s")
    parser.add_argument("--batch-size", type=positive, default=SETTINGS["batch_size"], help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=SETTINGS["seed"], help="default: %(default)s")
    parser.add_argument(
        "--sample-percent", type=positive, default=100, choices=range(1, 101), metavar="1-100",
        help="share of the customers to train on and to judge by; the training period is analysed whole (default: 100)",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, default=Path("trained"), help="a folder for results (default: trained)")
    return parser.parse_args()


def positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return number


if __name__ == "__main__":
    main(arguments())
    sys.stdout.flush()
    os._exit(0)  # some of TensorFlow's and Beam's threads do not survive a regular end of Python
