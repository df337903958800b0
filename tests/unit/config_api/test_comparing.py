"""Two configs side by side, duplicates, and a test before it is started."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from towerlab.domain.cloud_durations import WORKERS_SECONDS
from towerlab.domain.compute import Machine, Offer
from towerlab.domain.quicktest import QuickTest, Stage
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BUYER_LISTS, CUSTOMER, PRODUCT, Caller, faults
from tests.unit.config_api.test_quick_tests import complete
from tests.unit.worlds import on_google_cloud


def test_a13_a_diff_names_every_field_that_differs(api: Caller, dataset: dict[str, Any]) -> None:
    city = {"column": "city", "type": "string_embedding", "embedding_dim": 8}
    crossed = {"features": ["customer_id", "city"], "hash_bucket_size": 100}
    left = api.config(dataset, **{**BUYER_LISTS, "buyer_model_features": [CUSTOMER, city]})
    changed = CUSTOMER | {"embedding_dim": 32, "vocab_settings": {"oov_buckets": 3}}
    right = api.config(
        dataset, **{**BUYER_LISTS, "buyer_model_features": [city, changed], "buyer_model_crosses": [crossed]}
    )
    found = api.get(f"/api/diff/?left={left['id']}&right={right['id']}")
    assert found["same"] is False
    assert [(one["model"], one["name"], one["change"], one["field"]) for one in found["changes"]] == [
        ("buyer", "customer_id", "changed", "/embedding_dim"),
        ("buyer", "customer_id", "changed", "/vocab_settings/oov_buckets"),
        ("buyer", "city × customer_id", "added", ""),
    ]
    assert found["changes"][0]["text"] == "BuyerModel: customer_id: embedding_dim 16 → 32."
    assert (found["changes"][0]["left"], found["changes"][0]["right"]) == (16, 32)
    assert found["sizes"][0]["dim"] == {"left": 24, "right": 56, "difference": 32}
    assert found["sizes"][0]["parameters"]["difference"] == (41 + 3) * 32 - (41 + 10) * 16 + 100 * 16
    assert found["sizes"][1]["dim"]["difference"] == 0


def test_c12_a_diff_of_two_versions_of_one_config(api: Caller, config: dict[str, Any]) -> None:
    api.put(config, **BUYER_LISTS)
    api.put(api.get(f"/api/feature-configs/{config['id']}/"), product_model_features=[PRODUCT | {"embedding_dim": 64}])
    found = api.get(f"/api/diff/?left={config['id']}@2&right={config['id']}")
    assert (found["left"]["version"], found["right"]["version"]) == (2, 3)
    assert [one["field"] for one in found["changes"]] == ["/embedding_dim"]
    removed = api.get(f"/api/diff/?left={config['id']}@1&right={config['id']}@2")
    assert {one["change"] for one in removed["changes"]} >= {"removed", "changed"}


def test_c13_twins_do_not_differ(api: Caller, config: dict[str, Any]) -> None:
    clone = api.made(f"/api/feature-configs/{config['id']}/clone/", {})
    found = api.get(f"/api/diff/?left={config['id']}&right={clone['id']}")
    assert (found["same"], found["changes"]) == (True, [])


def test_a13_both_sides_of_a_diff_must_be_there(api: Caller, config: dict[str, Any]) -> None:
    assert faults(api.call("GET", f"/api/diff/?left=none&right={config['id']}@9")) == {
        "/left": "not_found",
        "/right": "not_found",
    }
    assert faults(api.call("GET", "/api/diff/?left=../x&right=a@0")) == {"/left": "not_found", "/right": "not_found"}
    assert faults(api.call("GET", "/api/diff/")) == {"/left": "required", "/right": "required"}


def test_c13_an_edit_that_makes_a_twin_says_so_and_one_that_ends_it_too(api: Caller, dataset: dict[str, Any]) -> None:
    first = api.config(dataset, **BUYER_LISTS)
    second = api.config(dataset, start_from={"kind": "smart_defaults"})
    assert second["duplicate_of"] is None
    twin = api.put(second, **BUYER_LISTS).get_json()
    assert twin["duplicate_of"] == first["id"]
    assert "duplicate" in {warning["code"] for warning in twin["warnings"]}
    other = api.put(twin, product_model_features=[PRODUCT | {"embedding_dim": 64}]).get_json()
    assert other["duplicate_of"] is None


def test_a13_an_estimate_says_what_a_test_takes_and_can_tell(api: Caller, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/quick-test/estimate/"
    one, all_of_it = api.get(path), api.get(path + "?data_sample_percent=100&epochs=3&batch_size=2048&replicates=3")
    assert all_of_it["seconds"] > one["seconds"] > 0
    assert one["cost_usd"] == 0
    assert one["past_error"] is None
    smallest = "smallest_detectable_difference"
    assert 0 < all_of_it[smallest]["recall_at_100"] < one[smallest]["recall_at_100"]
    recommended = one["recommended"]
    assert [recommended[name] for name in ("data_sample_percent", "epochs", "batch_size")] == [100, 3, 2048]
    assert "585 rows" in recommended["reason"]
    assert [warning["code"] for warning in one["warnings"]] == ["few_steps"]
    bad = api.call("GET", path + "?epochs=4&batch_size=x&replicates=9&colour=1&version=0")
    assert faults(bad) == {
        "/epochs": "not_allowed",
        "/batch_size": "not_allowed",
        "/replicates": "out_of_range",
        "/colour": "unknown_field",
        "/version": "out_of_range",
    }
    assert faults(api.call("GET", path + "?version=7"), 404)


def test_an_estimate_says_where_the_test_would_run_and_why(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/quick-test/estimate/"
    here = api.get(path)
    assert here["compute"] is None
    deps.settings = replace(deps.settings, place=on_google_cloud(Offer(dataflow_rows=584, trainer=Machine(8, 52))))
    beyond = api.get(path)
    assert (beyond["compute"]["beam"], beyond["compute"]["trainer"]["memory_gb"]) == ("dataflow", 52)
    assert beyond["compute"]["reason"].startswith("585 rows: StatisticsGen and Transform run on Dataflow")
    assert beyond["cost_usd"] is None
    assert beyond["seconds"] > here["seconds"] + 2 * WORKERS_SECONDS
    test = api.start(config, epochs=1).get_json()
    assert (test["compute"], test["estimated_seconds"] > 2 * WORKERS_SECONDS) == (None, True)


def ran_slowly(deps: Deps, test: QuickTest) -> None:
    """As if every stage of it had taken 100 seconds, after hours in the queue."""
    begun, end = "2026-01-01T03:00:00Z", "2026-01-01T03:10:00Z"
    stages = tuple(Stage(stage.name, "completed", begun, end, 100.0) for stage in test.stages)
    ended = replace(test, stages=stages, started_at="2026-01-01T00:00:00Z", completed_at=end)
    held = records.get(deps.documents, QuickTest, test.id)
    deps.documents.commit([records.put(ended, test.id, held.revision)])


def test_a13_past_runs_correct_the_estimate(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/quick-test/estimate/"
    guessed = {stage["name"]: stage["seconds"] for stage in api.get(path)["stages"]}
    assert list(guessed) == ["ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer"]
    for seed in range(2):
        ran_slowly(deps, complete(deps, api.start(config, seed=seed).get_json()["id"]))
    again, twin = api.get(path), api.call("POST", f"/api/feature-configs/{config['id']}/clone/", {}).get_json()
    assert again["past_runs"] == 2
    assert again["past_error"] > 0
    stages = {stage["name"]: stage["seconds"] for stage in again["stages"]}
    assert [stages[name] for name in guessed] == pytest.approx([0, 0, 0, 0, 100])
    others = api.get(f"/api/feature-configs/{twin['id']}/quick-test/estimate/")["stages"]
    assert [stage["seconds"] for stage in others] == [0, 0, 0, 100, 100]
    half = api.get(path + "?data_sample_percent=5")
    assert [stage["seconds"] for stage in half["stages"]] == pytest.approx([100, 100, 100, 100, 100], abs=10)
    assert half["seconds"] == pytest.approx(600, abs=50)  # of which 100 lie between the stages, none in the queue
    mapping = {"customer_id": {"role": "customer_id"}, "product_id": {"role": "product_id"}}
    api.call("PUT", f"/api/datasets/{config['dataset']}/column-mapping/", mapping, If_Match="*")
    assert all(stage["seconds"] > 0 for stage in api.get(path)["stages"])  # other rows qualify now
