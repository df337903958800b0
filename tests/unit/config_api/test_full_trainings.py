"""Full trainings: what they take, what they hand over, and that quick tests' lists and figures do not know of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from config_api.app import create_public
from flask.testing import FlaskClient
from towerlab.domain.datasets import Dataset
from towerlab.domain.quicktest import Completed, FullTraining, Submitting, advance
from towerlab.domain.results import FullResult
from towerlab.events.envelope import Event
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.stacks import REPOSITORY
from tests.unit.config_api.building import result_of
from tests.unit.config_api.calling import BUYER_LISTS, Caller, faults, recorded
from tests.unit.config_api.test_bundles import generate_code
from tests.unit.config_api.test_reactions import ended, finished, push

OF_ONE = ("", "events/", "ranks/", "recommendations/", "lineage/")


def train(api: Caller, config: dict[str, Any], body: Any = None, **headers: str) -> TestResponse:
    return api.call("POST", f"/api/feature-configs/{config['id']}/full-training/", body, **headers)


def trained(api: Caller, config: dict[str, Any], body: Any = None) -> dict[str, Any]:
    answer = train(api, config, body)
    assert answer.status_code == 202, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def complete(deps: Deps, training_id: str) -> FullTraining:
    """The orchestrator's and the collector's part, with a result that would be the best of all."""
    held = records.get(deps.documents, FullTraining, training_id)
    done = advance(advance(held.value, Submitting("job")), Completed((), deps.clock.now().isoformat()))
    result = FullResult(**vars(result_of(done, at_100=0.9)))
    deps.documents.commit([records.put(done, done.id, held.revision), records.put(result, done.id, None)])
    return done


def told(deps: Deps, type: str) -> list[Event]:
    return [event for event in recorded(deps) if event.type == type]


def paths(value: Any, at: str = "") -> Iterator[str]:
    """Of every leaf."""
    if not isinstance(value, dict):
        yield at
        return
    for name in sorted(value):
        yield from paths(value[name], f"{at}/{name}")


def shown(api: Caller, config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/api/feature-configs/{config['id']}/")
    return found


@pytest.fixture
def tested(api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]) -> dict[str, Any]:
    """A config whose version 1 has code and was tested best with a model that is not the default one."""
    generate_code(deps, config)
    push(bus, finished(deps, ended(api, deps, config, 0.2)))
    best = ended(api, deps, config, 0.3, seed=7, replicates=2, advanced={"hidden_layers": [64]})
    push(bus, finished(deps, best))
    return shown(api, config)


@pytest.fixture
def elsewhere(deps: Deps) -> Caller:
    """The same installation, if its full trainings are the Training domain's."""
    settings = replace(deps.settings, full_training="handed_over")
    members: Any = {"documents": deps.documents, "artifacts": deps.artifacts, "warehouse": deps.warehouse}
    return Caller(create_public(Deps(settings, **members)).test_client())


def test_q12_a_tested_config_is_trained_on_all_data_as_it_was_tested_best(api: Caller, tested: dict[str, Any]) -> None:
    training = trained(api, tested)
    assert (training["kind"], training["status"], training["existing"]) == ("full", "pending", False)
    assert (training["data_sample_percent"], training["epochs"], training["batch_size"]) == (100, 20, 4096)
    assert (training["seed"], training["replicates"], training["advanced"]["hidden_layers"]) == (7, 1, [64])
    assert training["estimated_seconds"] > 0
    read = api.get(f"/api/full-trainings/{training['id']}/")
    assert read == {name: value for name, value in training.items() if name != "existing"}
    lifetime = datetime.fromisoformat(read["deadline"]) - datetime.fromisoformat(read["created_at"])
    assert lifetime == timedelta(days=1)


def test_q12_it_promotes_the_version_that_it_is_of(api: Caller, deps: Deps, tested: dict[str, Any]) -> None:
    trained(api, tested)
    assert shown(api, tested)["status"] == "promoted"
    assert [event.data for event in told(deps, "feature-config.promoted")] == [
        {"config_id": tested["id"], "version": 1}
    ]
    trained(api, tested, {"epochs": 50})
    assert len(told(deps, "feature-config.promoted")) == 1
    lines = api.get(f"/api/audit/?object={tested['id']}")["items"]
    actions = [line["action"] for line in lines]
    assert (actions.count("full_training_requested"), actions.count("promoted")) == (2, 1)


