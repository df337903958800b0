"""What the Trainer leaves behind, on ordinary and on odd tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import chain
import numpy as np
import pandas as pd
import pipeline_jobs as jobs
import pyarrow.parquet as pq
import pytest
import retail_config
import tensorflow as tf
from pipeline import columnar
from shop import shop_rows
from towerlab.configs.features import feature_keys

SETTINGS = jobs.settings(batch_size=64, epochs=1, replicates=2)


@pytest.fixture(scope="module")
def folder(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chain.whole(tmp_path_factory.mktemp("whole"), shop, jobs.plan(), SETTINGS)


def test_every_evaluation_row_has_one_rank_per_replicate(folder: Path) -> None:
    ranks = pq.read_table(folder / "model_run/ranks.parquet")
    assert {name: str(ranks.schema.field(name).type) for name in ranks.column_names} == {
        "row_id": "int64",
        "customer_index": "int32",
        "product_index": "int32",
        "replicate": "int16",
        "rank": "int32",
        "rank_excluding_seen": "int32",
    }
    frame, rows = ranks.to_pandas(), pq.read_table(folder / "examples/protocol/rows.parquet").to_pandas()
    expected = sorted(rows[rows["split"] == "eval"]["row_id"])
    for replicate in (0, 1):
        assert sorted(frame[frame["replicate"] == replicate]["row_id"]) == expected
    joined = frame.merge(rows, on="row_id")
    assert (joined["product_index_x"] == joined["product_index_y"]).all()


def test_no_rank_among_unseen_products_for_what_was_bought_before(folder: Path) -> None:
    frame = pq.read_table(folder / "model_run/ranks.parquet").to_pandas()
    rows = pq.read_table(folder / "examples/protocol/rows.parquet").to_pandas()
    train = rows[rows["split"] == "train"]
    bought = set(zip(train["customer_index"], train["product_index"], strict=True))
    pairs = zip(frame["customer_index"], frame["product_index"], strict=True)
    repeats = np.array([pair in bought for pair in pairs])
    assert repeats.any()
    assert (frame["rank_excluding_seen"].isna() == repeats).all()
    others = frame[~repeats]
    assert (others["rank_excluding_seen"] <= others["rank"]).all()


def test_the_training_report_is_complete(folder: Path) -> None:
    report = json.loads((folder / "model_run/training.json").read_text())
    assert [replicate["seed"] for replicate in report["replicates"]] == [0, 1]
    assert report["replicates"][0]["loss"] != report["replicates"][1]["loss"]
    assert set(report["vocabulary"]) == {"CustomerID", "Country", "StockCode", "Description"}
    assert 0 < report["vocabulary"]["CustomerID"]["oov_rate"] <= 1
    assert report["catalogue"] == len(pq.read_table(folder / "examples/protocol/products.parquet"))
    assert report["parameters"] > 0


def test_the_saved_towers_give_vectors_of_the_shared_width(folder: Path) -> None:
    model = tf.saved_model.load(str(folder / "model/Format-Serving"))
    rows = columnar.read_split(str(folder / "transformed_examples"), "catalogue").slice(0, 5)
    names = ("Description", "StockCode", "UnitPrice_norm", "UnitPrice_bucket", "product_index")  # in tower order
    columns = {f"{name}_{place}": np.array(rows[name].to_pylist()) for place, name in enumerate(names)}
    inputs = {n: tf.constant(c, tf.float32) if c.dtype == float else tf.constant(c[:, 0]) for n, c in columns.items()}
    vectors = model.signatures["candidate"](**inputs)["vector"]
    assert vectors.shape == (5, 33)  # the shared output and the prior
    assert np.isfinite(vectors).all()


def missing_and_hostile() -> pd.DataFrame:
    """No country, no price, descriptions with line breaks and zero bytes."""
    rows = shop_rows()
    rows["Country"] = pd.Series([None] * len(rows), dtype="string")
    rows["UnitPrice"] = np.nan
    rows["Description"] = "a\nb\0c 日本 '" + rows["Description"]
    return rows


def everything_alike() -> pd.DataFrame:
    """One customer, one product, one moment, one price."""
    return shop_rows().assign(CustomerID="c", StockCode="p", InvoiceDate=pd.Timestamp("2011-01-01"), UnitPrice=2.5)


@pytest.mark.parametrize("table", [missing_and_hostile, everything_alike])
def test_odd_tables_run_through(table: Callable[[], pd.DataFrame], tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "snapshot.parquet", index=False)
    folder = chain.whole(tmp_path, tmp_path / "snapshot.parquet", jobs.plan(), {**SETTINGS, "replicates": 1})
    frame = pq.read_table(folder / "model_run/ranks.parquet").to_pandas()
    assert len(frame) > 0
    assert (frame["rank"] >= 1).all()


HOSTILE = {
    "CustomerID": "self",
    "Country": "we\"ird', ; --\n\u5217",
    "StockCode": "Xx",
    "Description": "xX",
    "UnitPrice": "class",
    "InvoiceDate": "_when",
}


def test_hostile_column_names_run_through(tmp_path: Path) -> None:
    shop_rows().rename(columns=HOSTILE).to_parquet(tmp_path / "snapshot.parquet", index=False)
    types = {HOSTILE.get(name, name): kind for name, kind in retail_config.RETAIL_TYPES.items()}
    buyer, product = (
        tuple({**feature, "column": HOSTILE[feature["column"]]} for feature in tower)
        for tower in (retail_config.BUYER, retail_config.PRODUCT)
    )
    config = retail_config.resolved(buyer, product, types)
    columns = [
        {"column": column, "type": str(types[column]), "key": key, "side": str(side)}
        for (side, column), key in feature_keys(config).items()
    ]
    roles = {role: HOSTILE.get(column, column) for role, column in jobs.RETAIL_ROLES.items()}
    plan = {**jobs.plan(roles=roles), "columns": columns}
    folder = chain.whole(tmp_path, tmp_path / "snapshot.parquet", plan, {**SETTINGS, "customer_key": "self"}, config)
    assert len(pq.read_table(folder / "model_run/ranks.parquet")) > 0
    assert tf.saved_model.load(str(folder / "model/Format-Serving")).signatures["query"]
    report = json.loads((folder / "model_run/training.json").read_text())
    assert set(report["vocabulary"]) == {"self", HOSTILE["Country"], "Xx", "xX"}
