"""The two towers of one feature config: trains them, ranks the whole catalogue, saves them. Made by Towerlab.

Runs inside any TFX Trainer: `run_fn` reads the transformed splits 'train', 'eval' and 'catalogue' (one row a product,
in the order of product_index) and writes ranks.parquet and training.json to the model_run artifact and the towers as a
SavedModel, which takes raw columns, to the model artifact. Settings come from the Trainer's custom_config.
"""

from __future__ import annotations

import io
import itertools
import json
import keyword
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # TensorFlow Recommenders is written for Keras 2

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf
import tensorflow_recommenders as tfrs
import tensorflow_transform as tft
from tfx_bsl.public import tfxio

# --- constants of this config version: begin ---
CONFIG_NAME: str = ""
CONFIG_VERSION: int = 0
CONFIG_HASH: str = ""
BUYER_TENSOR_DIM: int = 0
PRODUCT_TENSOR_DIM: int = 0
QUERY_OUTPUTS: tuple[dict[str, Any], ...] = ()
CANDIDATE_OUTPUTS: tuple[dict[str, Any], ...] = ()
# --- constants of this config version: end ---

Columns = dict[str, np.ndarray]  # one array per transformed output, first axis is the row
Progress = Callable[[float, str], None]  # (share done, what is being done)

INDEX_COLUMNS = ("row_id", "customer_index", "product_index")
SMALLEST_PROBABILITY = 1e-6  # as in TensorFlow Recommenders
RANK_BLOCK = 1024  # evaluation rows scored at once: their scores are a [1024, catalogue] matrix
TOP = 10  # candidates of a list that is looked at by itself
MOST_EXAMPLES = 2000  # customers whose lists are kept
EMBED_BLOCK = 65536  # rows a tower embeds at once


@dataclass(frozen=True)
class Settings:
    """How to train; part of the protocol a result is measured under."""

    epochs: int
    batch_size: int
    seed: int
    replicates: int
    output_dim: int
    hidden_layers: tuple[int, ...]
    optimizer: str  # adagrad | adam
    learning_rate: float
    warmup_steps: int
    logq: bool
    prior: bool
    oov_dropout: float
    customer_key: str | None
    product_key: str | None = None  # the candidate tower's column that has the product's id, if there is one
    remove_accidental_hits: bool = True
    projection: bool = True  # without it a tower is its features side by side, as wide as the shared output

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        chosen = {name: config[name] for name in cls.__dataclass_fields__ if name in config}
        return cls(**{**chosen, "hidden_layers": tuple(config["hidden_layers"])})


@dataclass(frozen=True)
class Feature:
    """One transformed output as a tower sees it: `known` + `oov` embedding rows, or `width` plain numbers. A row has
    one id, or a bag of up to `slots` ids, of which those below 0 are padding."""

    name: str
    column: str
    key: str
    is_ids: bool
    width: int
    known: int = 0
    oov: int = 0
    has_vocabulary: bool = False
    slots: int = 0

    def vectors(self, table: Callable[[tf.Tensor], tf.Tensor], ids: tf.Tensor) -> tf.Tensor:
        """[batch, width]: the id's vector; of a bag the mean of those that are there, zeros where none is."""
        if not self.slots:
            return table(ids)
        there = tf.cast(ids >= 0, tf.float32)[:, :, tf.newaxis]
        total = tf.reduce_sum(table(tf.maximum(ids, 0)) * there, axis=1)
        return total / tf.maximum(tf.reduce_sum(there, axis=1), 1.0)


def features_of(outputs: Sequence[Mapping[str, Any]], transform: tft.TFTransformOutput) -> tuple[Feature, ...]:
    """The features of a tower, with the sizes that the fitted vocabularies have."""
    return tuple(_feature(output, transform) for output in outputs)


def _feature(output: Mapping[str, Any], transform: tft.TFTransformOutput) -> Feature:
    common = {"name": output["name"], "column": output["column"], "key": output["key"]}
    if output["kind"] == "dense":
        return Feature(**common, is_ids=False, width=output["width"])
    vocabulary = output["vocabulary"]
    known = transform.vocabulary_size_by_name(vocabulary) if vocabulary else output["size"]
    return Feature(
        **common,
        is_ids=True,
        width=output["dim"],
        known=int(known),
        oov=output["oov"],
        has_vocabulary=bool(vocabulary),
        slots=output.get("slots", 0),
    )


