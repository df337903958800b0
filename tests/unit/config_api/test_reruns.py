"""Rerun plans over HTTP, the reruns that come of them, and drift."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.reruns import RerunPlan
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import result_of, store_best, store_result
from tests.unit.config_api.calling import Caller, faults, recorded
from tests.unit.config_api.test_quick_tests import complete
from tests.unit.config_api.test_reactions import push


def plan_path(config: dict[str, Any]) -> str:
    return f"/api/feature-configs/{config['id']}/rerun-plan/"


def put_plan(api: Caller, config: dict[str, Any], when: str) -> Any:
    etag = api.call("GET", plan_path(config)).headers["ETag"]
    return api.call("PUT", plan_path(config), {"when": when}, If_Match=etag)


def due(deps: Deps, bus: FlaskClient, config: dict[str, Any], times: int = 1) -> None:
    told = event(deps, "quick-test.rerun-due", config["id"], config_id=config["id"])
    assert [push(bus, told).status_code for _ in range(times)] == [204] * times


def quick_tests(api: Caller, config: dict[str, Any]) -> list[dict[str, Any]]:
    return list(api.get(f"/api/feature-configs/{config['id']}/quick-tests/")["items"])


def test_nothing_is_planned_until_somebody_says_so(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    assert api.get(plan_path(config))["when"] == "off"
    answer = put_plan(api, config, "weekly")
    assert (answer.status_code, answer.get_json()["when"]) == (200, "weekly")
    plan = records.get(deps.documents, RerunPlan, config["id"]).value
    assert plan.due_at is not None
    assert plan.due_at[:10] > plan.updated_at[:10]
    assert put_plan(api, config, "off").get_json()["due_at"] is None


def test_an_edit_of_an_old_plan_is_refused(api: Caller, config: dict[str, Any]) -> None:
    old = api.call("GET", plan_path(config)).headers["ETag"]
    put_plan(api, config, "daily")
    assert api.call("PUT", plan_path(config), {"when": "off"}, If_Match=old).status_code == 412
    assert api.call("PUT", plan_path(config), {"when": "off"}).status_code == 428
    assert faults(api.call("PUT", plan_path(config), {"when": "hourly"}, If_Match="*")) == {"/when": "not_allowed"}


def test_a_rerun_has_the_settings_of_the_best_test_and_is_marked(
    api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]
) -> None:
    best = complete(deps, api.start(config, data_sample_percent=25, epochs=3, seed=5).get_json()["id"])
    store_best(deps, best, 0.3)
    due(deps, bus, config, times=3)
    rerun, first = quick_tests(api, config)
    assert (rerun["rerun"], first["rerun"]) == (True, False)
    assert [rerun[name] for name in ("data_sample_percent", "epochs", "seed", "version")] == [25, 3, 5, 1]
    assert recorded(deps)[-1].data == {"test_id": rerun["id"]}


def test_a_rerun_of_what_cannot_be_tested_is_noted_and_left(
    api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]
) -> None:
    api.call("POST", f"/api/feature-configs/{config['id']}/archive/")
    due(deps, bus, config)
    assert quick_tests(api, config) == []
    newest = api.get(f"/api/audit/?object={config['id']}")["items"][0]
    assert newest["action"] == "rerun_refused"


def test_a_deleted_config_is_not_tested(api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]) -> None:
    api.call("DELETE", f"/api/feature-configs/{config['id']}/", If_Match="*")
    due(deps, bus, config)
    assert records.count(deps.documents, QuickTest) == 0


def with_result(api: Caller, deps: Deps, config: dict[str, Any], at_100: float, seed: int) -> None:
    test = complete(deps, api.start(config, seed=seed).get_json()["id"])
    store_result(deps, result_of(test, at_100))


def test_drift_is_told_when_recall_leaves_its_interval(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/drift/"
    assert (api.get(path)["items"], api.get(path)["expected"]) == ([], None)
    for seed, at_100 in enumerate((0.30, 0.32)):
        with_result(api, deps, config, at_100, seed)
    assert api.get(path)["note"] == ""
    with_result(api, deps, config, 0.2, 7)
    found = api.get(path)
    assert [point["outside"] for point in found["items"]].count(True) == 1
    assert found["expected"] == pytest.approx([0.25, 0.35])
    assert found["lines"][0]["tests"] == 3
    assert faults(api.call("GET", f"{path}?protocol=x")) == {"/protocol": "unknown_protocol"}
