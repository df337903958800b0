"""Models of the package implicit, trained and judged on the rows of a quick test; runs in the baselines environment.

    .envs/baselines/bin/python benchmarks/implicit_models.py MODEL SETTINGS SEEDS ROWS PRODUCTS RANKS

MODEL is als, cosine or bm25 (both item-kNN), SETTINGS a JSON object. ROWS and PRODUCTS are the quick test's own files
of its splits (rows.parquet and products.parquet), RANKS is written as its trainer writes ranks.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit has threads of its own

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, bm25_weight
from implicit.utils import ParameterWarning

warnings.filterwarnings("ignore", category=ParameterWarning)  # implicit's own conversions inside of `fit`

BLOCK = 256  # customers scored at a time

Settings = Mapping[str, Any]
Scores = Callable[[np.ndarray], np.ndarray]  # customers to [customers, products]


@dataclass(frozen=True)
class Purchases:
    """`counts` are training rows, [customers, products], and `popularity` their sum over customers; `customer`,
    `product` and `row_id` are of the evaluation rows."""

    counts: sp.csr_matrix
    popularity: np.ndarray
    customer: np.ndarray
    product: np.ndarray
    row_id: np.ndarray


def read(rows_path: str, products_path: str) -> Purchases:
    rows, products = pq.read_table(rows_path), pq.read_table(products_path)
    training = np.asarray(rows["split"].to_pylist()) == "train"
    product, row_id = (rows[name].to_numpy() for name in ("product_index", "row_id"))
    # customers outside of the sample would be empty rows, and make the average customer of BM25 a smaller one
    customers, customer = np.unique(rows["customer_index"].to_numpy(), return_inverse=True)
    shape = (len(customers), len(products))
    ones = np.ones(training.sum(), np.float32)
    counts = sp.csr_matrix((ones, (customer[training], product[training])), shape=shape)
    popularity = products["train_rows"].to_numpy()
    if not np.array_equal(np.asarray(counts.sum(axis=0)).ravel(), popularity):
        raise ValueError("the training rows are not those that the products' counts were made from")
    return Purchases(counts, popularity, customer[~training], product[~training], row_id[~training])


def als(purchases: Purchases, settings: Settings, seed: int) -> Scores:
    """Hu, Koren, Volinsky, 'Collaborative filtering for implicit feedback datasets' (2008), on log(1 + rows)."""
    model = AlternatingLeastSquares(**settings, random_state=seed)
    model.fit(purchases.counts.log1p().tocsr(), show_progress=False)
    return lambda customers: model.user_factors[customers] @ model.item_factors.T


def cosine(purchases: Purchases, settings: Settings, _: int) -> Scores:
    """Cosine of products by their BM25-weighted customers."""
    model = CosineRecommender(K=settings["K"])
    model.fit(bm25_weight(purchases.counts, K1=settings["K1"], B=settings["B"]).tocsr(), show_progress=False)
    return _votes(purchases, model.similarity)


def bm25(purchases: Purchases, settings: Settings, _: int) -> Scores:
    """Products are alike by the product of their BM25 weights, which prefers those that many bought."""
    model = BM25Recommender(**settings)
    model.fit(purchases.counts.log1p().tocsr(), show_progress=False)
    return _votes(purchases, model.similarity)


def _votes(purchases: Purchases, similarity: sp.csr_matrix) -> Scores:
    """A customer's products vote for those like them with log(1 + rows), themselves included."""
    votes = purchases.counts.log1p().tocsr()
    return lambda customers: np.asarray((votes[customers] @ similarity).todense())


MODELS: Mapping[str, Callable[[Purchases, Settings, int], Scores]] = {"als": als, "cosine": cosine, "bm25": bm25}


def ranked(purchases: Purchases, scores: Scores) -> np.ndarray:
    """Each evaluation row's rank of its product, from 1. Equal scores go by popularity, so that who bought nothing in
    training is shown the popular products; what is equal in both counts against the model."""
    found = np.empty(len(purchases.row_id), np.int32)
    for own_scores, places in _by_customer(purchases, scores):
        products, inverse = np.unique(purchases.product[places], return_inverse=True)
        found[places] = ranks(own_scores, purchases.popularity, products)[inverse]
    return found


def _by_customer(purchases: Purchases, scores: Scores) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The scores of all products, and which evaluation rows are of that customer."""
    customers, starts = np.unique(np.sort(purchases.customer), return_index=True)
    places = np.split(np.argsort(purchases.customer, kind="stable"), starts[1:])
    for start in range(0, len(customers), BLOCK):
        block = scores(customers[start : start + BLOCK])
        if not np.isfinite(block).all():
            raise FloatingPointError("the model gives scores that are not finite; its ranks would mean nothing")
        yield from zip(block, places[start : start + BLOCK], strict=True)


def ranks(scores: np.ndarray, popularity: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Of `products` among all, by one customer's scores."""
    own, own_popularity = scores[products][:, np.newaxis], popularity[products][:, np.newaxis]
    not_worse = (scores > own) | ((scores == own) & (popularity >= own_popularity))
    return np.asarray(not_worse.sum(axis=1))


def table(purchases: Purchases, found: np.ndarray, replicate: int) -> pa.Table:
    rows = len(found)
    return pa.table(
        {
            "row_id": pa.array(purchases.row_id, pa.int64()),
            "product_index": pa.array(purchases.product, pa.int32()),
            "replicate": pa.array(np.full(rows, replicate), pa.int16()),
            "rank": pa.array(found, pa.int32()),
            "rank_excluding_seen": pa.nulls(rows, pa.int32()),
        }
    )


def main(name: str, settings: str, seeds: str, rows: str, products: str, target: str) -> None:
    purchases, chosen = read(rows, products), json.loads(settings)
    tables = [
        table(purchases, ranked(purchases, MODELS[name](purchases, chosen, seed)), seed - 1)
        for seed in range(1, int(seeds) + 1)
    ]
    pq.write_table(pa.concat_tables(tables), target)


if __name__ == "__main__":
    main(*sys.argv[1:])