# ---------------------------------------------------------------------------------------------------------- the towers


class Tower(tf.keras.Model):
    """Features side by side, then dense layers; the last one is linear and as wide as the shared output. A setting can
    leave that one out."""

    def __init__(self, features: Sequence[Feature], settings: Settings, name: str) -> None:
        super().__init__(name=name)
        self.features = tuple(features)
        self.embeddings = {
            f.name: tf.keras.layers.Embedding(f.known + f.oov, f.width, name=f"{name}_embedding_{position}")
            for position, f in enumerate(self.features)
            if f.is_ids
        }
        self.layers_on_top = [tf.keras.layers.Dense(width, activation="relu") for width in settings.hidden_layers]
        if settings.projection:
            self.layers_on_top.append(tf.keras.layers.Dense(settings.output_dim))

    def embed(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """[batch, output_dim] from the transformed outputs of this tower."""
        parts = [
            f.vectors(self.embeddings[f.name], inputs[f.name]) if f.is_ids else inputs[f.name] for f in self.features
        ]
        vector = tf.concat(parts, axis=1)
        for layer in self.layers_on_top:
            vector = layer(vector)
        return vector


class BuyerModel(Tower):
    """The query tower. With a prior its last dimension is the constant 1."""

    def __init__(self, features: Sequence[Feature], settings: Settings) -> None:
        super().__init__(features, settings, name="buyer")
        self.prior = settings.prior

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        vector = self.embed(inputs)
        return tf.concat([vector, tf.ones_like(vector[:, :1])], axis=1) if self.prior else vector


class ProductModel(Tower):
    """The candidate tower. With a prior its last dimension is the product's log popularity in the training rows, so
    that an untrained model ranks by popularity; the product_index after the last one is that of a new product."""

    def __init__(self, features: Sequence[Feature], settings: Settings, train_rows: np.ndarray) -> None:
        super().__init__(features, settings, name="product")
        popularity = np.log((np.append(train_rows, 0) + 0.5) / max(train_rows.sum(), 1)).astype(np.float32)
        self.log_popularity = tf.constant(popularity) if settings.prior else None

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        vector = self.embed(inputs)
        if self.log_popularity is None:
            return vector
        return tf.concat([vector, tf.gather(self.log_popularity, inputs["product_index"])[:, tf.newaxis]], axis=1)


def in_batch_softmax(
    query: tf.Tensor,
    candidate: tf.Tensor,
    position: tf.Tensor,
    rows: tf.Tensor,
    log_q: tf.Tensor,
    remove_accidental_hits: bool = True,
) -> tf.Tensor:
    """The sum over a batch of -log softmax of each row's own product among the products of all rows.

    query: [batch, dim]. candidate, rows, log_q: the batch's distinct products, their vectors [products, dim], how many
    rows of the batch bought each, and their log_q. position: [batch], each row's own product among them.
    Equal to tfrs.tasks.Retrieval with candidate_sampling_probability=exp(log_q), where every row is a candidate of its
    own: a product that n rows bought weighs n times. An accidental hit is a row's own product bought in another row;
    without them the own product weighs once.
    """
    weights = tf.math.log(tf.cast(rows, tf.float32))
    if remove_accidental_hits:
        weights *= 1.0 - tf.one_hot(position, tf.size(weights))
        own = 0.0
    else:
        own = tf.reduce_sum(tf.gather(weights, position))
    scores = tf.matmul(query, candidate, transpose_b=True) - log_q + weights
    return own + tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=position, logits=scores))


