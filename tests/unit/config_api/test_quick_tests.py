"""Starting, reading and cancelling quick tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from towerlab.configs.config import ConfigStatus, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.domain.protocol import roles_of
from towerlab.domain.quicktest import Completed, QuickTest, Submitting, advance
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import result_of, store_result
from tests.unit.config_api.calling import BUYER_LISTS, CUSTOMER, Caller, faults, recorded

API_FIELDS = {
    "id", "feature_config", "version", "data_sample_percent", "epochs", "batch_size", "seed", "replicates", "status",
    "phase", "vertex_pipeline_id", "current_stage", "progress", "stages", "loss", "recall_at_10", "recall_at_50",
    "recall_at_100", "intervals", "ruler", "verdict", "vocabulary_stats", "warnings", "slices", "duration_seconds",
    "estimated_seconds", "cost_usd", "mlflow_run_id", "mlflow_url", "rerun", "replicate_results", "curve", "unseen",
    "metrics", "protocol", "error", "started_at", "completed_at", "created_at",
}  # fmt: skip


def complete(deps: Deps, test_id: str) -> QuickTest:
    """The orchestrator's and the collector's part: the test was submitted and has ended well."""
    held = records.get(deps.documents, QuickTest, test_id)
    roles = roles_of(records.get(deps.documents, Dataset, held.value.dataset_id).value)
    done = advance(advance(held.value, Submitting("job", roles)), Completed((), deps.clock.now().isoformat()))
    deps.documents.commit([records.put(done, test_id, held.revision)])
    return done


def test_a7_a_test_is_asked_for_with_the_defaults_of_the_api(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    answer = api.start(config)
    assert answer.status_code == 202
    test = answer.get_json()
    assert set(test) >= API_FIELDS
    assert (test["data_sample_percent"], test["epochs"], test["batch_size"]) == (10, 2, 4096)
    assert (test["seed"], test["replicates"], test["version"], test["existing"]) == (0, 1, 1, False)
    assert (test["status"], test["phase"], test["progress"]) == ("pending", "pending", 0)
    assert test["current_stage"] == test["stages"][0]["name"] == "ExampleGen"
    assert test["recall_at_100"] is test["cost_usd"] is test["error"] is None
    event = recorded(deps)[-1]
    assert (event.type, event.data) == ("quick-test.requested", {"test_id": test["id"]})
    shown = api.get(f"/api/quick-tests/{test['id']}/")
    assert shown == {name: value for name, value in test.items() if name != "existing"}


def test_it_counts_as_dead_two_hours_later(api: Caller, config: dict[str, Any]) -> None:
    test = api.start(config).get_json()
    lifetime = datetime.fromisoformat(test["deadline"]) - datetime.fromisoformat(test["created_at"])
    assert lifetime == timedelta(hours=2)


def test_settings_that_are_not_allowed_are_refused_all_at_once(api: Caller, config: dict[str, Any]) -> None:
    settings = {
        "data_sample_percent": 50,
        "epochs": "2",
        "batch_size": 4096.0,
        "seed": -1,
        "replicates": 6,
        "version": 2**40,
        "force": 1,
        "gpu": True,
        "advanced": {"split": "yes", "learning_rate": 0, "hidden_layers": [2], "oov_dropout": 1, "x": 1, "logq": 0},
    }
    assert set(faults(api.start(config, **settings))) == {
        "/data_sample_percent", "/epochs", "/batch_size", "/seed", "/replicates", "/version", "/force", "/gpu",
        "/advanced/split", "/advanced/learning_rate", "/advanced/hidden_layers/0", "/advanced/oov_dropout",
        "/advanced/x", "/advanced/logq",
    }  # fmt: skip


def test_a7_an_equal_test_is_offered_unless_forced(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    settings = {"epochs": 1, "advanced": {"hidden_layers": [64], "learning_rate": 1}}
    first = api.start(config, **settings).get_json()
    running = api.start(config, **settings)
    assert (running.status_code, running.get_json()["id"], running.get_json()["existing"]) == (200, first["id"], True)
    complete(deps, first["id"])
    again = api.start(config, **settings)
    assert again.status_code == 200
    assert (again.get_json()["id"], again.get_json()["existing"]) == (first["id"], True)
    assert api.start(config, **settings, seed=1).status_code == 202
    assert api.start(config, **settings, force=True).status_code == 202


def test_the_estimate_is_kept_with_the_test_and_counts_steps_as_the_trainer_does(
    api: Caller, config: dict[str, Any]
) -> None:
    path = f"/api/feature-configs/{config['id']}/quick-test/estimate/?data_sample_percent=100&epochs=2&batch_size=2048"
    told = api.get(path)
    assert told["steps"] == 2  # fewer rows than a batch: the trainer takes all of them, once an epoch
    assert told["warnings"][0]["code"] == "few_steps"
    test = api.start(config, data_sample_percent=100, epochs=2, batch_size=2048).get_json()
    assert test["estimated_seconds"] == told["seconds"] > 0


def test_the_estimate_counts_whole_batches_as_the_trainer_takes_them(
    api: Caller, deps: Deps, config: dict[str, Any]
) -> None:
    held = records.get(deps.documents, Dataset, config["dataset"])
    many = replace(held.value, training_rows={"qualify": 10_000})
    deps.documents.commit([records.put(many, many.id, held.revision)])
    path = f"/api/feature-configs/{config['id']}/quick-test/estimate/?data_sample_percent=100&epochs=3&batch_size=4096"
    assert api.get(path)["steps"] == 9_000 // 4096 * 3


def test_the_estimate_says_why_a_test_would_be_refused(
    api: Caller, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    archived = api.call("POST", f"/api/feature-configs/{config['id']}/archive/", {}, If_Match=config["etag"])
    assert archived.status_code == 200
    for one in (config, api.config(dataset, "Nothing in it", start_from={"kind": "blank"})):
        told = api.get(f"/api/feature-configs/{one['id']}/quick-test/estimate/")["warnings"][0]
        assert faults(api.start(one), 409) == {"": told["code"]}
        assert told["message"].startswith("The test cannot start")


def test_a_test_of_another_version_is_another_test(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    complete(deps, api.start(config).get_json()["id"])
    edited = api.put(config, **BUYER_LISTS).get_json()
    assert api.start(edited).status_code == 202
    assert api.start(edited, version=1).status_code == 200
    assert faults(api.start(edited, version=3)) == {"/version": "unknown_version"}


def test_an_archived_config_is_not_tested(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    held = records.get(deps.documents, FeatureConfig, config["id"])
    archived = replace(held.value, status=ConfigStatus.ARCHIVED)
    deps.documents.commit([records.put(archived, config["id"], held.revision)])
    assert faults(api.start(config), 409) == {"": "archived"}


def test_a_dataset_without_products_is_not_tested(api: Caller, dataset: dict[str, Any], config: dict[str, Any]) -> None:
    mapping = {"customer_id": {"role": "customer_id"}}
    assert api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping, If_Match="*").status_code == 200
    assert faults(api.start(config), 409) == {"": "no_product_role"}


@pytest.mark.parametrize("lists", [{}, {"buyer_model_features": [CUSTOMER]}])
def test_a_model_without_features_is_not_tested(api: Caller, dataset: dict[str, Any], lists: dict[str, Any]) -> None:
    body = {"buyer_model_features": [], **lists}
    assert faults(api.start(api.config(dataset, **body)), 409) == {"": "empty_model"}


def test_a_split_by_time_needs_a_date(api: Caller, dataset: dict[str, Any], config: dict[str, Any]) -> None:
    mapping = {"customer_id": {"role": "customer_id"}, "product_id": {"role": "product_id"}}
    assert api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", mapping, If_Match="*").status_code == 200
    assert faults(api.start(config, advanced={"split": "time"})) == {"/advanced/split": "no_date_role"}
    assert api.start(config, advanced={"split": "random"}).status_code == 202


def test_a10_a_config_counts_its_tests(api: Caller, config: dict[str, Any]) -> None:
    ids = [api.start(config, seed=seed).get_json()["id"] for seed in range(3)]
    found = api.get(f"/api/feature-configs/{config['id']}/")
    assert (found["quick_tests"]["count"], found["quick_tests"]["running"]) == (3, 3)
    assert found["etag"] == config["etag"]
    listed = api.get(f"/api/feature-configs/{config['id']}/quick-tests/?limit=2")
    assert [test["id"] for test in listed["items"]] == ids[:0:-1]
    assert listed["total"] == 3
    rest = api.get(f"/api/feature-configs/{config['id']}/quick-tests/?cursor={listed['next_cursor']}&limit=2")
    assert [test["id"] for test in rest["items"]] == ids[:1]


def test_a_test_that_waits_knows_its_place_in_the_queue(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    ids = [api.start(config, seed=seed).get_json()["id"] for seed in range(3)]
    places = [api.get(f"/api/quick-tests/{id}/")["queue_position"] for id in ids]
    assert places == [0, 1, 2]
    complete(deps, ids[0])
    listed = api.get(f"/api/feature-configs/{config['id']}/quick-tests/")["items"]
    assert {test["id"]: test["queue_position"] for test in listed} == dict(zip(ids, [None, 0, 1], strict=True))


def test_a9_cancelling_is_safe_to_repeat_and_told_once(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    test = api.start(config).get_json()
    path = f"/api/quick-tests/{test['id']}/cancel/"
    for _ in range(3):
        cancelled = api.call("POST", path)
        assert cancelled.status_code == 202
        assert cancelled.get_json()["phase"] == "cancelling"
    assert [event.type for event in recorded(deps)].count("quick-test.cancel-requested") == 1


def test_a_finished_test_is_not_cancelled(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    test = api.start(config).get_json()
    complete(deps, test["id"])
    answer = api.call("POST", f"/api/quick-tests/{test['id']}/cancel/", {})
    assert (answer.status_code, answer.get_json()["status"]) == (202, "completed")
    told = api.call("POST", f"/api/quick-tests/{test['id']}/cancel/", {"now": True})
    assert faults(told) == {"/now": "unknown_field"}


def test_a8_a_result_is_shown_beside_its_test(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    test = api.start(config).get_json()
    store_result(deps, result_of(complete(deps, test["id"]), at_100=0.25))
    shown = api.get(f"/api/quick-tests/{test['id']}/")
    assert shown["recall_at_100"] == 0.25
    assert shown["intervals"]["recall_at_100"] == [0.2, 0.3]
    assert shown["ruler"]["popularity"]["recall_at_10"] == 0.1
    assert shown["ruler"]["previous_best"]["difference"]["recall_at_100"] == 0.05
    assert shown["ruler"]["repeat_purchase"] is None
    assert shown["protocol"]["key"] == "key-1"
    assert shown["metrics"] == {"mrr": 0.125}
    assert shown["status"] == "completed"
    assert shown["progress"] == 1.0
    assert api.get(f"/api/feature-configs/{config['id']}/quick-tests/")["items"] == [shown]


def test_a_test_that_is_not_there_is_not_found(api: Caller) -> None:
    assert faults(api.call("GET", "/api/quick-tests/none/"), 404)
    assert faults(api.call("POST", "/api/quick-tests/none/cancel/"), 404)
