"""The leak probe on the shipped sample: figures as they were measured independently, and what they cost."""

from __future__ import annotations

import resource
from pathlib import Path

import duckdb
import pytest
from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse
from towerlab.domain.leak_probe import Probes, judge

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "online_retail.parquet"
ROLES = {
    "customer_id": "CustomerID",
    "product_id": "StockCode",
    "transaction_date": "InvoiceDate",
    "quantity": "Quantity",
}
PLANTED = """SELECT *, Quantity * UnitPrice * (1 + hash(InvoiceNo || StockCode) % 1000 / 1e5) AS revenue_like,
    hour(InvoiceDate) AS hour, dayofweek(InvoiceDate) AS weekday"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Probes:
    folder = tmp_path_factory.mktemp("planted")
    duckdb.connect().execute(f"COPY ({PLANTED} FROM '{SAMPLE}') TO '{folder / 'planted.parquet'}' (FORMAT parquet)")
    warehouse = DuckdbWarehouse([folder], folder / "snapshots")
    return warehouse.probes(warehouse.snapshot("planted.parquet").uri, ROLES)


def test_a_planted_revenue_and_the_unit_price_are_red_and_honest_columns_are_not(planted: Probes) -> None:
    roles = {column: role for role, column in ROLES.items()}
    judged = {name: judge(name, roles.get(name), planted) for name in planted.columns}
    verdicts = {name: probe.verdict for name, probe in judged.items() if probe}
    assert verdicts["revenue_like"] == verdicts["UnitPrice"] == verdicts["Description"] == "red"
    assert verdicts["hour"] == verdicts["weekday"] == verdicts["Country"] == verdicts["InvoiceNo"] == "ok"
    assert verdicts["CustomerID"] == "exempt"


def test_figures_are_those_of_the_study(planted: Probes) -> None:
    assert planted.popularity == pytest.approx(0.173, abs=0.002)
    expected = {"hour": 0.168, "weekday": 0.169, "Country": 0.179, "InvoiceNo": 0.173, "Quantity": 0.303}
    for column, recall in {**expected, "UnitPrice": 0.830, "Description": 0.989, "CustomerID": 0.315}.items():
        assert planted.columns[column].recall_at_100 == pytest.approx(recall, abs=0.006), column
    for column, share in {"Description": 0.986, "UnitPrice": 0.885, "Country": 0.892}.items():
        assert planted.columns[column].rows_share == pytest.approx(share, abs=0.008), column


def test_all_columns_together_take_less_than_two_seconds(tmp_path: Path) -> None:
    warehouse = DuckdbWarehouse([SAMPLE.parent], tmp_path / "snapshots")
    snapshot = warehouse.snapshot(SAMPLE.name)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    warehouse.probes(snapshot.uri, ROLES)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 4.0  # two threads: 2 s of wall time
