"""Tables from Parquet files by DuckDB in a child process; and what only files can get wrong."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import duckdb
import pytest
from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse, Limits
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid
from towerlab.ports.warehouse import Warehouse

from tests.contract.warehouse_contract import PURCHASES, WarehouseContract


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def files(folder: Path) -> DuckdbWarehouse:
    return DuckdbWarehouse([folder], folder.parent / "snapshots")


class TestParquetFiles(WarehouseContract):
    @pytest.fixture
    def warehouse(self, folder: Path, files: DuckdbWarehouse) -> Warehouse:
        self._folder = folder
        return files

    def table(self, select: str) -> str:
        return parquet(self._folder / f"{hashlib.md5(select.encode()).hexdigest()}.parquet", select)


def parquet(path: Path, select: str) -> str:
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return str(path)


def csv(path: Path, text: str) -> str:
    path.write_text(text)
    return f"file://{path}"


def code_of(warehouse: Warehouse, uri: str) -> str:
    with pytest.raises(Invalid) as raised:
        warehouse.snapshot(uri)
    (problem,) = raised.value.problems
    return problem.code


NATIVE_TYPES = {
    "1::TINYINT": ("INTEGER", 1),
    "1::UBIGINT": ("INTEGER", 1),
    "18446744073709551615::UBIGINT": ("STRING", "18446744073709551615"),
    "1.50::DECIMAL(9, 2)": ("FLOAT", 1.5),
    "0.5::FLOAT": ("FLOAT", 0.5),
    "TIME '10:00:00'": ("STRING", "10:00:00"),
    "'a'::ENUM('a', 'b')": ("STRING", "a"),
    "'00000000-0000-0000-0000-000000000001'::UUID": ("STRING", "00000000-0000-0000-0000-000000000001"),
    "'text'::BLOB": ("STRING", "text"),
    "[1, 2]": ("STRING", "[1,2]"),
    "{'a': 1, 'b': ['x']}": ("STRING", '{"a":1,"b":["x"]}'),
    "MAP {'a': 1}": ("STRING", '{"a":1}'),
    "TIMESTAMP_NS '2020-01-01 00:00:00.123456789'": ("TIMESTAMP", "2020-01-01T00:00:00.123457Z"),
    "TIMESTAMPTZ '2020-01-01 00:00:00+02'": ("TIMESTAMP", "2019-12-31T22:00:00Z"),
    "TIMESTAMP 'infinity'": ("TIMESTAMP", None),
    "DATE '2020-02-29'": ("DATE", "2020-02-29"),
    "TIMESTAMP '0044-03-15 12:00:00'": ("TIMESTAMP", "0044-03-15T12:00:00Z"),
    "TIMESTAMP '20240-03-15 12:00:00'": ("TIMESTAMP", "20240-03-15T12:00:00Z"),
}


def test_native_types_become_one_of_six(files: DuckdbWarehouse, folder: Path) -> None:
    columns = ", ".join(f"{value} AS c{n}" for n, value in enumerate(NATIVE_TYPES))
    table = files.snapshot(parquet(folder / "t.parquet", f"SELECT {columns}"))
    (row,) = files.rows(table.uri, 1)
    found = {native: (table.columns[f"c{n}"].value, row[f"c{n}"]) for n, native in enumerate(NATIVE_TYPES)}
    assert found == NATIVE_TYPES
    assert len(files.profile(table)) == len(NATIVE_TYPES)


def test_text_files_are_typed_over_all_their_rows(files: DuckdbWarehouse, folder: Path) -> None:
    lines = [f"{n},2024-01-01T10:00:00Z,2024-01-01,{n}.5,x" for n in range(30_000)]
    late = "not a number,2024-01-01T12:00:00+02:00,2024-01-01,1.5,"
    table = files.snapshot(csv(folder / "t.csv", "\n".join(["id,at,day,price,note", *lines, late]) + "\n"))
    assert [type.value for type in table.columns.values()] == ["STRING", "TIMESTAMP", "DATE", "FLOAT", "STRING"]
    rows = files.rows(table.uri, 30_001)
    assert [row["id"] for row in rows] == [*map(str, range(30_000)), "not a number"]
    assert (rows[-1]["at"], rows[-1]["note"]) == ("2024-01-01T10:00:00Z", None)


def test_other_separators_are_found(files: DuckdbWarehouse, folder: Path) -> None:
    table = files.snapshot(csv(folder / "t.tsv", "customer;amount\nc1;2\nc2;3\n"))
    assert table.columns == {"customer": ColumnType.STRING, "amount": ColumnType.INTEGER}


@pytest.mark.parametrize("text", ["", "customer,amount\n"])
def test_a_text_file_without_rows_is_invalid(files: DuckdbWarehouse, folder: Path, text: str) -> None:
    assert code_of(files, csv(folder / "t.csv", text)) == "empty"


def test_what_is_no_table_is_invalid(files: DuckdbWarehouse, folder: Path) -> None:
    (folder / "t.parquet").write_bytes(b"PAR1 but not really")
    (folder / "t.json").write_text("{}")
    assert code_of(files, "t.parquet") == code_of(files, "t.json") == "not_a_table"


def test_undecodable_bytes_are_invalid(files: DuckdbWarehouse, folder: Path) -> None:
    assert code_of(files, parquet(folder / "t.parquet", r"SELECT '\xFF'::BLOB AS b")) == "not_a_table"


def test_only_regular_files_inside_the_data_folders_are_read(files: DuckdbWarehouse, folder: Path) -> None:
    outside = folder.parent / "outside.csv"
    csv(outside, "a,b\n1,2\n")
    (folder / "link.csv").symlink_to(outside)
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder.parent / "data-too").mkdir()
    csv(folder.parent / "data-too" / "t.csv", "a,b\n1,2\n")
    for uri in ("link.csv", "folder.csv", "pipe.csv", "../outside.csv", str(outside), f"file://{outside}", "none.csv",
                "/etc/passwd.csv", f"{folder}/../data-too/t.csv"):  # fmt: skip
        assert code_of(files, uri) == "not_found", uri


GOOD = [f"c{n % 7},p{n % 5},2024-01-{n % 28 + 1:02d}" for n in range(200)]


@pytest.mark.parametrize("at", [0, 5, 199, 200])
@pytest.mark.parametrize(
    ("bad", "told"), [("c1,p1,2024-01-01,more", "has 4 fields"), ("c1", "has 1 field"), ("# note", "has 1 field")]
)
def test_a_line_that_does_not_fit_is_named_and_nothing_is_lost(
    files: DuckdbWarehouse, folder: Path, at: int, bad: str, told: str
) -> None:
    text = "\n".join(["customer_id,product_id,date", *GOOD[:at], bad, *GOOD[at:]]) + "\n"
    with pytest.raises(Invalid) as raised:
        files.snapshot(csv(folder / "t.csv", text))
    (problem,) = raised.value.problems
    assert f"line {at + 2} {told}" in problem.message
    assert str(folder) not in problem.message


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_the_headers(files: DuckdbWarehouse, folder: Path, delimiter: str) -> None:
    rows = [['"a, b; c"', "d"], ['"x ""y"" ,;|"', "1"], ["z", "2"]]
    table = files.snapshot(csv(folder / "t.csv", "\n".join(delimiter.join(row) for row in rows) + "\n"))
    assert files.rows(table.uri, 2) == [{"a, b; c": 'x "y" ,;|', "d": 1}, {"a, b; c": "z", "d": 2}]


@pytest.mark.parametrize("value", ["03/04/2024", "03-04-2024 10:00:00", "3.4.2024"])
def test_dates_that_can_be_read_two_ways_are_refused(files: DuckdbWarehouse, folder: Path, value: str) -> None:
    uri = csv(folder / "dates.csv", f"when,n\n{value},1\n,2\n{value},3\n")
    assert code_of(files, uri) == "ambiguous_dates"


@pytest.mark.parametrize(
    ("value", "day"),
    [("14/04/2024", "2024-04-14"), ("04/14/2024", "2024-04-14"), ("2024/04/03", "2024-04-03"), ("2024-04-03", None)],
)
def test_dates_that_can_be_read_one_way_are_read_so(
    files: DuckdbWarehouse, folder: Path, value: str, day: str | None
) -> None:
    table = files.snapshot(csv(folder / "dates.csv", f"when,n\n{value},1\n"))
    assert files.rows(table.uri, 1)[0]["when"] == (day or value)


def test_a_file_that_is_not_utf_8_says_where(files: DuckdbWarehouse, folder: Path) -> None:
    (folder / "t.csv").write_bytes("a,b\n1,2\né,3\n".encode("latin-1"))
    with pytest.raises(Invalid) as raised:
        files.snapshot(str(folder / "t.csv"))
    assert "not UTF-8" in raised.value.problems[0].message


@pytest.mark.parametrize("name", ["*.csv", "t?.csv", "[t].csv", "{a,b}.csv", "t\0.csv"])
def test_patterns_are_no_names(files: DuckdbWarehouse, folder: Path, name: str) -> None:
    csv(folder / "t.csv", "a,b\n1,2\n")
    assert code_of(files, name) == "pattern"


def test_a_folders_name_adds_no_column(files: DuckdbWarehouse, folder: Path) -> None:
    (folder / "year=2024").mkdir()
    for uri in (
        parquet(folder / "year=2024" / "t.parquet", "SELECT 1 AS a"),
        csv(folder / "year=2024" / "t.csv", "a\n1\n"),
    ):
        assert list(files.snapshot(uri).columns) == ["a"]


def test_a_name_that_duckdb_needs_is_reserved_where_it_does(files: DuckdbWarehouse, folder: Path) -> None:
    assert code_of(files, parquet(folder / "t.parquet", "SELECT 1 AS file_row_number")) == "reserved_name"
    assert list(files.snapshot(csv(folder / "t.csv", "file_row_number,b\n5,2\n")).columns) == ["file_row_number", "b"]


def test_a_quote_in_a_folders_name_is_harmless(tmp_path: Path) -> None:
    odd = tmp_path / 'it\'s "odd"'
    odd.mkdir()
    warehouse = DuckdbWarehouse([odd], odd / "snap'shots")
    assert warehouse.snapshot(csv(odd / "t.csv", "a,b\n1,2\n")).rows == 1


def test_an_installation_without_data_folders_takes_no_file(folder: Path, tmp_path: Path) -> None:
    """As in the cloud, where no folder is configured."""
    (folder / "table.csv").write_text("a\n1\n")
    with pytest.raises(Invalid) as refused:
        DuckdbWarehouse([], tmp_path / "snapshots").snapshot(str(folder / "table.csv"))
    assert refused.value.problems[0].code == "not_found"


def test_a_file_over_the_limit_is_invalid(folder: Path) -> None:
    warehouse = DuckdbWarehouse([folder], folder.parent / "snapshots", Limits(file_bytes=10))
    assert code_of(warehouse, csv(folder / "t.csv", "a,b\n1,2\n3,4\n")) == "too_large"


def test_reading_ends_when_its_time_is_up(folder: Path) -> None:
    warehouse = DuckdbWarehouse([folder], folder.parent / "snapshots", Limits(seconds=0.001))
    assert code_of(warehouse, csv(folder / "t.csv", "a,b\n1,2\n")) == "too_large"


def test_a_snapshot_is_written_once_and_leaves_no_draft(files: DuckdbWarehouse, folder: Path) -> None:
    uri = parquet(folder / "t.parquet", PURCHASES)
    path = Path(files.snapshot(uri).uri.removeprefix("file://"))
    written = path.stat().st_mtime_ns
    files.snapshot(uri)
    assert path.stat().st_mtime_ns == written
    assert [one.name for one in path.parent.iterdir() if not one.is_dir()] == [path.name]


def test_an_invalid_file_leaves_nothing(files: DuckdbWarehouse, folder: Path) -> None:
    code_of(files, csv(folder / "t.csv", "a,b\n"))
    assert [one.name for one in (folder.parent / "snapshots").iterdir() if not one.is_dir()] == []


def test_unique_counts_are_estimates_above_the_limit(folder: Path) -> None:
    warehouse = DuckdbWarehouse([folder], folder.parent / "snapshots", Limits(exact_up_to_rows=10))
    table = warehouse.snapshot(parquet(folder / "t.parquet", "SELECT i AS x FROM range(1000) t(i)"))
    (column,) = warehouse.profile(table)
    assert not column.exact
    assert column.unique_count == pytest.approx(1000, rel=0.2)


def test_the_shipped_sample(tmp_path: Path) -> None:
    data = Path(__file__).parents[2] / "data"
    warehouse = DuckdbWarehouse([data], tmp_path)
    table = warehouse.snapshot("online_retail.parquet")
    roles = {"customer_id": "CustomerID", "product_id": "StockCode", "quantity": "Quantity"}
    counts = warehouse.training_rows(table.uri, roles)
    assert (table.rows, counts["qualify"]) == (541_909, 397_924)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "CSV.GZ"])
def test_compression_does_not_hide_how_much_there_is(files: DuckdbWarehouse, folder: Path, ending: str) -> None:
    text = "a,b,c,d\n" + "1,2,3,same\n" * 250_000
    path = folder / f"large.{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.lower().endswith("gz") else text.encode())
    assert 900_000 < files.source_values(str(path)) < 1_100_000


def test_a_broken_archive_is_refused_when_it_is_read(files: DuckdbWarehouse, folder: Path) -> None:
    path = folder / "broken.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n")[:-9])
    assert files.source_values(str(path)) == 0
    assert code_of(files, str(path)) == "not_a_table"
