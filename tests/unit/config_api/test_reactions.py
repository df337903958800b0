"""What a finished test does to its config, whatever order the events come in."""

from __future__ import annotations

import base64
import json
from itertools import permutations
from typing import Any

import pytest
from flask.testing import FlaskClient
from towerlab.events.codec import encode
from towerlab.events.envelope import Event
from towerlab.runtime.announce import event
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.unit.config_api.building import store_best
from tests.unit.config_api.calling import BUYER_LISTS, Caller
from tests.unit.config_api.conftest import TOKEN
from tests.unit.config_api.test_quick_tests import complete


def push(bus: FlaskClient, told: Event) -> TestResponse:
    data = base64.b64encode(encode(told)).decode()
    body = {"message": {"data": data, "attributes": {}, "messageId": told.id}, "subscription": "config-api"}
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    return bus.post("/events/", data=json.dumps(body), headers=headers, base_url="http://127.0.0.1:8081")


def finished(deps: Deps, test: dict[str, Any], phase: str = "completed") -> Event:
    facts = {"config_id": test["feature_config"], "version": test["version"], "test_id": test["id"]}
    return event(deps, "quick-test.finished", test["id"], phase=phase, **facts)


def best(deps: Deps, test: dict[str, Any]) -> Event:
    facts = {"config_id": test["feature_config"], "version": test["version"], "test_id": test["id"]}
    return event(deps, "best-metrics.updated", test["feature_config"], **facts)


def ended(api: Caller, deps: Deps, config: dict[str, Any], at_100: float, key: str = "key-1", **settings: Any) -> Any:
    """A test of `config` that has completed with that recall; nobody has been told yet."""
    test = api.start(config, **settings).get_json()
    store_best(deps, complete(deps, test["id"]), at_100, key)
    return test


@pytest.mark.parametrize("order", list(permutations((0, 1, 0))))
def test_a_completed_test_of_the_current_version_makes_a_config_tested(
    api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any], order: tuple[int, ...]
) -> None:
    test = ended(api, deps, config, 0.3)
    events = [finished(deps, test), best(deps, test)]
    for n in order:
        assert push(bus, events[n]).status_code == 204
    shown = api.get(f"/api/feature-configs/{config['id']}/")
    assert shown["status"] == "tested"
    assert shown["best_recall_at_100"] == 0.3
    assert (shown["best"]["test"], shown["best"]["version"]) == (test["id"], 1)
    assert shown["best"]["settings"]["epochs"] == 2
    assert shown["quick_tests"] == {"count": 1, "last_at": test["created_at"], "running": 0}


def test_a_finished_test_never_makes_an_editors_copy_stale(
    api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]
) -> None:
    test = ended(api, deps, config, 0.3)
    push(bus, finished(deps, test))
    assert api.get(f"/api/feature-configs/{config['id']}/")["etag"] == config["etag"]
    assert api.put(config, name="still mine").get_json()["status"] == "tested"


def test_a_new_version_is_a_draft_again_and_keeps_the_history(
    api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]
) -> None:
    test = ended(api, deps, config, 0.3)
    push(bus, best(deps, test))
    edited = api.put(config, **BUYER_LISTS).get_json()
    assert edited["status"] == "draft"
    assert edited["best"]["version"] == 1
    push(bus, finished(deps, test))
    assert api.get(f"/api/feature-configs/{config['id']}/")["status"] == "draft"


def test_a_failed_test_changes_only_the_counts(
    api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]
) -> None:
    test = api.start(config).get_json()
    push(bus, finished(deps, test, phase="failed"))
    shown = api.get(f"/api/feature-configs/{config['id']}/")
    assert (shown["status"], shown["best"], shown["quick_tests"]["count"]) == ("draft", None, 1)


def test_tested_configs_come_first(api: Caller, bus: FlaskClient, deps: Deps, dataset: dict[str, Any]) -> None:
    configs = {name: api.config(dataset, name) for name in ("untested", "good", "better", "elsewhere")}
    for name, at_100, key in (("good", 0.2, "a"), ("better", 0.3, "a"), ("elsewhere", 0.9, "b")):
        push(bus, best(deps, ended(api, deps, configs[name], at_100, key)))
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    listed = api.get(path)["items"]
    assert [one["name"] for one in listed] == ["better", "good", "elsewhere", "untested"]
    assert [one["best"] and one["best"]["comparable"] for one in listed] == [True, True, False, None]
    rising = [one["name"] for one in api.get(path + "?sort=best_recall_at_100")["items"]]
    assert rising[-1] == "untested"
    assert rising.index("good") < rising.index("better")


def test_events_of_what_is_not_there_are_set_aside(bus: FlaskClient, deps: Deps) -> None:
    test = {"feature_config": "none", "version": 1, "id": "none"}
    assert push(bus, finished(deps, test)).status_code == 204
    assert deps.documents.count("dead_letter", {}) == 1


def test_events_need_the_token(bus: FlaskClient) -> None:
    answer = bus.post("/events/", json={}, base_url="http://127.0.0.1:8081")
    assert answer.status_code == 401
