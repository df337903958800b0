"""Configs as YAML files: out, back in, and nothing else (B7)."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.unit.config_api.calling import BUYER_LISTS, Caller, faults

HEAD = "towerlab: 1\nname: x\nbuyer_model_features: "
BOMB = "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n"


def export(api: Caller, config: dict[str, Any]) -> TestResponse:
    answer = api.call("GET", f"/api/feature-configs/{config['id']}/export/")
    assert answer.status_code == 200
    return answer


def bring(api: Caller, dataset: dict[str, Any], content: str | bytes, **headers: str) -> TestResponse:
    text = content.encode() if isinstance(content, str) else content
    kind = {"Content_Type": "application/yaml"} | headers
    return api.call("POST", f"/api/datasets/{dataset['id']}/import/", text, **kind)


@pytest.mark.parametrize("key", ["spec_defaults", "rich_time"])
def test_a13_a_config_comes_back_as_it_went_out(api: Caller, dataset: dict[str, Any], key: str) -> None:
    hostile = "yes: *no <b>'; --\n\t# 2024-01-01 é 🛒"
    config = api.config(dataset, hostile, description="null", start_from={"kind": "template", "key": key})
    sent = export(api, config)
    assert sent.headers["Content-Disposition"] == 'attachment; filename="config-001.yaml"'
    made = bring(api, dataset, sent.data, Idempotency_Key="k").get_json()
    assert made["config_hash"] == config["config_hash"]
    assert made["duplicate_of"] == config["id"]
    assert (made["name"], made["description"]) == (config["name"], config["description"])
    assert [made[name] for name in BUYER_LISTS] == [config[name] for name in BUYER_LISTS]
    assert bring(api, dataset, sent.data, Idempotency_Key="k").get_json() == made
    assert export(api, made).data == sent.data


def test_hostile_column_names_go_through_a_file(api: Caller, data_folder: Any) -> None:
    names = [
        "yes",
        "null",
        "1.5",
        "2024-01-01",
        "a: b",
        "- x",
        "&a",
        "*a",
        "!!python/object:os.system",
        "'\"\n\\",
        "é\u2028",
    ]
    columns = ", ".join(f"""'v' || i AS "{name.replace('"', '""')}" """ for name in names)
    path = data_folder / "names.parquet"
    duckdb.connect().execute(f"COPY (SELECT {columns} FROM range(20) t(i)) TO '{path}' (FORMAT parquet)")
    dataset = api.made("/api/datasets/", {"name": "Names", "source": {"kind": "file", "uri": str(path)}})
    features = [{"column": name, "type": "string_embedding", "embedding_dim": 8} for name in names]
    config = api.config(dataset, **{**BUYER_LISTS, "buyer_model_features": features, "product_model_features": []})
    made = bring(api, dataset, export(api, config).data).get_json()
    assert [feature["column"] for feature in made["buyer_model_features"]] == names
    assert made["config_hash"] == config["config_hash"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe", {"": "not_yaml"}),
        ("a: [", {"": "not_yaml"}),
        (BOMB, {"": "not_yaml"}),
        ("name: a\nname: b\n", {"": "not_yaml"}),
        ("1: x\n", {"": "not_yaml"}),
        ("x: !!python/object/apply:os.system [id]\n", {"": "not_yaml"}),
        ("[" * 100_000, {"": "not_yaml"}),
        ("--- 1\n--- 2\n", {"": "not_yaml"}),
        ("", {"": "not_an_object"}),
        ("x", {"": "not_an_object"}),
        (HEAD + ".inf\n", {"/buyer_model_features": "too_large"}),
        (HEAD + "12345678901234567890123\n", {"/buyer_model_features": "too_large"}),
        ("name: x\ncolour: 1\n", {"/towerlab": "required", "/colour": "unknown_field"}),
        ("towerlab: 2\nname: 2024-01-01\n", {"/towerlab": "not_allowed"}),
        (HEAD + "[{column: nowhere, type: numeric}]\n", {"/buyer_model_features/0/column": "unknown_column"}),
    ],
)
def test_what_is_no_config_is_refused(
    api: Caller, dataset: dict[str, Any], content: str | bytes, expected: dict[str, str]
) -> None:
    assert faults(bring(api, dataset, content)) == expected


def test_a_file_has_a_size_and_a_kind(api: Caller, dataset: dict[str, Any]) -> None:
    assert faults(bring(api, dataset, HEAD + "[" + "1," * 200_000 + "]"), 413)
    assert faults(bring(api, dataset, HEAD + "[]", Content_Type="text/plain"), 415)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(max_size=80) | st.dictionaries(st.text(max_size=5), st.text(max_size=9)).map(yaml.safe_dump))
def test_any_file_is_answered(api: Caller, dataset: dict[str, Any], content: str) -> None:
    answer = bring(api, dataset, content.encode("utf-8", "surrogatepass"))
    assert answer.status_code in (400, 422), answer.text
