"""Faults of different kinds in one request: wrong JSON types, unfit values, and what only the dataset can tell."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.config_api.calling import CUSTOMER, PRODUCT, Caller, faults

UNKNOWN = {"column": "nowhere", "type": "string_embedding"}
NO_PAIR = {"features": ["customer_id"], "hash_bucket_size": 100, "embedding_dim": 8}


def test_a_preview_of_lists_that_are_none_tells_of_the_others_too(api: Caller, dataset: dict[str, Any]) -> None:
    lists = {"buyer_model_features": [CUSTOMER, UNKNOWN], "product_model_features": "x", "other": 1}
    assert faults(api.call("POST", f"/api/datasets/{dataset['id']}/preview/", lists)) == {
        "/product_model_features": "wrong_type",
        "/other": "unknown_field",
        "/buyer_model_features/1/column": "unknown_column",
    }


def test_crosses_of_features_that_cannot_be_read_are_not_judged(api: Caller, dataset: dict[str, Any]) -> None:
    lists = {"buyer_model_features": None, "buyer_model_crosses": [NO_PAIR], "product_model_crosses": [NO_PAIR]}
    found = faults(api.call("POST", f"/api/datasets/{dataset['id']}/preview/", lists))
    assert found.pop("/buyer_model_features") == "null"
    assert found
    assert all(pointer.startswith("/product_model_crosses/0") for pointer in found)


def test_a_new_config_without_a_name_tells_of_its_lists(api: Caller, dataset: dict[str, Any]) -> None:
    body = {"buyer_model_features": [UNKNOWN], "product_model_features": [PRODUCT]}
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    assert faults(api.call("POST", path, body)) == {
        "/name": "required",
        "/buyer_model_features/0/column": "unknown_column",
    }
    start = {"name": "a\0b", "start_from": {"kind": "clone", "config_id": "none"}}
    assert faults(api.call("POST", path, start)) == {"/name": "nul_character", "/start_from/config_id": "not_found"}


def test_an_edit_is_judged_with_the_lists_that_stay(api: Caller, config: dict[str, Any]) -> None:
    crosses = [{"features": ["customer_id", "nowhere"], "hash_bucket_size": 100, "embedding_dim": 8}]
    found = faults(api.put(config, name=7, buyer_model_crosses=crosses))
    assert found == {"/name": "wrong_type", "/buyer_model_crosses/0/features/1": "not_in_model"}
    assert api.get(f"/api/feature-configs/{config['id']}/")["version"] == 1


def test_an_import_tells_all_at_once(api: Caller, dataset: dict[str, Any]) -> None:
    yaml = b"towerlab: 2\nname: x\nbuyer_model_features: [{column: nowhere, type: string_embedding}]\n"
    found = api.call("POST", f"/api/datasets/{dataset['id']}/import/", yaml, Content_Type="application/yaml")
    assert faults(found) == {"/towerlab": "not_allowed", "/buyer_model_features/0/column": "unknown_column"}


def test_a_quick_test_is_judged_by_its_config_and_its_dataset(api: Caller, config: dict[str, Any]) -> None:
    dataset = config["dataset"]
    mapping = {"customer_id": {"role": "customer_id"}, "product_id": {"role": "product_id"}}
    path = f"/api/datasets/{dataset}/column-mapping/"
    assert api.call("PUT", path, mapping, If_Match="*").status_code == 200
    dated = {"version": 9, "advanced": {"split": "time", "prior": "yes"}, "epochs": 3.5}
    assert faults(api.start(config, **dated)) == {
        "/epochs": "not_allowed",
        "/advanced/prior": "wrong_type",
        "/version": "unknown_version",
        "/advanced/split": "no_date_role",
    }
    sound = {"version": 9, "advanced": {"split": "time"}}
    assert faults(api.start(config, **sound)) == {"/version": "unknown_version", "/advanced/split": "no_date_role"}


def test_a_mapping_tells_of_columns_and_roles_beside_wrong_words(api: Caller, dataset: dict[str, Any]) -> None:
    mapping = {
        "nope": {"availability": "sometimes"},
        "customer_id": {"role": "captain", "availability": 1},
        "product_id": [],
        "quantity": {"role": "customer_id\0"},
    }
    found = api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping, If_Match="*")
    assert faults(found) == {
        "/nope": "unknown_column",
        "/nope/availability": "not_allowed",
        "/customer_id/role": "unknown_role",
        "/customer_id/availability": "not_allowed",
        "/product_id": "not_an_object",
        "/quantity/role": "nul_character",
    }


def test_a_source_is_looked_for_while_the_name_is_missing(api: Caller) -> None:
    source = {"kind": "file", "uri": "not_there.csv"}
    assert faults(api.call("POST", "/api/datasets/", {"source": source, "time_zone": "Mars/Base"})) == {
        "/name": "required",
        "/time_zone": "unknown_time_zone",
        "/source/uri": "not_found",
    }


def test_what_the_faults_hide_is_not_guessed_at(api: Caller, dataset: dict[str, Any]) -> None:
    bigquery = {"name": "Shop", "source": {"kind": "bigquery", "uri": "project.dataset.table"}}
    assert faults(api.call("POST", "/api/datasets/", bigquery)) == {"/source/kind": "not_here"}
    city = {"column": "city", "type": "string_embedding", "embedding_dim": 16}
    crosses = [{"features": ["customer_id", "city"], "hash_bucket_size": 100, "embedding_dim": 8}]
    unfit = {"buyer_model_features": [CUSTOMER | {"column": "customer_id\0"}, city], "buyer_model_crosses": crosses}
    found = faults(api.call("POST", f"/api/datasets/{dataset['id']}/preview/", unfit))
    assert found == {"/buyer_model_features/0/column": "nul_character"}


def test_very_many_faults_are_told_in_time(api: Caller, dataset: dict[str, Any]) -> None:
    """Compared one by one with one another they would take minutes."""
    body = json.dumps({f"a{n}": "\0" for n in range(100_000)}).encode()
    for method, path in (("PUT", "column-mapping/"), ("POST", "preview/")):
        answer = api.call(method, f"/api/datasets/{dataset['id']}/{path}", body, If_Match="*")
        assert answer.status_code == 422
        assert len(answer.get_json()["errors"]) < 2_000
