"""ExampleGen against a plain Python reading of the rules, on a small shop with every kind of dirt."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pipeline_jobs as jobs
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from pipeline import columnar, example_gen, split_plan
from shop import shop_rows
from tfx.types import standard_artifacts


@dataclass(frozen=True)
class Examples:
    artifact: Any
    summary: Mapping[str, Any]

    def split(self, name: str) -> pd.DataFrame:
        """The split's rows, missing values as None."""
        table = columnar.read_split(self.artifact.uri, name)
        plain = {column: [_one(value) for value in table[column].to_pylist()] for column in table.column_names}
        return pd.DataFrame(plain, dtype=object)

    def protocol(self, name: str) -> pd.DataFrame:
        return pq.read_table(f"{self.artifact.uri}/protocol/{name}.parquet").to_pandas()


def _one(values: list[Any]) -> Any:
    assert len(values) <= 1
    value = values[0] if values else None
    return value.decode() if isinstance(value, bytes) else value


def generate(snapshot: Path, folder: Path, **changes: Any) -> Examples:
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    plan = split_plan.parse(json.dumps(jobs.plan(**changes)))
    example_gen.write_examples(plan, str(snapshot), artifact)
    return Examples(artifact, json.loads((folder / "protocol/summary.json").read_text()))


@pytest.fixture(scope="module")
def full(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return generate(shop, tmp_path_factory.mktemp("full"))


def qualifying() -> pd.DataFrame:
    rows = shop_rows()
    return rows[rows["CustomerID"].notna() & rows["StockCode"].notna() & (rows["Quantity"] > 0)]


def by_time() -> tuple[pd.DataFrame, pd.DataFrame]:
    """(training, evaluation): the newest tenth of all qualifying rows is evaluation."""
    rows = qualifying().sort_values(["InvoiceDate", "row_id"])
    cut = len(rows) * 9 // 10
    return rows.iloc[:cut], rows.iloc[cut:]


def in_sample(customer: str, percent: int) -> bool:
    return int(hashlib.md5(f"s|{customer}".encode()).hexdigest()[:8], 16) % 10_000 < percent * 100


def test_rows_that_do_not_qualify_are_counted_under_their_first_reason(full: Examples) -> None:
    rows = shop_rows()
    no_customer = rows["CustomerID"].isna()
    no_product = ~no_customer & rows["StockCode"].isna()
    not_bought = ~no_customer & ~no_product & (rows["Quantity"] <= 0)
    counted = full.summary["rows"]
    assert counted["total"] == len(rows)
    assert counted["no_customer"] == no_customer.sum()
    assert counted["no_product"] == no_product.sum()
    assert counted["not_bought"] == not_bought.sum()
    assert counted["qualify"] == len(qualifying())


def test_the_newest_tenth_is_evaluation(full: Examples) -> None:
    train, evaluation = by_time()
    assert full.summary["split"] == "time"
    assert sorted(full.split("fit")["row_id"]) == sorted(train["row_id"])
    assert sorted(full.split("train")["row_id"]) == sorted(train["row_id"])
    assert sorted(full.split("eval")["row_id"]) == sorted(evaluation["row_id"])


def test_a_sample_keeps_whole_customers_and_is_taken_after_the_cut(shop: Path, tmp_path: Path) -> None:
    sampled = generate(shop, tmp_path, sample_percent=25)
    train, evaluation = by_time()
    for split, rows in (("train", train), ("eval", evaluation)):
        expected = rows[[in_sample(customer, 25) for customer in rows["CustomerID"]]]
        assert sorted(sampled.split(split)["row_id"]) == sorted(expected["row_id"])
    assert sorted(sampled.split("fit")["row_id"]) == sorted(train["row_id"])
    assert len(sampled.split("catalogue")) == qualifying()["StockCode"].nunique()
    rows = sampled.protocol("rows")
    assert len(rows) == len(sampled.split("train")) + len(sampled.split("eval"))
    train_rows = sampled.protocol("products")["train_rows"].sum()
    assert train_rows == len(sampled.split("train"))


def test_last_rows_of_each_customer(shop: Path, tmp_path: Path) -> None:
    last = generate(shop, tmp_path, split="last")
    expected: list[int] = []
    for _, rows in qualifying().sort_values(["InvoiceDate", "row_id"]).groupby("CustomerID"):
        keep = len(rows) * 4 // 5 if len(rows) > 1 else 1
        expected += rows["row_id"].tolist()[keep:]
    assert sorted(last.split("eval")["row_id"]) == sorted(expected)
    assert last.summary["unseen"]["customers"] == 0


def test_random_rows_without_dates(shop: Path, tmp_path: Path) -> None:
    roles = {"customer_id": "CustomerID", "product_id": "StockCode", "quantity": "Quantity"}
    random = generate(shop, tmp_path, roles=roles)
    hashed = [int(hashlib.md5(f"r|{row}".encode()).hexdigest()[:8], 16) % 10_000 for row in qualifying()["row_id"]]
    assert random.summary["split"] == "random"
    assert len(random.split("eval")) == sum(value < 1000 for value in hashed)


def test_customers_who_do_not_come_back_are_split_by_their_last_rows(tmp_path: Path) -> None:
    days = pd.date_range("2011-01-01", periods=200, freq="D")
    rows = {
        "row_id": range(200),
        "c": [f"c{i // 5}" for i in range(200)],
        "p": [f"p{i % 7}" for i in range(200)],
        "t": days,
    }
    pd.DataFrame(rows).to_parquet(tmp_path / "s.parquet")
    roles = {"customer_id": "c", "product_id": "p", "transaction_date": "t"}
    made = generate(tmp_path / "s.parquet", tmp_path / "out", roles=roles, columns=[])
    assert made.summary["split"] == "last"
    assert "never seen before" in made.summary["reason"]


def test_a_product_carries_one_value_in_every_split(full: Examples) -> None:
    train, evaluation = by_time()
    seen = set(train["StockCode"])
    own_rows = pd.concat([train, evaluation[~evaluation["StockCode"].isin(seen)]])
    ids = full.protocol("products").set_index("product_index")["product_id"]
    catalogue = full.split("catalogue").set_index("product_index")
    for index, product in ids.items():
        rows = own_rows[own_rows["StockCode"] == product]
        assert catalogue.loc[index, "Description"] == most_frequent(rows["Description"])
        prices = rows["UnitPrice"].dropna()
        price = catalogue.loc[index, "UnitPrice"]
        assert price == pytest.approx(np.median(prices)) if len(prices) else price is None
    for split in ("fit", "train", "eval"):
        for row in full.split(split).itertuples():
            assert row.Description == catalogue.loc[row.product_index, "Description"]
            assert row.StockCode == ids[row.product_index]


def most_frequent(values: pd.Series) -> str:
    counts = Counter(values.dropna())
    return min(counts, key=lambda value: (-counts[value], value))


def test_a_product_of_the_evaluation_rows_alone_is_in_the_catalogue_and_marked(full: Examples) -> None:
    products = full.protocol("products").set_index("product_id")
    assert not products.loc["pnew", "in_training"]
    assert products.loc["pnew", "fit_rows"] == 0
    evaluation = by_time()[1]
    assert full.summary["unseen"]["products"] == pytest.approx((evaluation["StockCode"] == "pnew").mean())
    trained = set(by_time()[0]["CustomerID"])
    assert full.summary["unseen"]["customers"] == pytest.approx((~evaluation["CustomerID"].isin(trained)).mean())


def test_how_far_a_column_is_a_property_of_its_product(full: Examples) -> None:
    train = by_time()[0]
    groups = train.dropna(subset=["Description"]).groupby("StockCode")["Description"]
    agreeing = sum(values.value_counts().iloc[0] for _, values in groups)
    shares = full.summary["product_property"]["Description"]
    assert shares["rows_share"] == pytest.approx(agreeing / len(train))
    assert shares["products_share"] == pytest.approx((groups.nunique() == 1).mean())
    assert full.summary["product_property"]["StockCode"] == {"rows_share": 1.0, "products_share": 1.0}


def test_query_columns_are_the_rows_own_and_times_are_epoch_seconds(full: Examples) -> None:
    rows = shop_rows().set_index("row_id")
    for row in full.split("eval").itertuples():
        assert row.Country == rows.loc[row.row_id, "Country"]
        assert row.InvoiceDate == int(rows.loc[row.row_id, "InvoiceDate"].timestamp())
    assert full.split("catalogue")["Country"].isna().all()


def test_the_records_hold_what_the_arrow_file_holds(full: Examples) -> None:
    files = tf.io.gfile.glob(f"{full.artifact.uri}/Split-eval/*.gz")
    found = {}
    for record in tf.data.TFRecordDataset(sorted(files), compression_type="GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        found[features["row_id"].int64_list.value[0]] = list(features["Country"].bytes_list.value)
    expected = full.split("eval").set_index("row_id")["Country"]
    assert found == {row: [value.encode()] if value else [] for row, value in expected.items()}


def test_hostile_names_dates_flags_and_infinities(tmp_path: Path) -> None:
    name = "we\"ird', ; -- \n列"
    rows = pd.DataFrame(
        {
            "row_id": range(40),
            name: [f"c{i % 4}" for i in range(40)],
            "p": [i % 5 for i in range(40)],
            "size": [float("inf") if i % 5 == 0 else float(i % 5) for i in range(40)],
            "day": pd.to_datetime([f"2011-01-{1 + i % 3:02d}" for i in range(40)]).date,
            "flag": [i % 2 == 0 for i in range(40)],
        }
    )
    rows.to_parquet(tmp_path / "s.parquet")
    columns = [(name, "STRING", "query"), ("flag", "BOOLEAN", "query"), ("p", "INTEGER", "candidate")]
    columns += [("size", "FLOAT", "candidate"), ("day", "DATE", "candidate")]
    made = generate(
        tmp_path / "s.parquet", tmp_path / "o", columns=columns, roles={"customer_id": name, "product_id": "p"}
    )
    train = made.split("train")
    assert set(train[name]) == {"c0", "c1", "c2", "c3"}
    assert set(train["flag"]) == {"true", "false"}
    assert made.split("catalogue")["size"].tolist() == [None, 1.0, 2.0, 3.0, 4.0]
    assert set(train["day"]) <= {int(pd.Timestamp(f"2011-01-0{d}").timestamp()) for d in (1, 2, 3)}


def test_no_evaluation_rows_is_said_plainly(tmp_path: Path) -> None:
    pd.DataFrame({"row_id": [0, 1], "c": ["a", "b"], "p": ["x", "y"]}).to_parquet(tmp_path / "s.parquet")
    with pytest.raises(ValueError, match="rows qualify"):
        generate(tmp_path / "s.parquet", tmp_path / "o", columns=[], roles={"customer_id": "c", "product_id": "p"})