class TwoTowerModel(tfrs.Model):
    """Trained so that a customer's vector points at what the customer bought, rather than at the batch's other rows.

    `log_q` is the log of each product's share of the training rows: a batch shows popular products more often, and
    subtracting it (the logQ correction) keeps them from being pushed down for that.
    """

    def __init__(
        self,
        buyer: BuyerModel,
        product: ProductModel,
        catalogue: Columns,
        log_q: np.ndarray,
        remove_accidental_hits: bool = True,
    ) -> None:
        super().__init__()
        self.buyer = buyer
        self.product = product
        self.catalogue = {name: tf.constant(column) for name, column in catalogue.items()}
        self.log_q = tf.constant(log_q)
        self.remove_accidental_hits = remove_accidental_hits

    def compute_loss(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:  # noqa: ARG002
        products, position, rows = tf.unique_with_counts(inputs["product_index"])
        features = {name: tf.gather(column, products) for name, column in self.catalogue.items()}
        query, candidate = self.buyer(inputs), self.product(features)
        log_q = tf.gather(self.log_q, products)
        return in_batch_softmax(query, candidate, position, rows, log_q, self.remove_accidental_hits)


# ------------------------------------------------------------------------------------------------------------ training


class WarmUp(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly to the full rate: Adagrad's first steps move every weight by the whole learning rate."""

    def __init__(self, rate: float, steps: int) -> None:
        self.rate, self.steps = rate, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        return self.rate * tf.minimum(1.0, (tf.cast(step, tf.float32) + 1.0) / max(self.steps, 1))

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps}


def optimizer_of(settings: Settings, planned_steps: int) -> tf.keras.optimizers.Optimizer:
    warmup = min(settings.warmup_steps, planned_steps // 4)
    kinds = {"adagrad": tf.keras.optimizers.Adagrad, "adam": tf.keras.optimizers.Adam}
    return kinds[settings.optimizer](WarmUp(settings.learning_rate, warmup))


@dataclass(frozen=True)
class Training:
    """What one replicate learns from. `catalogue` is in the order of product_index."""

    query: tuple[Feature, ...]
    candidate: tuple[Feature, ...]
    train: Columns
    catalogue: Columns
    settings: Settings

    @property
    def train_rows(self) -> np.ndarray:
        """How many training rows each product has."""
        return np.bincount(self.train["product_index"], minlength=len(self.catalogue["product_index"]))

    @property
    def log_q(self) -> np.ndarray:
        """Log of each product's share of the training rows; 0 for all when the correction is off."""
        rows = self.train_rows
        if not self.settings.logq:
            return np.zeros(len(rows), np.float32)
        return np.log(np.clip(rows / max(rows.sum(), 1), SMALLEST_PROBABILITY, 1.0)).astype(np.float32)


def build(training: Training) -> TwoTowerModel:
    settings = training.settings
    buyer = BuyerModel(training.query, settings)
    product = ProductModel(training.candidate, settings, training.train_rows)
    return TwoTowerModel(buyer, product, training.catalogue, training.log_q, settings.remove_accidental_hits)


def fit(training: Training, seed: int, progress: Progress) -> tuple[TwoTowerModel, list[float], int]:
    """A trained model, its loss per training row by epoch, and the number of optimizer steps."""
    settings = training.settings
    tf.keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    rows = len(training.train["product_index"])
    batch = min(settings.batch_size, rows)
    steps = rows // batch
    model = build(training)
    model.compile(optimizer=optimizer_of(settings, steps * settings.epochs))

    @tf.function(autograph=False)
    @tf.autograph.experimental.do_not_convert
    def train_step(inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        return model.train_step(inputs)["loss"]

    losses: list[float] = []
    pace = Pace(steps * settings.epochs, batch)
    for epoch in range(settings.epochs):
        inputs = with_unknown_customers(training, rng)
        order = rng.permutation(rows)
        total = 0.0
        for step in range(steps):
            chosen = order[step * batch : (step + 1) * batch]
            total += float(train_step({name: tf.constant(column[chosen]) for name, column in inputs.items()}))
            pace.step()
            progress(pace.share, f"epoch {epoch + 1} of {settings.epochs}, {pace}")
        losses.append(finite_loss(total / (steps * batch)))
    return model, losses, steps * settings.epochs


class Pace:
    """How far a training is, and how fast."""

    def __init__(self, steps: int, batch: int) -> None:
        self.steps, self.batch = steps, batch
        self.done = 0
        self.since = 0.0

    def step(self) -> None:
        self.done += 1
        if self.done == 1:  # the first step builds the graph: it says nothing of those to come
            self.since = time.monotonic()

    @property
    def share(self) -> float:
        return self.done / self.steps

    def __str__(self) -> str:
        seconds = time.monotonic() - self.since
        speed = f", {(self.done - 1) * self.batch / seconds:,.0f} examples/s" if self.done > 1 and seconds > 0 else ""
        return f"step {self.done:,} of {self.steps:,}{speed}"


def finite_loss(loss: float) -> float:
    if not np.isfinite(loss):
        raise FloatingPointError("the training loss is not finite: lower the learning rate, or look for extreme values")
    return loss


def with_unknown_customers(training: Training, rng: np.random.Generator) -> Columns:
    """The training columns with a share of the customers replaced by an unknown one, so that the vectors of customers
    never seen before are trained too."""
    settings, columns = training.settings, dict(training.train)
    rows = len(columns["product_index"])
    forgotten = rng.random(rows) < settings.oov_dropout
    for feature in training.query:
        if feature.is_ids and not feature.slots and feature.oov and feature.key == settings.customer_key:
            unknown = feature.known + rng.integers(0, feature.oov, rows)
            columns[feature.name] = np.where(forgotten, unknown, columns[feature.name])
    return columns


# ------------------------------------------------------------------------------------------------------------- ranking


def embed(tower: Tower, columns: Columns) -> np.ndarray:
    """Vectors of all rows, [rows, dim]."""
    rows = len(next(iter(columns.values())))
    blocks = [slice(start, start + EMBED_BLOCK) for start in range(0, rows, EMBED_BLOCK)]
    vectors = [tower({name: tf.constant(column[b]) for name, column in columns.items()}).numpy() for b in blocks]
    return np.concatenate(vectors)


@dataclass(frozen=True)
class Ranked:
    """Each row's rank of its true product among all candidates, and among those its customer has not bought yet (-1
    where the true product is itself one of them); and its best candidates, [rows, up to TOP], the best first."""

    ranks: np.ndarray
    ranks_unseen: np.ndarray
    best: np.ndarray


def rank(
    query: np.ndarray,
    candidate: np.ndarray,
    true_product: np.ndarray,
    customer: np.ndarray,
    seen: Mapping[int, np.ndarray],
) -> Ranked:
    """Ranks count from 1 and ties count against the model. `seen` holds the products each customer bought in training.
    Raises FloatingPointError for scores that are not finite: comparisons with NaN are all false, which would look like
    rank 1.
    """
    ranks = np.empty(len(true_product), np.int32)
    ranks_unseen = np.empty(len(true_product), np.int32)
    best = np.empty((len(true_product), min(TOP, len(candidate))), np.int64)
    for start in range(0, len(true_product), RANK_BLOCK):
        block = slice(start, start + RANK_BLOCK)
        scores = query[block] @ candidate.T
        if not np.isfinite(scores).all():
            raise FloatingPointError("the model gives scores that are not finite; its ranks would mean nothing")
        best[block] = tf.math.top_k(scores, best.shape[1]).indices.numpy()
        true = true_product[block]
        not_worse = scores >= scores[np.arange(len(true)), true][:, np.newaxis]
        ranks[block] = not_worse.sum(axis=1)
        bought_before = [seen.get(int(c), NOTHING) for c in customer[block]]
        above_and_seen = [row[products].sum() for row, products in zip(not_worse, bought_before, strict=True)]
        repeats = [product in products for product, products in zip(true, bought_before, strict=True)]
        ranks_unseen[block] = np.where(repeats, -1, ranks[block] - np.array(above_and_seen))
    return Ranked(ranks, ranks_unseen, best)


NOTHING = np.empty(0, np.int64)


def seen_products(train: Columns) -> dict[int, np.ndarray]:
    """The distinct products of each customer's training rows."""
    pairs = np.unique(np.stack([train["customer_index"], train["product_index"]], axis=1), axis=0)
    customers, starts = np.unique(pairs[:, 0], return_index=True)
    return dict(zip(customers.tolist(), np.split(pairs[:, 1], starts[1:]), strict=True))


def ranked(model: TwoTowerModel, columns: Columns, seen: Mapping[int, np.ndarray]) -> Ranked:
    """All evaluation rows against the whole catalogue."""
    catalogue = {name: column.numpy() for name, column in model.catalogue.items()}
    query, candidate = embed(model.buyer, columns), embed(model.product, catalogue)
    return rank(query, candidate, columns["product_index"], columns["customer_index"], seen)


def ranks_table(found: Ranked, columns: Columns, replicate: int) -> pa.Table:
    """One row per evaluation row."""
    unseen = found.ranks_unseen
    return pa.table(
        {
            "row_id": pa.array(columns["row_id"], pa.int64()),
            "customer_index": pa.array(columns["customer_index"], pa.int32()),
            "product_index": pa.array(columns["product_index"], pa.int32()),
            "replicate": pa.array(np.full(len(unseen), replicate), pa.int16()),
            "rank": pa.array(found.ranks, pa.int32()),
            "rank_excluding_seen": pa.array(unseen, pa.int32(), mask=unseen < 0),
        }
    )


def recommendations_table(found: Ranked, columns: Columns) -> pa.Table:
    """The best candidates for each customer's last evaluation row: (customer_index, place from 1, product_index)."""
    customers = columns["customer_index"]
    newest = np.lexsort((columns["row_id"], customers))
    last = newest[np.append(customers[newest][1:] != customers[newest][:-1], True)][:MOST_EXAMPLES]
    places = found.best.shape[1]
    return pa.table(
        {
            "customer_index": pa.array(np.repeat(customers[last], places), pa.int32()),
            "place": pa.array(np.tile(np.arange(1, places + 1), len(last)), pa.int16()),
            "product_index": pa.array(found.best[last].ravel(), pa.int32()),
        }
    )


# ------------------------------------------------------------------------------------------------------------- serving

NO_INTEGER = tf.int64.min  # stands for a missing integer or time; missing text is '', a missing number NaN
SPEAKABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True)
class Argument:
    """A raw column as a signature takes it: one value a row, of the type it has in the examples."""

    name: str
    column: str
    key: str
    dtype: tf.DType

    @property
    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec([None], self.dtype, name=self.name)

    @property
    def described(self) -> dict[str, Any]:
        missing = {"string": "", "int64": NO_INTEGER, "float32": "NaN"}[self.dtype.name]
        return {"argument": self.name, "column": self.column, "type": self.dtype.name, "missing": missing}


def arguments_of(
    features: Sequence[Feature], raw: Mapping[str, tf.io.VarLenFeature], reserved: Sequence[str]
) -> tuple[Argument, ...]:
    """The raw columns of a tower. An argument is called as its column where a SavedModel allows that (a plain name, no
    keyword of Python's, different from the others without regard to case), else as its key in the examples."""
    arguments: list[Argument] = []
    taken = {"self", *reserved}
    for key, column in {feature.key: feature.column for feature in features if feature.key}.items():
        names = itertools.chain((column, key), (f"{key}_{n}" for n in itertools.count(2)))
        name = next(n for n in names if SPEAKABLE.fullmatch(n) and not keyword.iskeyword(n) and n.lower() not in taken)
        taken.add(name.lower())
        arguments.append(Argument(name, column, key, raw[key].dtype))
    return tuple(arguments)


def item_arguments(
    training: Training, raw: Mapping[str, tf.io.VarLenFeature]
) -> tuple[tuple[Argument, ...], Argument | None]:
    """The arguments of a product, and which of them is its id; None where no vector depends on that."""
    key = training.settings.product_key
    if not training.settings.prior:
        return arguments_of(training.candidate, raw, []), None
    if key in raw and not raw[key].dtype.is_floating:
        columns = arguments_of(training.candidate, raw, [])
        return columns, next(argument for argument in columns if argument.key == key)
    product_id = Argument("product_id", "", "", tf.string)
    return (*arguments_of(training.candidate, raw, [product_id.name]), product_id), product_id


def sparse(values: tf.Tensor) -> tf.SparseTensor:
    """One value a row, or none where it is missing, as the transform reads its examples."""
    if values.dtype.is_floating:
        is_there = tf.math.logical_not(tf.math.is_nan(values))
    else:
        is_there = tf.not_equal(values, "" if values.dtype == tf.string else NO_INTEGER)
    rows = tf.where(is_there)[:, 0]
    indices = tf.stack([rows, tf.zeros_like(rows)], axis=1)
    return tf.SparseTensor(indices, tf.gather(values, rows), [tf.size(values, tf.int64), 1])


class Serving:
    """The towers behind the transform that they were trained on: raw columns in, as three signatures of a SavedModel.

    query: a customer's columns to `vector`. candidate: a product's columns to `vector`; with a prior its popularity is
    looked up by its id, which is an argument `product_id` more where none of the columns is it. recommend: a customer's
    columns and `k` to the `k` best `product_id` of the catalogue and their `score`, from the products of all vectors.
    """

    def __init__(
        self, model: TwoTowerModel, training: Training, transform: tft.TFTransformOutput, product_ids: Sequence[str]
    ) -> None:
        self.raw = transform.raw_feature_spec()
        self.graph = tf.saved_model.load(transform.transform_savedmodel_dir)
        self.buyer, self.product = model.buyer, model.product
        self.customer = arguments_of(training.query, self.raw, ["k"])
        self.item, self.product_id = item_arguments(training, self.raw)
        vectors = embed(model.product, {name: column.numpy() for name, column in model.catalogue.items()})
        self.vectors = tf.Variable(vectors, trainable=False, name="catalogue")
        self.product_ids = tf.constant(product_ids, tf.string)
        indexes = tf.range(len(product_ids), dtype=tf.int64)
        known = tf.lookup.KeyValueTensorInitializer(self.product_ids, indexes)
        self.index_of = tf.lookup.StaticHashTable(known, default_value=len(product_ids))

    @property
    def arguments(self) -> dict[str, tuple[Argument, ...]]:
        """By signature, `k` apart."""
        return {"query": self.customer, "candidate": self.item, "recommend": self.customer}

    def query_vectors(self, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
        return self.buyer(self._transformed(self.buyer, self.customer, values))

    def candidate_vectors(self, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
        inputs = self._transformed(self.product, self.item, values)
        if self.product_id:
            ids = values[self.product_id.name]
            text = ids if ids.dtype == tf.string else tf.strings.as_string(ids)
            inputs["product_index"] = self.index_of.lookup(text)
        return self.product(inputs)

    def _transformed(
        self, tower: Tower, arguments: Sequence[Argument], values: Mapping[str, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """The tower's inputs; what the transform takes for the other tower is missing in every row."""
        rows = tf.size(values[arguments[0].name], tf.int64)
        nowhere = tf.zeros([0, 2], tf.int64)
        inputs = {key: tf.SparseTensor(nowhere, tf.zeros([0], spec.dtype), [rows, 1]) for key, spec in self.raw.items()}
        inputs |= {argument.key: sparse(values[argument.name]) for argument in arguments if argument.key}
        outputs = self.graph.transform_fn(inputs)
        return {feature.name: outputs[feature.name] for feature in tower.features}

    def recommended(self, values: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        scores = tf.matmul(self.query_vectors(values), self.vectors, transpose_b=True)
        best = tf.math.top_k(scores, tf.minimum(values["k"], tf.size(self.product_ids)))
        return {"product_id": tf.gather(self.product_ids, best.indices), "score": best.values}

    def save(self, folder: str) -> None:
        """The SavedModel, and what its arguments mean in assets.extra/arguments.json."""
        specs = {name: {a.name: a.spec for a in arguments} for name, arguments in self.arguments.items()}
        specs["recommend"]["k"] = tf.TensorSpec([], tf.int32, name="k")
        signatures = {
            "query": _signature(specs["query"], lambda values: {"vector": self.query_vectors(values)}),
            "candidate": _signature(specs["candidate"], lambda values: {"vector": self.candidate_vectors(values)}),
            "recommend": _signature(specs["recommend"], self.recommended),
        }
        saved = tf.Module()
        saved.variables_of_towers = [*self.buyer.variables, *self.product.variables]
        saved.transform, saved.vectors, saved.index_of = self.graph, self.vectors, self.index_of
        tf.saved_model.save(saved, folder, signatures=signatures)
        described = {name: [a.described for a in arguments] for name, arguments in self.arguments.items()}
        write_json(os.path.join(folder, "assets.extra"), "arguments.json", described)


def _signature(specs: Mapping[str, tf.TensorSpec], function: Callable[[Any], dict[str, tf.Tensor]]) -> Any:
    return tf.function(function, input_signature=[specs], autograph=False)


# -------------------------------------------------------------------------------------------------- reading and writing


def load(files: Sequence[str], names: Sequence[str], fn_args: Any, schema: Any) -> Columns:
    """The named outputs of a split, whole, in memory."""
    options = tfxio.RecordBatchesOptions(batch_size=EMBED_BLOCK, num_epochs=1, shuffle=False)
    batches = list(fn_args.data_accessor.record_batch_factory(list(files), options, schema))
    return {name: _column(batches, name) for name in names}


def _column(batches: Sequence[pa.RecordBatch], name: str) -> np.ndarray:
    arrays = [batch.column(batch.schema.get_field_index(name)) for batch in batches]
    rows = sum(len(array) for array in arrays)
    values = np.concatenate([array.flatten().to_numpy(zero_copy_only=False) for array in arrays])
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(np.int64) if len(values) == rows else values.astype(np.int64).reshape(rows, -1)
    return values.astype(np.float32).reshape(rows, -1)


def catalogue_files(fn_args: Any) -> list[str]:
    """The files of the split 'catalogue', which lies beside 'train'."""
    folder = os.path.join(_examples_folder(fn_args), "Split-catalogue")
    return [os.path.join(folder, os.path.basename(pattern)) for pattern in fn_args.train_files]


def _examples_folder(fn_args: Any) -> str:
    """Where the splits lie side by side."""
    return os.path.dirname(os.path.dirname(fn_args.train_files[0]))


def product_ids(fn_args: Any, catalogue: int) -> list[str]:
    """The catalogue's ids in the order of product_index, from protocol/products.parquet beside the splits. A pipeline
    that leaves none there calls its products by their product_index."""
    path = os.path.join(_examples_folder(fn_args), "protocol", "products.parquet")
    if not tf.io.gfile.exists(path):
        return [str(index) for index in range(catalogue)]
    with tf.io.gfile.GFile(path, "rb") as file:
        table = pq.read_table(pa.BufferReader(file.read()), columns=["product_index", "product_id"])
    table = table.sort_by("product_index")
    if table["product_index"].to_pylist() != list(range(catalogue)):
        raise ValueError(f"{path} and the split 'catalogue' hold different products")
    return list(table["product_id"].to_pylist())


def vocabulary_report(training: Training, evaluation: Columns) -> dict[str, dict[str, Any]]:
    """Size and out-of-vocabulary share of every vocabulary, by column (by output where a column has two)."""
    report: dict[str, dict[str, Any]] = {}
    for tower, features in (("query", training.query), ("candidate", training.candidate)):
        for feature in features:
            if not feature.has_vocabulary:
                continue
            name = feature.name if feature.column in report else feature.column
            report[name] = {
                "tower": tower,
                "vocab_size": feature.known,
                "oov_rate": _oov_rate(feature, tower, evaluation, training.catalogue),
                "train_oov_rate": _oov_rate(feature, tower, training.train, training.catalogue),
            }
    return report


def _oov_rate(feature: Feature, tower: str, rows: Columns, catalogue: Columns) -> float:
    ids = rows[feature.name] if tower == "query" else catalogue[feature.name][rows["product_index"]]
    ids = ids[ids >= 0]
    return float(np.mean(ids >= feature.known)) if len(ids) else 0.0


def run_fn(fn_args: Any) -> None:
    """Called by the TFX Trainer."""
    tf.config.experimental.enable_op_determinism()
    progress: Progress = getattr(fn_args, "on_progress", lambda *_: None)
    settings = Settings.of(fn_args.custom_config)
    clock = Stopwatch()
    transform = tft.TFTransformOutput(fn_args.transform_output)
    training, evaluation = read_splits(fn_args, transform, settings)
    seen = seen_products(training.train)
    clock.lap("load")
    tables, replicates = [], []
    for replicate in range(settings.replicates):
        started, seed = time.monotonic(), settings.seed + replicate
        model, losses, steps = fit(training, seed, _part(progress, replicate, settings.replicates))
        clock.lap("fit")
        found = ranked(model, evaluation, seen)
        tables.append(ranks_table(found, evaluation, replicate))
        clock.lap("rank")
        run = {"replicate": replicate, "seed": seed, "loss": losses, "steps": steps}
        seconds, distinct = round(time.monotonic() - started, 3), len(np.unique(found.best))
        replicates.append({**run, "seconds": seconds, "distinct_in_top10": distinct})
        if replicate == 0:
            write_table(fn_args.model_run_dir, "recommendations.parquet", recommendations_table(found, evaluation))
            parameters = int(sum(np.prod(variable.shape) for variable in model.trainable_variables))
            ids = product_ids(fn_args, len(training.catalogue["product_index"]))
            Serving(model, training, transform, ids).save(fn_args.serving_model_dir)
            write_embeddings(os.path.join(fn_args.model_run_dir, "embeddings"), model)
            clock.lap("save")
    report = {
        "schema": 1,
        "config": {"name": CONFIG_NAME, "version": CONFIG_VERSION, "hash": CONFIG_HASH},
        "tensor_dims": {"buyer": BUYER_TENSOR_DIM, "product": PRODUCT_TENSOR_DIM},
        "replicates": replicates,
        "vocabulary": vocabulary_report(training, evaluation),
        "catalogue": len(training.catalogue["product_index"]),
        "parameters": parameters,
        "embeddings": sorted(f.name for f in (*training.query, *training.candidate) if f.is_ids),
        "timings": clock.laps,
    }
    write_table(fn_args.model_run_dir, "ranks.parquet", pa.concat_tables(tables))
    write_json(fn_args.model_run_dir, "training.json", report)


def read_splits(fn_args: Any, transform: tft.TFTransformOutput, settings: Settings) -> tuple[Training, Columns]:
    query, candidate = features_of(QUERY_OUTPUTS, transform), features_of(CANDIDATE_OUTPUTS, transform)
    query_names, candidate_names = [f.name for f in query], [f.name for f in candidate]
    schema = transform.transformed_metadata.schema
    train = load(fn_args.train_files, [*query_names, *INDEX_COLUMNS], fn_args, schema)
    evaluation = load(fn_args.eval_files, [*query_names, *INDEX_COLUMNS], fn_args, schema)
    catalogue = load(catalogue_files(fn_args), [*candidate_names, "product_index"], fn_args, schema)
    order = np.argsort(catalogue["product_index"])
    catalogue = {name: column[order] for name, column in catalogue.items()}
    return Training(query, candidate, train, catalogue, settings), evaluation


def _part(progress: Progress, replicate: int, replicates: int) -> Progress:
    """Progress of one replicate as progress of them all."""
    label = f"replicate {replicate + 1} of {replicates}, " if replicates > 1 else ""
    return lambda share, doing: progress((replicate + share) / replicates, label + doing)


def write_table(folder: str, name: str, table: pa.Table) -> None:
    parquet = pa.BufferOutputStream()
    pq.write_table(table, parquet)
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(os.path.join(folder, name), "wb") as file:
        file.write(parquet.getvalue().to_pybytes())


def write_embeddings(folder: str, model: TwoTowerModel) -> None:
    """The learned vectors of every output of ids, float32 [ids, dim], as <output>.npy."""
    tf.io.gfile.makedirs(folder)
    for tower in (model.buyer, model.product):
        for name, layer in tower.embeddings.items():
            array = io.BytesIO()
            np.save(array, layer.embeddings.numpy())
            with tf.io.gfile.GFile(os.path.join(folder, f"{name}.npy"), "wb") as file:
                file.write(array.getvalue())


def write_json(folder: str, name: str, content: Mapping[str, Any]) -> None:
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(os.path.join(folder, name), "w") as file:
        file.write(json.dumps(content, indent=1, sort_keys=True, allow_nan=False))


class Stopwatch:
    """Seconds by name; laps of the same name add up."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name] = round(self.laps.get(name, 0.0) + now - self._last, 3)
        self._last = now
