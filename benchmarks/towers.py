"""What the towers of a finished quick test say: vectors out of its SavedModel, and of every step of its training."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # as tasks of the pipeline have it
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import by_definition
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf
import tensorflow_transform as tft
from pipeline import columnar, modules

EMBEDDED_AT_ONCE = 8192  # rows
MISSING: Mapping[str, Any] = {"string": b"", "int64": np.iinfo(np.int64).min, "float32": np.nan}


@dataclass(frozen=True)
class QuickTest:
    """The folders that a quick test left behind, and what it was trained with. `keys` is by signature and column the
    name that the column has in the examples."""

    examples: Path
    transformed_examples: Path
    transform_graph: Path
    model: Path
    model_run: Path
    trainer: Path
    settings: Mapping[str, Any]
    keys: Mapping[tuple[str, str], str]

    @property
    def product_ids(self) -> list[str]:
        """In the order of product_index."""
        return list(pq.read_table(self.examples / "protocol/products.parquet")["product_id"].to_pylist())


def query_vectors(test: QuickTest) -> np.ndarray:
    """[evaluation rows, dim], in the order of row_id."""
    return _vectors(test, "query", "eval")


def candidate_vectors(test: QuickTest) -> np.ndarray:
    """[products, dim], in the order of product_index."""
    return _vectors(test, "candidate", "catalogue")


def _vectors(test: QuickTest, signature: str, split: str) -> np.ndarray:
    """The SavedModel's vectors of a split's raw rows."""
    folder = test.model / "Format-Serving"
    described = json.loads((folder / "assets.extra/arguments.json").read_text())[signature]
    raw = _raw(test, signature, split, described)
    types = {a["argument"]: a["type"] for a in described}
    model = tf.saved_model.load(str(folder))
    vectors = []
    for start in range(0, len(next(iter(raw.values()))), EMBEDDED_AT_ONCE):
        block = slice(start, start + EMBEDDED_AT_ONCE)
        columns = {name: tf.constant(values[block], types[name]) for name, values in raw.items()}
        vectors.append(model.signatures[signature](**columns)["vector"].numpy())
    return np.concatenate(vectors)


def _raw(test: QuickTest, signature: str, split: str, described: list[Mapping[str, Any]]) -> Mapping[str, list[Any]]:
    """By argument, one value a row; an argument without a column is the product's id."""
    rows = columnar.read_split(str(test.examples), split)
    return {
        a["argument"]: one_a_row(rows[test.keys[signature, a["column"]]], a["type"])
        if a["column"]
        else test.product_ids
        for a in described
    }


def one_a_row(column: pa.ChunkedArray, type: str) -> list[Any]:
    """A column of examples as a signature takes it: what is missing has the value that stands for that."""
    return [row[0] if row else MISSING[type] for row in column.to_pylist()]


@dataclass(frozen=True)
class TrainingRows:
    """What is trained on: row_id, ascending, each row's product_index, and log_q by product_index."""

    row_id: np.ndarray
    product: np.ndarray
    log_q: np.ndarray

    def products_of(self, row_id: np.ndarray) -> np.ndarray:
        """Raises ValueError for a row that is not one of them."""
        place = np.minimum(np.searchsorted(self.row_id, row_id), len(self.row_id) - 1)
        if (self.row_id[place] != row_id).any():
            raise ValueError("a row was trained on that is no training row")
        return np.asarray(self.product[place])


@dataclass
class Steps:
    """Each step's loss by definition, and the rows it was of."""

    trained: TrainingRows
    remove_accidental_hits: bool
    losses: list[float] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)

    def take(self, query: np.ndarray, candidate: np.ndarray, row_id: np.ndarray) -> None:
        product, hits = self.trained.products_of(row_id), self.remove_accidental_hits
        self.losses.append(by_definition.batch_loss(query, candidate, product, self.trained.log_q[product], hits))
        self.rows.append(row_id)

    def per_row(self, epochs: int) -> list[float]:
        """The mean loss of a row, by epoch. Raises ValueError when an epoch has a row twice."""
        found = []
        by_epoch = (np.split(np.array(of), epochs) for of in (self.losses, self.rows))
        for losses, rows in zip(*by_epoch, strict=True):
            if len(np.unique(rows)) != rows.size:
                raise ValueError("an epoch trained on a row twice")
            found.append(float(losses.sum() / rows.size))
        return found


def losses_by_definition(test: QuickTest, trained: TrainingRows) -> list[float]:
    """Per training row, by epoch: the first replicate trains once more, and its towers show each batch."""
    tf.config.experimental.enable_op_determinism()
    trainer = modules.load(test.trainer.read_bytes(), "trainer")
    settings = trainer.Settings.of(test.settings)
    transform = tft.TFTransformOutput(str(test.transform_graph))
    arguments = fn_args(test.transformed_examples, test.transform_graph, test.settings)
    training, _ = trainer.read_splits(arguments, transform, settings)
    steps = Steps(trained, settings.remove_accidental_hits)
    _watch(trainer, steps)
    trainer.fit(training, settings.seed, lambda *_: None)
    return steps.per_row(settings.epochs)


def _watch(trainer: Any, steps: Steps) -> None:
    """Make the trainer's model show `steps` the vectors of every batch, one candidate a row."""

    class Watched(trainer.TwoTowerModel):  # type: ignore[misc]
        def compute_loss(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
            loss = super().compute_loss(inputs, training)
            own = {name: tf.gather(column, inputs["product_index"]) for name, column in self.catalogue.items()}
            tf.numpy_function(steps.take, [self.buyer(inputs), self.product(own), inputs["row_id"]], [])
            return loss

    trainer.TwoTowerModel = Watched


def fn_args(transformed_examples: Path, transform_graph: Path, settings: Mapping[str, Any]) -> SimpleNamespace:
    """What the TFX Trainer would give the generated module."""

    def read(patterns: list[str], *_: Any) -> Any:
        split = Path(patterns[0]).parent.name.removeprefix("Split-")
        return iter(columnar.read_split(str(transformed_examples), split).to_batches())

    return SimpleNamespace(
        train_files=[str(transformed_examples / "Split-train/*")],
        eval_files=[str(transformed_examples / "Split-eval/*")],
        transform_output=str(transform_graph),
        custom_config=settings,
        data_accessor=SimpleNamespace(record_batch_factory=read),
    )
