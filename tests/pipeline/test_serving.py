"""The SavedModel gives from raw columns what training computed from transformed rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pipeline_jobs as jobs
import pyarrow.parquet as pq
import pytest
import serving
import tensorflow as tf
import tensorflow_transform as tft

SETTINGS = jobs.settings(batch_size=64, epochs=1, replicates=2)


@dataclass
class Served:
    """Towers as they are before training, saved, with what they say of transformed rows."""

    trained: Path
    folder: Path
    model: Any
    training: Any
    evaluation: Any

    @cached_property
    def signatures(self) -> Any:
        return tf.saved_model.load(str(self.folder)).signatures

    def raw(self, split: str, signature: str) -> dict[str, tf.Tensor]:
        return serving.raw_columns(self.trained, split, self.folder, signature)

    @property
    def catalogue_vectors(self) -> np.ndarray:
        trainer = serving.trainer_of(self.trained)
        return trainer.embed(self.model.product, self.training.catalogue)


def serve(trained: Path, folder: Path, **changes: Any) -> Served:
    trainer = serving.trainer_of(trained)
    arguments = serving.fn_args(trained, {**SETTINGS, **changes})
    transform = tft.TFTransformOutput(arguments.transform_output)
    training, evaluation = trainer.read_splits(arguments, transform, trainer.Settings.of(arguments.custom_config))
    tf.keras.utils.set_random_seed(3)
    model = trainer.build(training)
    for tower, rows in ((model.buyer, evaluation), (model.product, training.catalogue)):
        trainer.embed(tower, rows)
        tower.set_weights([weight + np.random.normal(0, 0.3, weight.shape) for weight in tower.get_weights()])
    ids = trainer.product_ids(arguments, len(training.catalogue["product_index"]))
    trainer.Serving(model, training, transform, ids).save(str(folder))
    return Served(trained, folder, model, training, evaluation)


@pytest.fixture(scope="module")
def served(trained_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    return serve(trained_shop, tmp_path_factory.mktemp("served"))


def test_a_customers_vector_from_raw_columns_is_that_of_the_transformed_row(served: Served) -> None:
    expected = serving.trainer_of(served.trained).embed(served.model.buyer, served.evaluation)
    found = served.signatures["query"](**served.raw("eval", "query"))["vector"]
    assert found.shape == (len(expected), 33)  # the shared output and the prior
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_a_products_vector_from_raw_columns_is_that_of_the_catalogue(served: Served) -> None:
    found = served.signatures["candidate"](**served.raw("catalogue", "candidate"))["vector"]
    np.testing.assert_allclose(found, served.catalogue_vectors, rtol=0, atol=1e-6)


def test_a_new_product_is_as_popular_as_one_that_nobody_bought(served: Served) -> None:
    columns = {name: column[:1] for name, column in served.raw("catalogue", "candidate").items()}
    vector = served.signatures["candidate"](**{**columns, "StockCode": tf.constant(["never seen"])})["vector"]
    assert float(vector[0, -1]) == pytest.approx(np.log(0.5 / len(served.training.train["row_id"])), rel=1e-6)


def test_without_the_products_id_among_the_columns_it_is_one_more_argument(trained_shop: Path, tmp_path: Path) -> None:
    served = serve(trained_shop, tmp_path, product_key=None)
    ids = pq.read_table(trained_shop / "examples/protocol/products.parquet")["product_id"].to_pylist()
    columns = {**served.raw("catalogue", "candidate"), "product_id": tf.constant(ids)}
    found = served.signatures["candidate"](**columns)["vector"]
    np.testing.assert_allclose(found, served.catalogue_vectors, rtol=0, atol=1e-6)


def test_without_a_prior_no_vector_depends_on_the_products_id(trained_shop: Path, tmp_path: Path) -> None:
    served = serve(trained_shop, tmp_path, prior=False, product_key=None)
    found = served.signatures["candidate"](**served.raw("catalogue", "candidate"))["vector"]
    np.testing.assert_allclose(found, served.catalogue_vectors, rtol=0, atol=1e-6)
    assert "product_id" not in {a["argument"] for a in serving.arguments(tmp_path, "candidate")}


def test_recommendations_agree_with_the_ranks_that_training_stored(trained_shop: Path) -> None:
    model = trained_shop / "model/Format-Serving"
    ranks = pq.read_table(trained_shop / "model_run/ranks.parquet").to_pandas()
    ranks = ranks[ranks["replicate"] == 0]
    ids = pq.read_table(trained_shop / "examples/protocol/products.parquet")["product_id"].to_pylist()
    columns = serving.raw_columns(trained_shop, "eval", model, "recommend")
    recommended = tf.saved_model.load(str(model)).signatures["recommend"](**columns, k=tf.constant(len(ids)))
    for row, names, scores in zip(
        ranks.itertuples(), recommended["product_id"].numpy(), recommended["score"].numpy(), strict=True
    ):
        assert sorted(name.decode() for name in names) == sorted(ids)
        assert (np.diff(scores) <= 0).all()
        own = scores[names.tolist().index(ids[row.product_index].encode())]
        assert (scores > own + 1e-5).sum() < row.rank <= (scores >= own - 1e-5).sum()


@pytest.mark.parametrize(("k", "given"), [(3, 3), (10_000, None)])
def test_k_products_are_recommended_or_all_there_are(served: Served, k: int, given: int | None) -> None:
    columns = {name: column[:2] for name, column in served.raw("eval", "recommend").items()}
    found = served.signatures["recommend"](**columns, k=tf.constant(k))
    assert found["product_id"].shape == (2, given or len(served.catalogue_vectors))


def test_a_row_with_everything_missing_has_a_vector_too(served: Served) -> None:
    minimum = np.iinfo(np.int64).min
    nobody = {"CustomerID": [""], "Country": [""], "InvoiceDate": tf.constant([minimum], tf.int64)}
    vector = served.signatures["query"](**{name: tf.constant(value) for name, value in nobody.items()})["vector"]
    assert np.isfinite(vector).all()


FRESH = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
columns = {name: tf.constant(value, kind) for name, (value, kind) in json.loads(sys.argv[2]).items()}
found = model.signatures["recommend"](**columns, k=tf.constant(3))
libraries = {"tensorflow_transform", "tensorflow_recommenders", "tf_keras", "tfx", "tfx_bsl", "towerlab"}
ids = [i.decode() for i in found["product_id"][0].numpy()]
print(json.dumps({"ids": ids, "foreign": [*libraries.intersection(sys.modules)]}))
"""


def test_the_model_loads_in_a_fresh_process_that_has_only_tensorflow(trained_shop: Path) -> None:
    model = trained_shop / "model/Format-Serving"
    customer = {"CustomerID": (["c1"], "string"), "Country": (["UK"], "string"), "InvoiceDate": ([1316000000], "int64")}
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    command = [sys.executable, "-W", "ignore", "-c", FRESH, str(model), json.dumps(customer)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["foreign"] == []
    here = {name: tf.constant(value, kind) for name, (value, kind) in customer.items()}
    found = tf.saved_model.load(str(model)).signatures["recommend"](**here, k=tf.constant(3))
    assert said["ids"] == [i.decode() for i in found["product_id"][0].numpy()]