def test_q12_an_older_tested_version_is_trained_and_not_promoted(
    api: Caller, bus: FlaskClient, deps: Deps, tested: dict[str, Any]
) -> None:
    edited = api.put(tested, **BUYER_LISTS).get_json()
    assert faults(train(api, edited), 409) == faults(train(api, edited, {"version": 1}), 409) == {"": "not_tested"}
    push(bus, finished(deps, ended(api, deps, edited, 0.4)))
    assert trained(api, edited, {"version": 1})["version"] == 1
    assert (shown(api, edited)["status"], told(deps, "feature-config.promoted")) == ("tested", [])


def test_q12_the_event_has_all_that_another_domain_needs(api: Caller, deps: Deps, tested: dict[str, Any]) -> None:
    training = trained(api, tested, {"epochs": 10, "batch_size": 8192})
    (event,) = told(deps, "full-training.requested")
    handed = dict(event.data)
    assert handed["training_id"] == training["id"]
    assert (handed["config_id"], handed["version"]) == (tested["id"], 1)
    assert handed["config_hash"] == tested["config_hash"]
    for name in ("preprocessing.py", "trainer.py"):
        file = handed["code"][name]
        assert hashlib.sha256(deps.artifacts.read(file["uri"])).hexdigest() == file["sha256"]
    dataset = records.get(deps.documents, Dataset, tested["dataset"]).value
    snapshot = dataset.snapshot
    assert handed["snapshot"] == {"id": snapshot.id, "uri": snapshot.uri, "dataset": dataset.id}
    assert {name: training[name] for name in handed["settings"]} == handed["settings"]
    assert handed["settings"]["epochs"] == 10


