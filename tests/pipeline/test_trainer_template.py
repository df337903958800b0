"""The trainer's mathematics against TensorFlow Recommenders and against plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_recommenders as tfrs
from towerlab.emit import trainer_template as trainer


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@dataclass
class Batch:
    """64 purchases of at most 9 products, most of them several times."""

    product: np.ndarray
    query: tf.Variable
    vectors: tf.Variable
    probability: np.ndarray

    @classmethod
    def of(cls, rng: np.random.Generator) -> Batch:
        query, vectors = (tf.Variable(rng.normal(size=(n, 8)), dtype=tf.float32) for n in (64, 9))
        return cls(rng.zipf(1.4, 64) % 9, query, vectors, rng.dirichlet(np.ones(9)).astype(np.float32))

    def theirs(self, logq: bool, remove_accidental_hits: bool) -> tf.Tensor:
        """One candidate a row, as TensorFlow Recommenders takes them."""
        return tfrs.tasks.Retrieval(remove_accidental_hits=remove_accidental_hits)(
            self.query,
            tf.gather(self.vectors, self.product),
            candidate_sampling_probability=tf.gather(self.probability, self.product) if logq else None,
            candidate_ids=tf.constant(self.product),
            compute_metrics=False,
        )

    def ours(self, logq: bool, remove_accidental_hits: bool) -> tf.Tensor:
        distinct, position, rows = tf.unique_with_counts(tf.constant(self.product))
        log_q = tf.math.log(tf.gather(self.probability, distinct)) if logq else tf.zeros(tf.size(distinct))
        candidates = tf.gather(self.vectors, distinct)
        return trainer.in_batch_softmax(self.query, candidates, position, rows, log_q, remove_accidental_hits)

    def loss_and_gradients(self, loss: Callable[[], tf.Tensor]) -> tuple[float, list[np.ndarray]]:
        with tf.GradientTape() as tape:
            value = loss()
        gradients = tape.gradient(value, [self.query, self.vectors])
        return float(value), [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


@pytest.mark.parametrize("logq", [True, False])
@pytest.mark.parametrize("remove_accidental_hits", [True, False])
def test_the_loss_is_that_of_tfrs_retrieval_and_so_are_its_gradients(
    rng: np.random.Generator, logq: bool, remove_accidental_hits: bool
) -> None:
    batch = Batch.of(rng)
    assert len(np.unique(batch.product)) < 10 < len(batch.product)
    theirs, their_gradients = batch.loss_and_gradients(lambda: batch.theirs(logq, remove_accidental_hits))
    ours, our_gradients = batch.loss_and_gradients(lambda: batch.ours(logq, remove_accidental_hits))
    assert ours == pytest.approx(theirs, rel=1e-5)
    for mine, expected in zip(our_gradients, their_gradients, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("prior", [True, False])
def test_a_model_trains_on_the_loss_of_tfrs_retrieval(rng: np.random.Generator, prior: bool) -> None:
    """The whole compute_loss, towers and prior included, against Retrieval on the same towers row by row."""
    case = training(rng, prior=prior)
    model = trainer.build(case)
    rows = {name: tf.constant(column[:50]) for name, column in case.train.items()}
    product = rows["product_index"]
    theirs = tfrs.tasks.Retrieval(remove_accidental_hits=True)
    with tf.GradientTape(persistent=True) as tape:
        ours = model.compute_loss(rows)
        expected = theirs(
            model.buyer(rows),
            model.product({name: tf.gather(column, product) for name, column in model.catalogue.items()}),
            candidate_sampling_probability=tf.exp(tf.gather(model.log_q, product)),
            candidate_ids=product,
            compute_metrics=False,
        )
    assert float(ours) == pytest.approx(float(expected), rel=1e-5)
    for variable in model.trainable_variables:
        mine, other = (tf.convert_to_tensor(tape.gradient(loss, variable)) for loss in (ours, expected))
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5, err_msg=variable.name)


def test_rows_that_all_bought_the_same_have_nothing_to_lose(rng: np.random.Generator) -> None:
    batch = Batch.of(rng)
    batch.product = np.zeros(64, np.int64)
    assert float(batch.ours(True, True)) == pytest.approx(0.0, abs=1e-4)
    assert float(batch.ours(True, False)) == pytest.approx(float(batch.theirs(True, False)), rel=1e-5)


def plain_rank(scores: np.ndarray, true: int, leave_out: set[int]) -> int:
    return 1 + sum(
        scores[other] >= scores[true] for other in range(len(scores)) if other != true and other not in leave_out
    )


def test_ranks_are_those_of_a_plain_count_and_ties_count_against_the_model(rng: np.random.Generator) -> None:
    query = rng.integers(-2, 3, (3000, 2)).astype(np.float32)  # small integers: many ties, exact products
    candidate = rng.integers(-2, 3, (50, 2)).astype(np.float32)
    true, customer = rng.integers(0, 50, 3000), rng.integers(0, 40, 3000)
    seen = {c: rng.choice(50, 5, replace=False) for c in range(0, 40, 2)}
    found = trainer.rank(query, candidate, true, customer, seen)
    ranks, unseen = found.ranks, found.ranks_unseen
    for row in rng.choice(3000, 300, replace=False):
        scores, before = query[row] @ candidate.T, set(seen.get(customer[row], ()))
        assert ranks[row] == plain_rank(scores, true[row], set())
        assert unseen[row] == (-1 if true[row] in before else plain_rank(scores, true[row], before))
        assert scores[found.best[row]].tolist() == sorted(scores, reverse=True)[:10]
        assert len(set(found.best[row])) == 10


def test_a_model_that_scores_everything_alike_is_last() -> None:
    found = trainer.rank(np.zeros((4, 3)), np.zeros((10, 3)), np.arange(4), np.arange(4), {})
    assert found.ranks.tolist() == [10, 10, 10, 10]


def test_a_customers_recommendations_are_those_of_the_last_evaluation_row() -> None:
    columns = {"customer_index": np.array([3, 1, 3, 1]), "row_id": np.array([5, 9, 8, 7])}
    found = trainer.Ranked(np.zeros(4), np.zeros(4), np.array([[0, 1], [2, 3], [4, 5], [6, 7]]))
    table = trainer.recommendations_table(found, columns).to_pydict()
    assert table == {"customer_index": [1, 1, 3, 3], "place": [1, 2, 1, 2], "product_index": [2, 3, 4, 5]}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(bad: float) -> None:
    candidate = np.ones((10, 3))
    candidate[7, 1] = bad
    with pytest.raises(FloatingPointError):
        trainer.rank(np.ones((4, 3)), candidate, np.arange(4), np.arange(4), {})


def training(rng: np.random.Generator, **changes: object) -> trainer.Training:
    """200 purchases of 20 products by 10 customers, ids only."""
    config = {
        "epochs": 2,
        "batch_size": 50,
        "seed": 0,
        "replicates": 1,
        "output_dim": 4,
        "hidden_layers": [],
        "optimizer": "adagrad",
        "learning_rate": 0.1,
        "warmup_steps": 20,
        "logq": True,
        "prior": True,
        "oov_dropout": 0.1,
        "customer_key": "customer",
        **changes,
    }
    customer, product = rng.integers(0, 10, 200), rng.zipf(1.6, 200) % 20
    train = {"customer": customer, "customer_index": customer, "product_index": product, "row_id": np.arange(200)}
    catalogue = {"product": np.arange(20), "product_index": np.arange(20)}
    return trainer.Training(
        (trainer.Feature("customer", "customer", "customer", True, 8, known=10, oov=2, has_vocabulary=True),),
        (trainer.Feature("product", "product", "product", True, 8, known=20, oov=1, has_vocabulary=True),),
        train,
        catalogue,
        trainer.Settings.of(config),
    )


def silent(share: float, doing: str) -> None:
    assert 0.0 < share <= 1.0
    assert doing


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(rng: np.random.Generator) -> None:
    case = training(rng)
    first, again, other = (trainer.fit(case, seed, silent)[1] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_loss_reported_is_per_row_and_falls(rng: np.random.Generator) -> None:
    _, losses, steps = trainer.fit(training(rng, epochs=3), 0, silent)
    assert steps == 12
    assert losses[-1] < losses[0] < 10


def test_an_untrained_model_ranks_by_popularity(rng: np.random.Generator) -> None:
    case = training(rng)
    model = trainer.build(case)
    for tower in (model.buyer, model.product):  # no opinion of its own: all weights zero
        trainer.embed(tower, {**case.train} if tower is model.buyer else case.catalogue)
        tower.set_weights([np.zeros_like(weight) for weight in tower.get_weights()])
    scores = trainer.embed(model.buyer, case.train)[0] @ trainer.embed(model.product, case.catalogue).T
    assert np.argsort(-scores, kind="stable").tolist() == np.argsort(-case.train_rows, kind="stable").tolist()


def test_oov_dropout_hides_customers_only_behind_unknown_ids(rng: np.random.Generator) -> None:
    case = training(rng, oov_dropout=0.5)
    hidden = trainer.with_unknown_customers(case, rng)["customer"] != case.train["customer"]
    replaced = trainer.with_unknown_customers(case, rng)["customer"]
    assert 0.3 < hidden.mean() < 0.7
    assert set(replaced[replaced >= 10]) == {10, 11}
    none = training(rng, customer_key=None, oov_dropout=0.5)
    assert (trainer.with_unknown_customers(none, rng)["customer"] == none.train["customer"]).all()


def test_logq_comes_from_training_rows(rng: np.random.Generator) -> None:
    case = training(rng)
    rows = np.bincount(case.train["product_index"], minlength=20)
    expected = np.log(np.clip(rows / rows.sum(), 1e-6, 1))
    np.testing.assert_allclose(case.log_q, expected, rtol=1e-6)
    assert (training(rng, logq=False).log_q == 0).all()


@pytest.mark.parametrize(("planned", "warmup"), [(1000, 20), (40, 10), (3, 0)])
def test_warm_up_takes_at_most_a_quarter_of_the_planned_steps(
    rng: np.random.Generator, planned: int, warmup: int
) -> None:
    optimizer = trainer.optimizer_of(training(rng).settings, planned)
    rate = optimizer._learning_rate if hasattr(optimizer, "_learning_rate") else optimizer.learning_rate
    assert rate.steps == warmup
    assert float(rate(tf.constant(0))) == pytest.approx(0.1 / max(warmup, 1))
    assert float(rate(tf.constant(warmup + 1))) == pytest.approx(0.1)
