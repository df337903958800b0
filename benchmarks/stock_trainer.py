"""The Trainer module that the benchmark gives to stock TFX: the same towers, trained as the tutorials of TensorFlow
Recommenders do: tf.data from the Trainer's data accessor, tfrs.tasks.Retrieval, Keras' fit, FactorizedTopK's recall.

`custom_config` names the generated trainer (`trainer`), epochs and batch_size.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs
import tensorflow_transform as tft
from tfx_bsl.public import tfxio


def run_fn(fn_args: Any) -> None:
    config = fn_args.custom_config
    tf.keras.utils.set_random_seed(config["seed"])
    generated = load_generated(config["trainer"])
    transform = tft.TFTransformOutput(fn_args.transform_output)
    query, candidate = (
        generated.features_of(outputs, transform) for outputs in (generated.QUERY_OUTPUTS, generated.CANDIDATE_OUTPUTS)
    )
    settings = generated.Settings.of(config)
    train = _dataset(fn_args, fn_args.train_files, transform, config["batch_size"], shuffle=True)
    rows = np.concatenate([batch["product_index"].numpy() for batch in train])
    counts = np.bincount(rows, minlength=config["products"])
    model = StockModel(
        generated.BuyerModel(query, settings), generated.ProductModel(candidate, settings, counts), counts
    )
    model.compile(optimizer=generated.optimizer_of(settings, len(rows) // config["batch_size"] * config["epochs"]))
    history = model.fit(train, epochs=config["epochs"], verbose=0)
    evaluation = _dataset(fn_args, fn_args.eval_files, transform, config["batch_size"], shuffle=False)
    found = model.evaluate_over(_catalogue([train, evaluation]), evaluation)
    report = {"loss": history.history["loss"][-1] / config["batch_size"], "recall_at_100": found}
    model.save_weights(os.path.join(fn_args.serving_model_dir, "weights"))
    with tf.io.gfile.GFile(os.path.join(fn_args.serving_model_dir, "report.json"), "w") as file:
        file.write(json.dumps(report))


class StockModel(tfrs.Model):
    def __init__(self, buyer: Any, product: Any, counts: np.ndarray) -> None:
        super().__init__()
        self.buyer, self.product = buyer, product
        self.probability = tf.constant(np.clip(counts / counts.sum(), 1e-6, 1.0), tf.float32)
        self.task = tfrs.tasks.Retrieval(remove_accidental_hits=True)

    def compute_loss(self, inputs: Any, training: bool = False) -> tf.Tensor:  # noqa: ARG002
        return self.task(
            self.buyer(inputs),
            self.product(inputs),
            candidate_sampling_probability=tf.gather(self.probability, inputs["product_index"]),
            candidate_ids=inputs["product_index"],
            compute_metrics=False,
        )

    def evaluate_over(self, catalogue: dict[str, np.ndarray], evaluation: tf.data.Dataset) -> float:
        candidates = tf.data.Dataset.from_tensor_slices(catalogue).batch(1024).map(self.product)
        metric = tfrs.metrics.FactorizedTopK(candidates, ks=[10, 50, 100])
        for batch in evaluation:
            metric.update_state(self.buyer(batch), self.product(batch))
        return float(metric.result()[-1])


def load_generated(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("generated_trainer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _dataset(fn_args: Any, files: Any, transform: Any, batch: int, shuffle: bool) -> tf.data.Dataset:
    options = tfxio.TensorFlowDatasetOptions(batch_size=batch, num_epochs=1, shuffle=shuffle, drop_final_batch=shuffle)
    return fn_args.data_accessor.tf_dataset_factory(files, options, transform.transformed_metadata.schema).map(_plain)


def _plain(features: dict[str, Any]) -> dict[str, Any]:
    """Numbers keep their width, ids have one per row."""
    return {
        name: tf.squeeze(value, 1) if value.dtype == tf.int64 and value.shape.rank == 2 else value
        for name, value in features.items()
    }


def _catalogue(datasets: list[tf.data.Dataset]) -> dict[str, np.ndarray]:
    """Every product once, with the features of one of its rows."""
    columns: dict[str, list[np.ndarray]] = {}
    for batch in (batch for dataset in datasets for batch in dataset):
        for name, value in batch.items():
            columns.setdefault(name, []).append(value.numpy())
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    _, first = np.unique(whole["product_index"], return_index=True)
    return {name: column[first] for name, column in whole.items()}
