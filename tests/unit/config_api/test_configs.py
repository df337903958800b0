"""Feature configs: making, listing, reading, editing, cloning, deleting."""

from __future__ import annotations

from typing import Any

import pytest
from towerlab.emit.record import CodeFile, CodeRecord
from towerlab.ports.documents import Query
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BUYER_LISTS, CUSTOMER, PRODUCT, Caller, faults, recorded

SPEC_FIELDS = {
    "id", "name", "description", "dataset", "status", "version", "buyer_model_features", "product_model_features",
    "buyer_model_crosses", "product_model_crosses", "buyer_tensor_dim", "product_tensor_dim", "best_recall_at_10",
    "best_recall_at_50", "best_recall_at_100", "created_at", "updated_at", "config_hash", "duplicate_of",
    "columns_in_both_models", "number", "warnings", "best", "quick_tests", "etag",
}  # fmt: skip


def test_a3_a_config_carries_the_fields_of_the_api(api: Caller, config: dict[str, Any]) -> None:
    assert set(config) >= SPEC_FIELDS
    assert config["status"] == "draft"
    assert config["version"] == config["number"] == 1
    assert config["quick_tests"] == {"count": 0, "last_at": None, "running": 0}
    assert config["best"] is config["best_recall_at_100"] is None
    found = api.call("GET", f"/api/feature-configs/{config['id']}/")
    assert found.get_json() == config
    assert found.headers["ETag"] == config["etag"]


def test_defaults_are_filled_in(api: Caller, dataset: dict[str, Any]) -> None:
    config = api.config(dataset, **BUYER_LISTS)
    (feature,) = config["buyer_model_features"]
    assert feature["vocab_settings"] == {"max_size": 100000, "oov_buckets": 10, "min_frequency": 5}
    assert (config["buyer_tensor_dim"], config["product_tensor_dim"]) == (16, 8)


def test_c1_a2_a_blank_config_is_empty(api: Caller, dataset: dict[str, Any]) -> None:
    config = api.config(dataset, start_from={"kind": "blank"})
    assert [config[name] for name in BUYER_LISTS] == [[], [], [], []]
    assert config["buyer_tensor_dim"] == 0


def test_c2_a2_smart_defaults_leave_outcomes_out_unless_asked(api: Caller, dataset: dict[str, Any]) -> None:
    usual = api.config(dataset, start_from={"kind": "smart_defaults"})
    outcomes = api.config(dataset, start_from={"kind": "smart_defaults", "outcomes": "include"})
    assert "revenue" not in {feature["column"] for feature in usual["buyer_model_features"]}
    assert "revenue" in {feature["column"] for feature in outcomes["buyer_model_features"]}
    assert "after_request" in {warning["code"] for warning in outcomes["warnings"]}


def test_numbers_run_within_a_dataset(api: Caller, dataset: dict[str, Any]) -> None:
    assert [api.config(dataset)["number"] for _ in range(3)] == [1, 2, 3]


