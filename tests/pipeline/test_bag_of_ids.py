"""A bag of ids enters a tower as the mean of its vectors, and never as NaN."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from towerlab.emit import trainer_template as trainer

BAG = trainer.Feature("tags", "tags", "tags", is_ids=True, width=3, known=4, oov=1, has_vocabulary=True, slots=3)
IDS = np.array([[4, 1, -1], [2, -1, -1], [-1, -1, -1], [0, 3, 4]])


@pytest.fixture
def table() -> tf.keras.layers.Embedding:
    return tf.keras.layers.Embedding(5, 3, embeddings_initializer=tf.constant_initializer(np.arange(15).reshape(5, 3)))


def test_a_row_is_the_mean_of_its_vectors(table: tf.keras.layers.Embedding) -> None:
    found = BAG.vectors(table, tf.constant(IDS)).numpy()
    rows = np.arange(15).reshape(5, 3)
    np.testing.assert_allclose(found, [(rows[4] + rows[1]) / 2, rows[2], [0, 0, 0], (rows[0] + rows[3] + rows[4]) / 3])


def test_padding_and_empty_rows_have_no_gradient_and_no_nan(table: tf.keras.layers.Embedding) -> None:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(BAG.vectors(table, tf.constant([[-1, -1, -1], [2, -1, -1]])) ** 2)
    (gradient,) = tape.gradient(loss, table.trainable_variables)
    gradient = tf.convert_to_tensor(gradient).numpy()
    assert np.isfinite(gradient).all()
    assert np.nonzero(gradient.any(axis=1))[0].tolist() == [2]


def test_the_constants_of_a_bag_make_a_feature_of_so_many_slots() -> None:
    output = {"name": "t", "kind": "bag", "slots": 3, "vocabulary": None, "size": 4, "oov": 1, "dim": 3}
    (feature,) = trainer.features_of([{**output, "column": "t", "key": "t"}], transform=None)
    assert (feature.slots, feature.known, feature.oov, feature.is_ids) == (3, 4, 1, True)


def test_bags_are_read_as_whole_numbers_with_their_slots() -> None:
    batch = pa.RecordBatch.from_pydict({"tags": pa.array(IDS.tolist(), pa.list_(pa.int64()))})
    found = trainer._column([batch, batch], "tags")
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, np.concatenate([IDS, IDS]))


def test_the_share_of_unknown_tags_leaves_padding_out() -> None:
    columns = {"tags": IDS, "product_index": np.arange(4)}
    assert trainer._oov_rate(BAG, "query", columns, columns) == pytest.approx(2 / 6)
