"""Tables in BigQuery, which bqemulator plays; and what only BigQuery's tables can get wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from google.api_core import exceptions as api
from google.cloud import bigquery
from towerlab.adapters import bigquery_queries
from towerlab.adapters.bigquery_queries import Limits, translated
from towerlab.adapters.table_engine import OutOfRange
from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse
from towerlab.domain.errors import Invalid
from towerlab.ports.errors import Transient
from towerlab.ports.warehouse import Warehouse

from tests.cloud import bigquery_tables, emulators
from tests.contract.warehouse_contract import SHOP, VISIT_ROLES, WarehouseContract


@pytest.fixture(scope="module")
def client() -> Iterator[bigquery.Client]:
    with emulators.bigquery() as (rest, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv(bigquery_queries.EMULATOR, rest)
        client = bigquery_queries.client("shop-1", "europe-west3")
        for dataset in ("sales", "snapshots", "snapshots_scratch"):
            client.create_dataset(dataset)
        yield client


@pytest.fixture
def tables(client: bigquery.Client) -> BigQueryWarehouse:
    return BigQueryWarehouse(client, "shop-1.snapshots")


class TestBigQuery(WarehouseContract):
    # BigQuery itself has no column whose name holds one of !"$()*,./;?@[\]^`{}~
    NAMES = (
        "a'b",
        "a--",
        "é×",
        "a b",
        "__x__",
        "select",
        "%s",
        "<x>",
        "&",
        "x=1 OR 1",
        "snapshot",
        "v",
        "n",
        "product",
    )

    @pytest.fixture
    def warehouse(self, client: bigquery.Client, tables: BigQueryWarehouse) -> Warehouse:
        self._client = client
        return tables

    def table(self, select: str) -> str:
        name = f"shop-1.sales.t{hashlib.md5(select.encode()).hexdigest()}"
        bigquery_tables.load(self._client, name, select)
        return f"bigquery://{name}"


def made(client: bigquery.Client, name: str, select: str) -> str:
    client.query(f"CREATE OR REPLACE TABLE `shop-1.sales.{name}` AS {select}").result()
    return f"shop-1.sales.{name}"


def code_of(warehouse: Warehouse, uri: str) -> str:
    with pytest.raises(Invalid) as raised:
        warehouse.snapshot(uri)
    (problem,) = raised.value.problems
    assert problem.pointer == "/source/uri"
    assert problem.remedy
    return problem.code


NATIVE_TYPES = {
    "1": ("INTEGER", 1),
    "NUMERIC '1.50'": ("FLOAT", 1.5),
    "BIGNUMERIC '2.25'": ("FLOAT", 2.25),
    "CAST('nan' AS FLOAT64)": ("FLOAT", None),
    "CAST('-inf' AS FLOAT64)": ("FLOAT", None),
    "TIME '10:00:00'": ("STRING", "10:00:00"),
    "b'text'": ("STRING", "text"),
    "[1, 2]": ("STRING", "[1,2]"),
    "STRUCT(1 AS a, ['x'] AS b)": ("STRING", '{"a":1,"b":["x"]}'),
    "DATETIME '2020-01-01 00:00:00.123456'": ("TIMESTAMP", "2020-01-01T00:00:00.123456Z"),
    "TIMESTAMP '2020-01-01 00:00:00+02'": ("TIMESTAMP", "2019-12-31T22:00:00Z"),
    "DATE '2020-02-29'": ("DATE", "2020-02-29"),
    "true": ("BOOLEAN", True),
}


def test_native_types_become_one_of_six(client: bigquery.Client, tables: BigQueryWarehouse) -> None:
    columns = ", ".join(f"{value} AS c{n}" for n, value in enumerate(NATIVE_TYPES))
    table = tables.snapshot(made(client, "natives", f"SELECT {columns}"))
    (row,) = tables.rows(table.uri, 1)
    found = {value: (table.columns[f"c{n}"].value, row[f"c{n}"]) for n, value in enumerate(NATIVE_TYPES)}
    assert found == NATIVE_TYPES


def test_a_table_that_changed_is_another_snapshot_and_the_old_one_stays(
    client: bigquery.Client, tables: BigQueryWarehouse
) -> None:
    before = tables.snapshot(made(client, "changing", "SELECT 1 AS x"))
    after = tables.snapshot(made(client, "changing", "SELECT 2 AS x"))
    assert before.id != after.id
    assert [tables.rows(table.uri, 1)[0]["x"] for table in (before, after)] == [1, 2]


def test_a_view_is_refused_for_nothing_tells_when_it_changes(
    client: bigquery.Client, tables: BigQueryWarehouse
) -> None:
    client.query("CREATE OR REPLACE VIEW `shop-1.sales.seen` AS SELECT 1 AS x").result()
    assert code_of(tables, "shop-1.sales.seen") == "not_a_table"


@pytest.mark.parametrize("uri", ["", "a.b", "bigquery://a.b", "file:///a.b.c", "shop-1.sales.t` --", "x" * 1000])
def test_what_names_no_table_is_invalid(tables: BigQueryWarehouse, uri: str) -> None:
    assert code_of(tables, uri) == "not_a_table"


@pytest.mark.parametrize("uri", ["shop-1.sales.nowhere", "shop-1.nowhere.t", "bigquery://nobody-7.sales.t"])
def test_a_table_that_is_not_there_is_invalid(tables: BigQueryWarehouse, uri: str) -> None:
    assert code_of(tables, uri) == "not_found"


def test_nothing_is_left_of_the_tables_that_statistics_need(client: bigquery.Client, tables: BigQueryWarehouse) -> None:
    bigquery_tables.load(client, "shop-1.sales.shop", SHOP)
    uri = tables.snapshot("shop-1.sales.shop").uri
    tables.probes(uri, VISIT_ROLES)
    tables.purchase(uri, VISIT_ROLES, {"customer": "c7"})
    assert [table.table_id for table in client.list_tables("snapshots") if table.table_id.startswith("scratch")] == []


def test_nobody_answering_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bigquery_queries.EMULATOR, f"http://127.0.0.1:{emulators.free_port()}")
    away = bigquery_queries.client("shop-1", "europe-west3")
    with pytest.raises(Transient):
        BigQueryWarehouse(away, "shop-1.snapshots", Limits(retry_seconds=1)).snapshot("shop-1.sales.t")


def failed(kind: type[api.GoogleAPICallError], reason: str, message: str = "so it is") -> api.GoogleAPICallError:
    return kind(message, errors=[{"reason": reason}])


MEANT = [
    (failed(api.Forbidden, "quotaExceeded"), Transient),
    (failed(api.Forbidden, "rateLimitExceeded"), Transient),
    (failed(api.Forbidden, "accessDenied"), api.Forbidden),
    (failed(api.ServiceUnavailable, "backendError"), Transient),
    (failed(api.TooManyRequests, "rateLimitExceeded"), Transient),
    (failed(api.BadRequest, "bytesBilledLimitExceeded"), Invalid),
    (failed(api.BadRequest, "resourcesExceeded"), Invalid),
    (failed(api.BadRequest, "invalidQuery", "Floating point overflow: x * y"), OutOfRange),
    (failed(api.BadRequest, "invalidQuery", "Syntax error"), api.BadRequest),
]


@pytest.mark.parametrize(("error", "meaning"), MEANT)
def test_what_google_says_is_told_in_the_ports_words(error: api.GoogleAPICallError, meaning: type[Exception]) -> None:
    with pytest.raises(meaning), translated():
        raise error