def test_a2_every_fault_of_a_config_is_told_at_once(api: Caller, dataset: dict[str, Any]) -> None:
    body = {
        "name": "x" * 256,
        "buyer_model_features": [{"column": "nowhere", "type": "string_embedding"}, CUSTOMER | {"colour": "red"}],
        "product_model_features": [PRODUCT | {"embedding_dim": "8"}],
        "buyer_model_crosses": [{"features": ["customer_id", "city"], "hash_bucket_size": 5}],
    }
    found = faults(api.call("POST", f"/api/datasets/{dataset['id']}/feature-configs/", body))
    assert set(found) >= {"/name"}
    body["name"] = "short"
    found = faults(api.call("POST", f"/api/datasets/{dataset['id']}/feature-configs/", body))
    assert set(found) >= {
        "/buyer_model_features/0/column",
        "/buyer_model_features/1/colour",
        "/product_model_features/0/embedding_dim",
        "/buyer_model_crosses/0/hash_bucket_size",
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/name": "required", "/start_from": "required"}),
        ({"name": "x"}, {"/start_from": "required"}),
        ({"name": "x", "start_from": {"kind": "magic"}}, {"/start_from/kind": "not_allowed"}),
        ({"name": "x", "start_from": {"kind": "clone"}}, {"/start_from/config_id": "required"}),
        ({"name": "x", "start_from": {"kind": "clone", "config_id": "none"}}, {"/start_from/config_id": "not_found"}),
        ({"name": "x", "start_from": {"kind": "blank"}, "buyer_model_features": []}, {"/start_from": "not_allowed"}),
        ({"name": 1, "start_from": 1}, {"/name": "wrong_type", "/start_from": "not_an_object"}),
        ({"name": "x", "status": "tested", "start_from": {"kind": "blank"}}, {"/status": "unknown_field"}),
    ],
)
def test_a_config_that_cannot_be_made_says_why(
    api: Caller, dataset: dict[str, Any], body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert faults(api.call("POST", f"/api/datasets/{dataset['id']}/feature-configs/", body)) == expected


def test_c13_the_same_hash_names_its_twin(api: Caller, dataset: dict[str, Any]) -> None:
    first = api.config(dataset, "The first", **BUYER_LISTS)
    second = api.config(dataset, "The second", **BUYER_LISTS)
    assert first["duplicate_of"] is None
    assert second["config_hash"] == first["config_hash"]
    assert second["duplicate_of"] == first["id"]
    assert any("config-001 'The first'" in warning["message"] for warning in second["warnings"])


def test_a6_a_clone_starts_as_a_twin(api: Caller, config: dict[str, Any]) -> None:
    clone = api.made(f"/api/feature-configs/{config['id']}/clone/", {"name": "Twin"})
    assert (clone["name"], clone["number"], clone["status"], clone["version"]) == ("Twin", 2, "draft", 1)
    assert clone["duplicate_of"] == config["id"]
    assert [clone[name] for name in BUYER_LISTS] == [config[name] for name in BUYER_LISTS]
    unnamed = api.call("POST", f"/api/feature-configs/{config['id']}/clone/")
    assert unnamed.status_code == 201
    assert config["name"] in unnamed.get_json()["name"]


def test_c3_starting_from_a_clone_copies_its_lists(
    api: Caller, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    made = api.config(dataset, start_from={"kind": "clone", "config_id": config["id"]})
    assert made["config_hash"] == config["config_hash"]


def test_c12_a4_an_edit_of_features_makes_a_version(api: Caller, config: dict[str, Any]) -> None:
    edited = api.put(config, **BUYER_LISTS).get_json()
    assert edited["version"] == 2
    assert edited["buyer_tensor_dim"] == 16
    assert edited["etag"] != config["etag"]
    path = f"/api/feature-configs/{config['id']}/versions/"
    versions = api.get(path)
    assert [version["version"] for version in versions["items"]] == [2, 1]
    assert api.get(path + "1/")["buyer_model_features"] == config["buyer_model_features"]
    assert api.get(path + "2/")["created_by"] == "local"


def test_an_edit_that_computes_the_same_makes_none(api: Caller, config: dict[str, Any]) -> None:
    lists = {name: config[name] for name in BUYER_LISTS}
    renamed = api.put(config, name="Renamed", description="why", **lists).get_json()
    assert (renamed["version"], renamed["name"], renamed["description"]) == (1, "Renamed", "why")
    assert api.get(f"/api/feature-configs/{config['id']}/versions/")["total"] == 1


def test_lists_that_are_not_sent_stay(api: Caller, config: dict[str, Any]) -> None:
    edited = api.put(config, product_model_features=[PRODUCT], product_model_crosses=[]).get_json()
    assert edited["buyer_model_features"] == config["buyer_model_features"]
    assert edited["product_tensor_dim"] == 8


def test_a4_an_edit_needs_the_revision_that_was_read(api: Caller, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/"
    assert faults(api.call("PUT", path, {"name": "x"}), 428)
    assert faults(api.call("DELETE", path), 428)
    assert api.put(config, name="first").status_code == 200
    assert faults(api.put(config, name="second"), 412) == {"": "changed"}
    assert faults(api.call("DELETE", path, If_Match=config["etag"]), 412)
    assert api.get(path)["name"] == "first"
    assert api.call("PUT", path, {"name": "any"}, If_Match="*").status_code == 200


def test_a_faulty_edit_changes_nothing(api: Caller, config: dict[str, Any]) -> None:
    features = [{"column": "nowhere", "type": "numeric"}]
    answer = api.put(config, name="new", buyer_model_features=features, buyer_model_crosses=[])
    assert faults(answer) == {"/buyer_model_features/0/column": "unknown_column"}
    assert api.get(f"/api/feature-configs/{config['id']}/") == config


def test_a5_an_untested_draft_can_be_deleted(api: Caller, dataset: dict[str, Any], config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/"
    assert api.call("DELETE", path, If_Match=config["etag"]).status_code == 204
    assert faults(api.call("GET", path), 404)
    assert faults(api.call("DELETE", path, If_Match=config["etag"]), 404)
    assert api.get(f"/api/datasets/{dataset['id']}/feature-configs/")["items"] == []
    assert api.config(dataset)["number"] == 2


def test_a_config_with_a_test_cannot_be_deleted(api: Caller, config: dict[str, Any]) -> None:
    assert api.start(config).status_code == 202
    answer = api.call("DELETE", f"/api/feature-configs/{config['id']}/", If_Match=config["etag"])
    assert faults(answer, 409) == {"": "has_history"}


def test_a1_a_list_is_paged_and_sorted(api: Caller, dataset: dict[str, Any]) -> None:
    for name in ("b", "c", "a"):
        api.config(dataset, name, start_from={"kind": "blank"})
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    first = api.get(path + "?sort=name&limit=2")
    assert [one["name"] for one in first["items"]] == ["a", "b"]
    assert first["total"] == 3
    rest = api.get(path + f"?sort=name&limit=2&cursor={first['next_cursor']}")
    assert [one["name"] for one in rest["items"]] == ["c"]
    assert rest["next_cursor"] is None
    assert [one["name"] for one in api.get(path)["items"]] == ["a", "c", "b"]
    assert api.get(path + "?status=tested")["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "sort=colour", "status=lost", "cursor=x", "x=1"])
def test_a_query_that_is_not_understood_is_refused(api: Caller, dataset: dict[str, Any], query: str) -> None:
    answer = api.call("GET", f"/api/datasets/{dataset['id']}/feature-configs/?{query}")
    assert set(faults(answer)) == {"/" + query.split("=")[0]}


def test_code_that_is_not_generated_yet_is_not_found(api: Caller, config: dict[str, Any]) -> None:
    answer = api.call("GET", f"/api/feature-configs/{config['id']}/versions/1/code/")
    assert faults(answer, 404)
    assert "not generated yet" in answer.get_json()["detail"]
    assert faults(api.call("GET", f"/api/feature-configs/{config['id']}/versions/2/code/"), 404)


def test_a_new_version_is_announced_with_it(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    api.put(config, name="only the name")
    api.put(api.get(f"/api/feature-configs/{config['id']}/"), **BUYER_LISTS)
    announced = [(event.type, event.data.get("version")) for event in recorded(deps)]
    assert announced == [("feature-config.version-created", 1), ("feature-config.version-created", 2)]
    assert len(deps.documents.query(Query("config_version")).items) == 2


def test_a13_generated_code_is_shown_file_by_file(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    uri = deps.artifacts.put_if_absent("code/some/preprocessing.py", "# é\n".encode())
    record = CodeRecord(
        config["id"], 1, config["config_hash"], "generated", {"preprocessing.py": CodeFile(uri, "ab12")}
    )
    deps.documents.commit([records.put(record, f"{config['id']}.1", None)])
    code = api.get(f"/api/feature-configs/{config['id']}/versions/1/code/")
    assert (code["status"], code["error"], code["config_hash"]) == ("generated", None, config["config_hash"])
    assert code["files"] == [{"name": "preprocessing.py", "sha256": "ab12", "content": "# é\n"}]


def test_code_that_could_not_be_generated_says_why(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    record = CodeRecord(config["id"], 1, config["config_hash"], "failed", error="the module is not safe")
    deps.documents.commit([records.put(record, f"{config['id']}.1", None)])
    code = api.get(f"/api/feature-configs/{config['id']}/versions/1/code/")
    assert (code["status"], code["error"], code["files"]) == ("failed", "the module is not safe", [])


def test_c9_a_feature_that_goes_takes_its_crosses_along_and_it_is_said(api: Caller, dataset: dict[str, Any]) -> None:
    city = {"column": "city", "type": "string_embedding"}
    member = {"column": "member", "type": "string_embedding"}
    crosses = [
        {"features": ["customer_id", "city"], "hash_bucket_size": 5000, "embedding_dim": 16},
        {"features": ["customer_id", "member"], "hash_bucket_size": 500, "embedding_dim": 8},
    ]
    lists = {**BUYER_LISTS, "buyer_model_features": [CUSTOMER, city, member], "buyer_model_crosses": crosses}
    made = api.config(dataset, **lists)
    left = api.put(made, buyer_model_features=[CUSTOMER, member]).get_json()
    assert [cross["features"] for cross in left["buyer_model_crosses"]] == [["customer_id", "member"]]
    (told,) = [warning for warning in left["warnings"] if warning["code"] == "cross_removed"]
    assert (told["column"], "customer_id × city" in told["message"]) == ("city", True)
    assert "cross_removed" not in str(api.get(f"/api/feature-configs/{made['id']}/")["warnings"])
    kept = api.put(left, buyer_model_features=[CUSTOMER], buyer_model_crosses=crosses[1:])
    assert faults(kept) == {"/buyer_model_crosses/0/features/1": "not_in_model"}
