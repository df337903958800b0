"""What the Trainer leaves behind, on ordinary and on odd tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chain
import numpy as np
import pandas as pd
import pipeline_jobs as jobs
import pyarrow.parquet as pq
import pytest
import retail_config
import serving
import tensorflow as tf
import towers
from pipeline import columnar
from shop import shop_rows
from towerlab.configs import reference
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigLists
from towerlab.configs.features import feature_keys, sources
from towerlab.domain.columns import ColumnType
from towerlab.transforms.fitted import Fitted

ANEW = """
import json, sys, chain
from pathlib import Path
folder, shop, plan, settings = json.loads(sys.argv[1])
chain.whole(Path(folder), Path(shop), plan, settings)
"""
SETTINGS = jobs.settings(batch_size=64, epochs=1, replicates=2)


def test_every_evaluation_row_has_one_rank_per_replicate(trained_shop: Path) -> None:
    ranks = pq.read_table(trained_shop / "model_run/ranks.parquet")
    assert {name: str(ranks.schema.field(name).type) for name in ranks.column_names} == {
        "row_id": "int64",
        "customer_index": "int32",
        "product_index": "int32",
        "replicate": "int16",
        "rank": "int32",
        "rank_excluding_seen": "int32",
    }
    frame, rows = ranks.to_pandas(), pq.read_table(trained_shop / "examples/protocol/rows.parquet").to_pandas()
    expected = sorted(rows[rows["split"] == "eval"]["row_id"])
    for replicate in (0, 1):
        assert sorted(frame[frame["replicate"] == replicate]["row_id"]) == expected
    joined = frame.merge(rows, on="row_id")
    assert (joined["product_index_x"] == joined["product_index_y"]).all()


def test_another_process_gives_the_same_ranks_losses_and_lists(trained_shop: Path, shop: Path, tmp_path: Path) -> None:
    given = json.dumps([str(tmp_path), str(shop), jobs.plan(), SETTINGS])
    command = [sys.executable, "-W", "ignore", "-c", ANEW, given]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    for name in ("ranks", "recommendations"):
        again, first = (pq.read_table(run / f"model_run/{name}.parquet") for run in (tmp_path, trained_shop))
        assert again.equals(first), name
    reports = [json.loads((run / "model_run/training.json").read_text()) for run in (tmp_path, trained_shop)]
    losses = [[replicate["loss"] for replicate in report["replicates"]] for report in reports]
    assert losses[0] == losses[1]


def test_no_rank_among_unseen_products_for_what_was_bought_before(trained_shop: Path) -> None:
    frame = pq.read_table(trained_shop / "model_run/ranks.parquet").to_pandas()
    rows = pq.read_table(trained_shop / "examples/protocol/rows.parquet").to_pandas()
    train = rows[rows["split"] == "train"]
    bought = set(zip(train["customer_index"], train["product_index"], strict=True))
    pairs = zip(frame["customer_index"], frame["product_index"], strict=True)
    repeats = np.array([pair in bought for pair in pairs])
    assert repeats.any()
    assert (frame["rank_excluding_seen"].isna() == repeats).all()
    others = frame[~repeats]
    assert (others["rank_excluding_seen"] <= others["rank"]).all()


def test_the_training_report_is_complete(trained_shop: Path) -> None:
    report = json.loads((trained_shop / "model_run/training.json").read_text())
    assert [replicate["seed"] for replicate in report["replicates"]] == [0, 1]
    assert report["replicates"][0]["loss"] != report["replicates"][1]["loss"]
    assert all(0 < replicate["distinct_in_top10"] <= report["catalogue"] for replicate in report["replicates"])
    recommended = pq.read_table(trained_shop / "model_run/recommendations.parquet").to_pandas()
    judged = pq.read_table(trained_shop / "model_run/ranks.parquet").to_pandas()
    assert set(recommended["customer_index"]) == set(judged["customer_index"])
    assert recommended.groupby("customer_index")["product_index"].nunique().eq(10).all()
    assert set(report["vocabulary"]) == {"CustomerID", "Country", "StockCode", "Description"}
    assert 0 < report["vocabulary"]["CustomerID"]["oov_rate"] <= 1
    assert report["catalogue"] == len(pq.read_table(trained_shop / "examples/protocol/products.parquet"))
    assert report["parameters"] > 0


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
    model = folder / "model/Format-Serving"
    assert {a["column"] for a in serving.arguments(model, "query")} == {
        HOSTILE[f["column"]] for f in retail_config.BUYER
    }
    rows = {
        a["argument"]: tf.constant([towers.MISSING[a["type"]]], a["type"]) for a in serving.arguments(model, "query")
    }
    assert tf.saved_model.load(str(model)).signatures["recommend"](**rows, k=tf.constant(2))["score"].shape == (1, 2)
    report = json.loads((folder / "model_run/training.json").read_text())
    assert set(report["vocabulary"]) == {"self", HOSTILE["Country"], "Xx", "xX"}


TAGS = {"column": "Tags", "type": "multi_hot", "separator": "|", "embedding_dim": 8, "max_tags": 4}
BUCKETS = {"bucketize": {"enabled": True, "buckets": 8, "embedding_dim": 4}}
AMOUNT = {
    "column": "InvoiceNo",
    "type": "numeric",
    "transforms": {"log_transform": True, "normalize": {"enabled": True}, **BUCKETS},
}


def tagged_shop() -> pd.DataFrame:
    """Ids are integers, products have up to five tags; one of six has none."""
    rows, rng = shop_rows(), np.random.default_rng(1)
    number = rows["StockCode"].str[1:].where(rows["StockCode"] != "pnew", "99").astype("Int64")
    tags = ["|".join(rng.choice([" a", "b", "c", "d", "日本"], n)) for n in rng.integers(0, 6, 100)]
    worn = [None if product is pd.NA else tags[product] for product in number]
    return rows.assign(StockCode=number, Tags=worn, InvoiceNo=rng.integers(0, 9, len(rows)))


TAGGED = resolve(
    ConfigLists(
        (retail_config.text("CustomerID", 8), retail_config.text("Country", 4), AMOUNT),
        (retail_config.text("StockCode", 8), TAGS),
        ({"features": ["Country", "InvoiceNo_bucket"], "hash_bucket_size": 100, "embedding_dim": 4},),
        (),
    ),
    {
        **retail_config.RETAIL_TYPES,
        "StockCode": ColumnType.INTEGER,
        "InvoiceNo": ColumnType.INTEGER,
        "Tags": ColumnType.STRING,
    },
)
VARIANTS = (
    {"hidden_layers": [16, 8]},
    {"optimizer": "adam", "learning_rate": 0.01, "oov_dropout": 0.0},
    {"logq": False, "prior": False, "replicates": 2, "warmup_steps": 0},
)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything up to the Trainer, of a config with tags, a cross and integer ids."""
    folder = tmp_path_factory.mktemp("tagged")
    tagged_shop().to_parquet(folder / "snapshot.parquet", index=False)
    columns = [("CustomerID", "STRING", "query"), ("Country", "STRING", "query"), ("InvoiceNo", "INTEGER", "query")]
    columns += [("StockCode", "INTEGER", "candidate"), ("Tags", "STRING", "candidate")]
    chain.before_training(folder, folder / "snapshot.parquet", jobs.plan(columns), TAGGED)
    return folder


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_tags_crosses_and_integer_ids_run_through_with_every_kind_of_setting(
    tagged: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    chain.trained_again(tagged, tmp_path, {**SETTINGS, "replicates": 1, **changes})
    ranks = pq.read_table(tmp_path / "model_run/ranks.parquet").to_pandas()
    assert sorted(set(ranks["replicate"])) == list(range(changes.get("replicates", 1)))
    model = tmp_path / "model/Format-Serving"
    signatures = tf.saved_model.load(str(model)).signatures
    products = serving.raw_columns(tagged, "catalogue", model, "candidate")
    customers = serving.raw_columns(tagged, "eval", model, "query")
    vectors = signatures["candidate"](**products)["vector"].numpy()
    scores = signatures["query"](**customers)["vector"].numpy() @ vectors.T
    best = signatures["recommend"](**customers, k=tf.constant(1))
    np.testing.assert_allclose(best["score"][:, 0], scores.max(axis=1), rtol=1e-5, atol=1e-6)
    ids = products["StockCode"].numpy()[scores.argmax(axis=1)]
    assert np.mean(best["product_id"][:, 0].numpy().astype(int) == ids) > 0.99  # ties may fall either way


def test_a_product_without_tags_has_zeros_where_others_have_their_mean(tagged: Path) -> None:
    ids = np.array(columnar.read_split(str(tagged / "transformed_examples"), "catalogue")["Tags"].to_pylist())
    raw = columnar.read_split(str(tagged / "examples"), "catalogue")["Tags"].to_pylist()
    has_none = np.array([not row or not row[0].strip(b" |") for row in raw])
    assert has_none.any()
    assert ((ids == -1).all(axis=1) == has_none).all()


def test_what_was_fitted_and_learned_is_left_for_previews(tagged: Path, tmp_path: Path) -> None:
    """The reference, given fitted.json, computes what TFT put out; the vectors are those of the trained towers."""
    chain.trained_again(tagged, tmp_path, {**SETTINGS, "replicates": 1})
    stored = json.loads((tagged / "transform_graph/fitted.json").read_text())
    fitted = Fitted(
        stored["numbers"],
        {name: tuple(values) for name, values in stored["boundaries"].items()},
        {name: tuple(values) for name, values in stored["vocabularies"].items()},
    )
    raw = columnar.read_split(str(tagged / "examples"), "eval")
    rows = {source.key: [_plain(row) for row in raw[source.key].to_pylist()] for source in sources(TAGGED).values()}
    found = columnar.read_split(str(tagged / "transformed_examples"), "eval")
    for name, expected in reference.outputs(TAGGED, fitted, rows).items():
        given = np.array(found[name].to_pylist()).reshape(expected.shape)
        np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6, err_msg=name)
    report = json.loads((tmp_path / "model_run/training.json").read_text())
    tables = {name: np.load(tmp_path / f"model_run/embeddings/{name}.npy") for name in report["embeddings"]}
    assert {name: table.shape[1] for name, table in tables.items()} == {
        "CustomerID": 8,
        "Country": 4,
        "InvoiceNo_bucket": 4,
        "StockCode": 8,
        "Tags": 8,
    } | {"Country_x_InvoiceNo_bucket": 4}
    assert len(tables["CustomerID"]) == len(fitted.vocabularies["CustomerID_vocab_100000_5"]) + 10
    assert all(np.isfinite(table).all() for table in tables.values())


def _plain(row: Any) -> Any:
    value = row[0] if row else None
    return value.decode() if isinstance(value, bytes) else value
