"""Registering a file, and saying what its columns are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.unit.config_api.calling import Caller, faults


def test_c17_a_file_becomes_a_dataset_with_profiled_columns(api: Caller, dataset: dict[str, Any]) -> None:
    assert dataset["rows"] == 600
    assert dataset["source"]["kind"] == "file"
    assert {"name": "trans_date", "type": "TIMESTAMP"} in dataset["columns"]
    assert dataset["created_at"].endswith("Z")
    columns = {column["name"]: column for column in api.get(f"/api/datasets/{dataset['id']}/columns/")["items"]}
    assert columns["product_id"]["unique_count"] == len({i * i % 23 for i in range(600)})
    assert columns["city"]["nulls"] == 12
    assert columns["customer_id"]["role"] == "customer_id"
    assert columns["revenue"]["availability"] == "after_request"


def test_it_says_how_many_rows_are_left_out_of_training_and_why(dataset: dict[str, Any]) -> None:
    assert dataset["training_rows"] == {
        "total": 600,
        "qualify": 585,
        "no_customer": 0,
        "no_product": 0,
        "not_bought": 15,
    }


def test_a13_a_dataset_is_listed_and_found_again(api: Caller, dataset: dict[str, Any]) -> None:
    listed = api.get("/api/datasets/")
    assert [one["id"] for one in listed["items"]] == [dataset["id"]]
    assert listed["total"] == 1
    assert listed["next_cursor"] is None
    assert api.get(f"/api/datasets/{dataset['id']}/") == dataset


def test_rows_are_shown_as_json_values(api: Caller, dataset: dict[str, Any]) -> None:
    rows = api.get(f"/api/datasets/{dataset['id']}/rows/?limit=3")["items"]
    assert len(rows) == 3
    assert rows[1]["trans_date"].startswith("2024-01-01T01:00:00")
    assert rows[0]["city"] is None


@pytest.mark.parametrize(
    "uri", ["missing.parquet", "/etc/passwd", "../../etc/passwd", "https://example.org/x.csv", "n" * 300 + ".csv"]
)
def test_a_file_that_cannot_be_read_is_a_fault_of_its_uri(api: Caller, data_folder: Path, uri: str) -> None:
    uri = str(data_folder / uri) if uri.startswith("missing") else uri
    answer = api.call("POST", "/api/datasets/", {"name": "x", "source": {"kind": "file", "uri": uri}})
    assert set(faults(answer)) == {"/source/uri"}


def test_a_file_that_is_no_table_is_a_fault_of_its_uri(api: Caller, data_folder: Path) -> None:
    path = data_folder / "noise.parquet"
    path.write_bytes(b"\x00\x01 not a table" * 100)
    answer = api.call("POST", "/api/datasets/", {"name": "x", "source": {"kind": "file", "uri": str(path)}})
    assert set(faults(answer)) == {"/source/uri"}


def test_every_fault_of_a_registration_is_told_at_once(api: Caller) -> None:
    body = {"source": {"kind": "bigquery", "uri": 3, "more": 1}, "time_zone": "Mars/Phobos", "rows": 1}
    assert faults(api.call("POST", "/api/datasets/", body)) == {
        "/name": "required",
        "/source/kind": "not_here",
        "/source/uri": "wrong_type",
        "/source/more": "unknown_field",
        "/time_zone": "unknown_time_zone",
        "/rows": "unknown_field",
    }


def test_a_mapping_is_guessed_until_it_is_put(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/column-mapping/"
    guessed = api.call("GET", path)
    assert guessed.get_json()["customer_id"]["reason"]
    mapping = {"customer_id": {"role": "customer_id"}, "product_id": {"role": "product_id"}}
    put = api.call("PUT", path, mapping, If_Match=guessed.headers["ETag"])
    assert put.status_code == 200, put.text
    assert put.get_json()["city"]["role"] is None
    assert api.call("GET", path).get_json() == put.get_json()
    assert put.headers["ETag"] == api.call("GET", path).headers["ETag"] != guessed.headers["ETag"]


def test_what_is_left_out_of_training_follows_the_mapping(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/"
    tag = api.call("GET", path + "column-mapping/").headers["ETag"]
    mapping = {"city": {"role": "customer_id"}, "product_id": {"role": "product_id"}}
    assert api.call("PUT", path + "column-mapping/", mapping, If_Match=tag).status_code == 200
    assert api.get(path)["training_rows"]["no_customer"] == 12


def test_a_mapping_put_over_another_ones_is_stale(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/column-mapping/"
    tag = api.call("GET", path).headers["ETag"]
    first = {"city": {"role": "category", "availability": "before_request"}}
    assert api.call("PUT", path, first, If_Match=tag).status_code == 200
    assert faults(api.call("PUT", path, {}, If_Match=tag), 412) == {"": "changed"}
    assert api.get(path)["city"]["role"] == "category"
    assert faults(api.call("PUT", path, {}), 428)


def test_a_new_config_does_not_make_a_mapping_stale(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/column-mapping/"
    tag = api.call("GET", path).headers["ETag"]
    api.config(dataset)
    assert api.call("PUT", path, {}, If_Match=tag).status_code == 200


def test_a_mapping_of_unknown_columns_and_roles_is_refused(api: Caller, dataset: dict[str, Any]) -> None:
    mapping = {
        "nowhere": {"role": "category"},
        "city": {"role": "mayor"},
        "category": {"role": "product_id"},
        "product_id": {"role": "product_id", "availability": "sometimes"},
        "subcategory": {"role": "product_id"},
        "member": 7,
        "revenue": {"role": "transaction_date"},
    }
    answer = api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping, If_Match="*")
    assert faults(answer) == {
        "/nowhere": "unknown_column",
        "/city/role": "unknown_role",
        "/product_id/role": "role_given_twice",
        "/product_id/availability": "not_allowed",
        "/category/role": "role_given_twice",
        "/subcategory/role": "role_given_twice",
        "/revenue/role": "role_type",
        "/member": "not_an_object",
    }


def test_hostile_column_names_come_through(api: Caller, data_folder: Path) -> None:
    names = ['a"b', "two\nlines", "smörgås/~1", "class", "'; DROP TABLE documents; --", "{}%s$(x)"]
    quoted = [name.replace('"', '""') for name in names]
    columns = ", ".join(f'i AS "{name}"' for name in quoted)
    path = data_folder / "hostile.parquet"
    duckdb.connect().execute(f"COPY (SELECT {columns} FROM range(20) t(i)) TO '{path}' (FORMAT parquet)")
    dataset = api.made("/api/datasets/", {"name": "<b>", "source": {"kind": "file", "uri": str(path)}})
    assert [column["name"] for column in dataset["columns"]] == names
    mapping = {name: {"role": "category" if name == names[0] else None} for name in names}
    answer = api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping, If_Match="*")
    assert answer.status_code == 200, answer.text
    unknown = api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", {"a/b~": {}}, If_Match="*")
    assert faults(unknown) == {"/a~1b~0": "unknown_column"}


def test_c2_a13_smart_defaults_say_why_and_leave_outcomes_out(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/smart-defaults/"
    excluded, included = api.get(path), api.get(path + "?outcomes=include")
    assert excluded["outcomes"] == "exclude"
    assert "revenue" not in [feature["column"] for feature in excluded["buyer_model_features"]]
    assert "revenue" in [feature["column"] for feature in included["buyer_model_features"]]
    assert all(reason["reason"] for reason in excluded["reasons"])
    assert faults(api.call("GET", path + "?outcomes=maybe")) == {"/outcomes": "not_allowed"}


def test_numbers_that_json_has_not_are_null(api: Caller, data_folder: Path) -> None:
    path = data_folder / "odd.parquet"
    values = "(VALUES ('nan'::DOUBLE), ('inf'::DOUBLE), (1e308::DOUBLE), (-1e308::DOUBLE), (NULL))"
    duckdb.connect().execute(f"COPY (SELECT x FROM {values} t(x)) TO '{path}' (FORMAT parquet)")
    dataset = api.made("/api/datasets/", {"name": "Odd", "source": {"kind": "file", "uri": str(path)}})
    rows = api.get(f"/api/datasets/{dataset['id']}/rows/")["items"]
    assert [row["x"] for row in rows] == [None, None, 1e308, -1e308, None]
    (column,) = api.get(f"/api/datasets/{dataset['id']}/columns/")["items"]
    assert column["nulls"] == 3