def test_the_page_about_the_hand_over_shows_the_event_as_it_is(api: Caller, deps: Deps, tested: dict[str, Any]) -> None:
    trained(api, tested)
    (event,) = told(deps, "full-training.requested")
    page = (REPOSITORY / "docs" / "hand-over.md").read_text("utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    assert list(paths(example)) == list(paths(dict(event.data)))


def test_q12_one_that_is_handed_over_says_so_and_has_ended_for_this_api(
    elsewhere: Caller, deps: Deps, tested: dict[str, Any]
) -> None:
    training = trained(elsewhere, tested)
    assert (training["phase"], training["status"], training["progress"]) == ("handed_over", "completed", 1.0)
    assert (training["stages"], training["recall_at_100"], training["queue_position"]) == ([], None, None)
    assert shown(elsewhere, tested)["status"] == "promoted"
    path = f"/api/full-trainings/{training['id']}/"
    assert "event: full-training\n" in elsewhere.call("GET", path + "events/").text
    assert elsewhere.call("POST", path + "cancel/").get_json() == elsewhere.get(path)
    assert told(deps, "full-training.cancel-requested") == []


def test_q12_what_was_handed_over_can_be_handed_over_again(
    elsewhere: Caller, deps: Deps, tested: dict[str, Any]
) -> None:
    assert trained(elsewhere, tested)["id"] != trained(elsewhere, tested)["id"]
    assert len(told(deps, "full-training.requested")) == 2


def test_an_equal_one_that_runs_or_has_completed_is_offered(api: Caller, deps: Deps, tested: dict[str, Any]) -> None:
    first = trained(api, tested)
    again = train(api, tested, {"epochs": 20, "version": 1})
    assert (again.status_code, again.get_json()["id"], again.get_json()["existing"]) == (200, first["id"], True)
    complete(deps, first["id"])
    again = train(api, tested)
    assert (again.status_code, again.get_json()["recall_at_100"]) == (200, 0.9)
    assert trained(api, tested, {"epochs": 21})["id"] != first["id"]


def test_a_repeated_request_with_its_key_hands_over_once(elsewhere: Caller, deps: Deps, tested: dict[str, Any]) -> None:
    answers = [train(elsewhere, tested, {}, Idempotency_Key="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].get_json() == answers[1].get_json()
    assert len(told(deps, "full-training.requested")) == 1


def test_every_fault_of_a_request_is_told_at_once(api: Caller, tested: dict[str, Any]) -> None:
    body = {"epochs": 9, "batch_size": 1000, "version": 2, "data_sample_percent": 10}
    assert faults(train(api, tested, body)) == {
        "/epochs": "out_of_range", "/batch_size": "not_allowed", "/version": "unknown_version",
        "/data_sample_percent": "unknown_field",
    }  # fmt: skip
    assert faults(train(api, tested, {"epochs": 51})) == {"/epochs": "out_of_range"}


def test_what_was_never_tested_or_is_archived_is_not_trained(api: Caller, config: dict[str, Any]) -> None:
    assert faults(train(api, config), 409) == {"": "not_tested"}
    assert api.call("POST", f"/api/feature-configs/{config['id']}/archive/").status_code == 200
    assert faults(train(api, config), 409) == {"": "archived"}


def test_a_split_by_dates_is_not_taken_over_once_the_dates_are_gone(
    api: Caller, bus: FlaskClient, deps: Deps, tested: dict[str, Any]
) -> None:
    push(bus, finished(deps, ended(api, deps, tested, 0.4, advanced={"split": "time"})))
    assert train(api, tested, {"epochs": 11}).status_code == 202
    mapping = {"customer_id": {"role": "customer_id"}, "product_id": {"role": "product_id"}}
    api.call("PUT", f"/api/datasets/{tested['dataset']}/column-mapping/", mapping, If_Match="*")
    refused = train(api, tested, {"epochs": 12})
    assert refused.status_code == 409
    assert refused.get_json()["errors"][0]["code"] == "no_split"


def test_there_is_no_training_without_code(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    ended(api, deps, config, 0.3)
    assert faults(train(api, config), 409) == {"": "no_code"}
    assert shown(api, config)["status"] == "draft"
    generate_code(deps, config)
    trained(api, config)


def test_a_full_training_is_no_quick_test_and_a_quick_test_no_full_training(
    api: Caller, deps: Deps, tested: dict[str, Any]
) -> None:
    training = complete(deps, trained(api, tested)["id"])
    test = api.get(f"/api/feature-configs/{tested['id']}/quick-tests/")["items"][0]
    for part in OF_ONE:
        assert faults(api.call("GET", f"/api/quick-tests/{training.id}/{part}"), 404)
        assert faults(api.call("GET", f"/api/full-trainings/{test['id']}/{part}"), 404)
    assert faults(api.call("POST", f"/api/quick-tests/{training.id}/cancel/"), 404)
    assert faults(api.call("POST", f"/api/full-trainings/{test['id']}/cancel/"), 404)
    assert faults(api.call("GET", f"/api/compare/?tests={test['id']},{training.id}")) == {"/tests": "not_found"}


def test_no_list_board_best_or_estimate_of_quick_tests_knows_of_it(
    api: Caller, bus: FlaskClient, deps: Deps, tested: dict[str, Any]
) -> None:
    of_config, of_dataset = f"/api/feature-configs/{tested['id']}/", f"/api/datasets/{tested['dataset']}/"
    paths = [of_config + part for part in ("quick-tests/", "drift/", "quick-test/estimate/", "rerun-plan/")]
    paths += [of_dataset + part for part in ("leaderboard/", "heatmap/")]
    before = [api.get(path) for path in paths]
    training = complete(deps, trained(api, tested)["id"])
    push(bus, finished(deps, {"id": "t", "feature_config": tested["id"], "version": 1}))
    assert [api.get(path) for path in paths] == before
    after = shown(api, tested)
    assert (after["quick_tests"], after["best"]) == (tested["quick_tests"], tested["best"])
    listed = api.get(of_config + "full-trainings/")
    assert ([one["id"] for one in listed["items"]], listed["total"]) == ([training.id], 1)


def test_full_trainings_and_quick_tests_wait_in_one_queue(api: Caller, tested: dict[str, Any]) -> None:
    training = trained(api, tested)
    test = api.start(tested, seed=99).get_json()
    assert (training["queue_position"], test["queue_position"]) == (0, 1)


def test_cancelling_is_told_once(api: Caller, deps: Deps, tested: dict[str, Any]) -> None:
    training = trained(api, tested)
    for _ in range(2):
        cancelled = api.call("POST", f"/api/full-trainings/{training['id']}/cancel/")
        assert (cancelled.status_code, cancelled.get_json()["phase"]) == (202, "cancelling")
    assert [event.data for event in told(deps, "full-training.cancel-requested")] == [{"training_id": training["id"]}]


def test_the_training_of_a_deleted_dataset_is_cancelled(
    api: Caller, bus: FlaskClient, deps: Deps, tested: dict[str, Any]
) -> None:
    training = trained(api, tested)
    path = f"/api/datasets/{tested['dataset']}/"
    assert api.call("DELETE", path, If_Match="*").status_code == 204
    assert push(bus, told(deps, "dataset.deleted")[0]).status_code == 204
    assert records.get(deps.documents, FullTraining, training["id"]).value.phase.value == "cancelling"
