"""Explorations over HTTP: started, played through, stopped, resumed, and what they end with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from config_api.exploring.starting import started
from flask.testing import FlaskClient
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.domain.exploration import Exploration
from towerlab.domain.quicktest import Cancelled, QuickTest
from towerlab.domain.racing import Start
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import CUSTOMER, PRODUCT, Caller, faults, recorded
from tests.unit.config_api.exploring import START, TOOK, Lab, by_name
from tests.unit.config_api.test_boards import CROSS, grid_of, heatmap, lists
from tests.unit.config_api.test_reactions import push

WIDER = "customer_id 32D and product_id 16D"
LISTS: dict[str, Any] = {"buyer_model_features": [CUSTOMER], "product_model_features": [PRODUCT]}


@pytest.fixture
def lab(api: Caller, bus: FlaskClient, deps: Deps, dataset: dict[str, Any]) -> Lab:
    return Lab(api, bus, deps, dataset)


@pytest.fixture
def start(api: Caller, dataset: dict[str, Any]) -> dict[str, Any]:
    return api.config(dataset, "Start", **LISTS)


def test_b5_an_exploration_finds_what_beats_the_start_and_says_by_how_much(lab: Lab, start: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"tests": 12})
    assert (race["status"], race["kind"], race["feature_config"]) == ("running", "proposals", start["id"])
    assert all(one["reason"] and one["changes"] for one in race["proposals"])
    found = lab.play(race, by_name({"Start": START, WIDER: 0.34, "with city": 0.31}))
    assert found["status"] == "finished"
    outcome = found["outcome"]
    assert (outcome["name"], outcome["verdict"], outcome["confirmed"]) == (
        f"Explored: {WIDER} + with city",
        "better",
        True,
    )
    assert outcome["difference"] == pytest.approx(0.05, abs=0.005)
    assert outcome["difference_interval"][0] > 0
    assert "beats Start: +5" in found["why"]
    assert found["budget"]["spent"] <= 12
    best = lab.api.get(f"/api/feature-configs/{outcome['feature_config']}/")
    assert (best["exploration"], best["name"]) == (race["id"], outcome["name"])
    assert "helped alone, by +4.0 and +1.0 points" in best["description"]


def test_b5_an_exploration_says_plainly_that_nothing_was_found(lab: Lab, start: dict[str, Any]) -> None:
    found = lab.play(lab.explore(config=start["id"], budget={"tests": 12}), by_name({"Start": START, WIDER: 0.299}))
    assert found["status"] == "finished"
    assert found["why"].startswith("None was found that beats Start for sure.")
    assert f"The nearest, Explored: {WIDER}" in found["why"]
    assert (found["outcome"]["confirmed"], found["outcome"]["verdict"] == "better") == (False, False)


def test_no_two_configs_of_it_compute_the_same_nor_what_was_there(
    lab: Lab, start: dict[str, Any], dataset: dict[str, Any], deps: Deps
) -> None:
    wider = [CUSTOMER | {"embedding_dim": 32}], [PRODUCT | {"embedding_dim": 16}]
    lab.api.config(dataset, "A draft", buyer_model_features=wider[0], product_model_features=wider[1])
    race = lab.explore(config=start["id"], budget={"tests": 12})
    assert WIDER not in {one["name"].removeprefix("Explored: ") for one in race["proposals"]}
    lab.play(race, by_name({"Start": START, "with city": 0.32, "with category": 0.33}))
    versions = records.query(deps.documents, ConfigVersion, {"dataset_id": dataset["id"]}).values
    hashes = [version.config_hash for version in versions]
    assert len(set(hashes)) == len(hashes) > 5


def test_what_is_tested_under_the_protocol_already_costs_nothing(
    lab: Lab, start: dict[str, Any], dataset: dict[str, Any]
) -> None:
    wider = lab.api.config(
        dataset,
        "Wider",
        buyer_model_features=[CUSTOMER | {"embedding_dim": 32}],
        product_model_features=[PRODUCT | {"embedding_dim": 16}],
    )
    for config, recall in ((start, START), (wider, 0.36)):
        lab.api.start(config, data_sample_percent=100, epochs=3, batch_size=2048)
        lab.end(lab.open_tests()[0], recall)
    race = lab.explore(config=start["id"], budget={"tests": 3})
    assert race["start"]["recall_at_100"] == pytest.approx(START)
    assert race["heatmap"]["protocol"] is not None
    (known,) = [one for one in race["proposals"] if one["feature_config"]]
    assert (known["feature_config"], known["state"]) == (wider["id"], "tested")
    found = lab.play(race, by_name({"Start": START, "Wider": 0.36}))
    assert found["outcome"]["feature_config"] == wider["id"]
    assert found["budget"]["spent"] == 3


def test_events_that_come_twice_change_nothing(lab: Lab, start: dict[str, Any]) -> None:
    lab.repeats = 3
    race = lab.explore(config=start["id"], budget={"tests": 8})
    found = lab.play(race, by_name({"Start": START, WIDER: 0.34}))
    assert found["budget"]["spent"] == found["tests"]["ended"] == records.count(lab.deps.documents, QuickTest)
    for _ in range(3):
        assert push(lab.bus, lab.due(race)).status_code == 204
    assert lab.shown(race) == found


@pytest.mark.parametrize("turns", [0, 1, 4, 7])
def test_stopped_and_resumed_it_comes_to_the_same_end(lab: Lab, start: dict[str, Any], turns: int) -> None:
    recall = by_name({"Start": START, WIDER: 0.34})
    race = lab.explore(config=start["id"], budget={"tests": 8})
    lab.play(race, recall, turns)
    stopped = [lab.ask(race, "stop") for _ in range(2)]
    assert stopped[0] == stopped[1]
    assert (stopped[0]["status"], len(lab.open_tests())) == ("stopped", 1)
    assert push(lab.bus, lab.due(race)).status_code == 204
    lab.ended(lab.open_tests()[0], Cancelled(lab.deps.clock.now().isoformat()))
    assert lab.open_tests() == []
    assert [lab.ask(race, "resume")["status"] for _ in range(2)] == ["running"] * 2
    found = lab.play(race, recall)
    assert (found["status"], found["outcome"]["name"]) == ("finished", f"Explored: {WIDER}")
    assert found["budget"]["spent"] <= 8
    assert faults(lab.api.call("POST", f"/api/explorations/{race['id']}/resume/"), 409) == {"": "finished"}
    assert lab.ask(race, "stop") == found


def test_a_stop_cancels_what_is_on_its_way(lab: Lab, start: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"tests": 8})
    lab.deliver()
    (running,) = lab.open_tests()
    lab.ask(race, "stop")
    assert recorded(lab.deps)[-1].data == {"test_id": running.id}
    assert recorded(lab.deps)[-1].type == "quick-test.cancel-requested"


def test_of_two_tests_of_one_config_the_second_waits(lab: Lab, start: dict[str, Any], deps: Deps) -> None:
    race = records.get(deps.documents, Exploration, lab.explore(config=start["id"], budget={"tests": 12})["id"]).value
    of_it = replace(race.contestants[0], config_id=start["id"], version=1)
    race = race.with_contestant(of_it)
    wanted = [Start(one.config_hash, race.top, False, 1.0) for one in (race.start, of_it)]
    race, steps = started(deps, race, wanted)
    deps.documents.commit(steps.writes, steps.events)
    assert [len(one.trials) for one in (race.start, race.contestants[0])] == [1, 0]


def test_a_failed_proposal_is_out_and_the_rest_goes_on(lab: Lab, start: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"tests": 8})
    found = lab.play(race, by_name({"Start": START, WIDER: None, "with city": 0.33}))
    out = next(one for one in found["proposals"] if one["name"].endswith(WIDER))
    assert (out["state"], out["out"]) == ("out", "its test failed: out of memory")
    assert found["outcome"]["name"] == "Explored: with city"


def test_it_ends_when_what_it_stands_on_is_gone(lab: Lab, start: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"tests": 8})
    lab.play(race, by_name({"Start": START}), turns=2)
    lab.api.call("POST", f"/api/feature-configs/{start['id']}/archive/")
    assert push(lab.bus, lab.due(race)).status_code == 204
    found = lab.shown(race)
    assert (found["status"], found["why"]) == ("finished", "The config that it starts from was archived.")
    (open,) = lab.open_tests()
    assert (open.phase.value, found["tests"]["running"]) == ("cancelling", 1)
    lab.ended(open, Cancelled(lab.deps.clock.now().isoformat()))
    assert lab.shown(race)["tests"] == {"ended": 3, "running": 0}


def test_it_ends_with_its_dataset(lab: Lab, start: dict[str, Any], dataset: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"tests": 8})
    lab.deliver()
    lab.api.call("DELETE", f"/api/datasets/{dataset['id']}/", If_Match="*")
    assert push(lab.bus, lab.due(race)).status_code == 204
    assert lab.shown(race)["why"] == "The dataset was deleted."


def test_its_configs_and_tests_are_marked_and_otherwise_ordinary(lab: Lab, start: dict[str, Any], deps: Deps) -> None:
    race = lab.explore(config=start["id"], budget={"tests": 8})
    lab.play(race, by_name({"Start": START}), turns=2)
    made = [one for one in records.query(deps.documents, FeatureConfig).values if one.exploration_id == race["id"]]
    assert [one.number for one in made] == [2, 3]
    shown = lab.api.get(f"/api/feature-configs/{made[0].id}/quick-tests/")["items"]
    assert [test["exploration"] for test in shown] == [race["id"]]
    assert lab.api.get(f"/api/feature-configs/{made[0].id}/")["quick_tests"]["count"] == 1
    assert lab.api.get(f"/api/feature-configs/{start['id']}/")["exploration"] is None
    actions = [entry["action"] for entry in lab.api.get(f"/api/audit/?object={made[0].id}")["items"]]
    assert "created" in actions
    assert [entry["action"] for entry in lab.api.get(f"/api/audit/?object={race['id']}")["items"]] == ["created"]


def test_explorations_are_listed_newest_first(lab: Lab, start: dict[str, Any], dataset: dict[str, Any]) -> None:
    races = [lab.explore(config=start["id"], budget={"tests": 4 + n}) for n in range(3)]
    page = lab.api.get(f"/api/datasets/{dataset['id']}/explorations/?limit=2")
    assert [one["id"] for one in page["items"]] == [races[2]["id"], races[1]["id"]]
    assert page["total"] == 3
    rest = lab.api.get(f"/api/datasets/{dataset['id']}/explorations/?limit=2&cursor={page['next_cursor']}")
    assert [one["id"] for one in rest["items"]] == [races[0]["id"]]


def test_a_repeated_request_starts_one_exploration(lab: Lab, start: dict[str, Any], dataset: dict[str, Any]) -> None:
    path, body = f"/api/datasets/{dataset['id']}/explorations/", {"config": start["id"], "budget": {"tests": 4}}
    answers = [lab.api.call("POST", path, body, Idempotency_Key="once") for _ in range(2)]
    assert answers[0].get_json()["id"] == answers[1].get_json()["id"]
    assert lab.api.get(path)["total"] == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"budget": {"tests": 3}}, {"/budget/tests": "too_small"}),
        ({"budget": {"minutes": 0.0001}}, {"/budget/minutes": "too_small"}),
        ({"budget": {"tests": 5, "minutes": 5}}, {"/budget": "one_of_three"}),
        ({"budget": {}}, {"/budget": "one_of_three"}),
        ({"budget": {"dollars": 5}}, {"/budget/dollars_per_hour": "belongs_together"}),
        ({"budget": {"tests": 5, "dollars_per_hour": 1}}, {"/budget/dollars_per_hour": "belongs_together"}),
        ({"config": "none", "budget": {"tests": 0}}, {"/config": "not_found", "/budget/tests": "out_of_range"}),
        ({"config": "none", "budget": {"tests": 5}}, {"/config": "not_found"}),
        ({"cells": ["a"], "budget": {"tests": 5}}, {"/config": "one_of_two", "/heatmap": "belongs_together"}),
        ({}, {"/budget": "required"}),
    ],
)
def test_what_cannot_be_explored_is_refused_with_a_remedy(
    lab: Lab, start: dict[str, Any], dataset: dict[str, Any], body: dict[str, Any], expected: dict[str, str]
) -> None:
    path = f"/api/datasets/{dataset['id']}/explorations/"
    assert faults(lab.api.call("POST", path, {"config": start["id"], **body})) == expected


def test_an_archived_config_is_not_explored(lab: Lab, start: dict[str, Any], dataset: dict[str, Any]) -> None:
    lab.api.call("POST", f"/api/feature-configs/{start['id']}/archive/")
    path, body = f"/api/datasets/{dataset['id']}/explorations/", {"config": start["id"], "budget": {"tests": 12}}
    assert faults(lab.api.call("POST", path, body), 409) == {"": "archived"}
    assert lab.api.call("GET", "/api/explorations/none/").status_code == 404
    assert lab.api.call("POST", "/api/explorations/none/stop/").status_code == 404


def test_a_budget_in_minutes_counts_what_tests_took(lab: Lab, start: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"minutes": 30})
    found = lab.play(race, by_name({"Start": START}), turns=3)
    assert found["budget"]["spent"] == pytest.approx(3 * TOOK / 60)
    assert found["estimated_seconds"] > 0


def test_a_budget_in_dollars_counts_what_an_hour_costs(lab: Lab, start: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"dollars": 5, "dollars_per_hour": 3.6})
    found = lab.play(race, by_name({"Start": START}), turns=2)
    assert found["budget"]["spent"] == pytest.approx(2 * TOOK * 0.001)


def test_the_heatmap_that_it_names_shows_it_while_it_runs(lab: Lab, start: dict[str, Any]) -> None:
    race = lab.explore(config=start["id"], budget={"tests": 12})
    assert race["heatmap"]["protocol"] is None
    found = lab.play(race, by_name({"Start": START, WIDER: 0.33}), turns=2)
    query = "&".join(f"{name}={value}" for name, value in found["heatmap"].items())
    drawn = heatmap(lab.api, lab.dataset, f"?{query}")
    assert {cell["best"]["name"] for cell in drawn["cells"]} == {"Start", f"Explored: {WIDER}"}


SCORED = {"data_sample_percent": 100, "epochs": 3, "batch_size": 2048}


def scored_grid(lab: Lab) -> None:
    """Three of four cells, tested under the protocol that a test of now has."""
    for customer, crosses, recall in ((32, (), 0.3), (64, (), 0.45), (32, (CROSS,), 0.4)):
        config = lab.api.config(lab.dataset, f"{customer}/{len(crosses)}", **lists(customer, 8, crosses))
        lab.api.start(config, **SCORED)
        lab.end(lab.open_tests()[0], recall)


def test_b5_empty_cells_of_a_heatmap_are_run_and_land_there(lab: Lab) -> None:
    scored_grid(lab)
    asked = {"metric": "recall_at_100", "group_by": "embedding_dims", "rows": "crosses"}
    (empty,) = heatmap(lab.api, lab.dataset)["empty"]
    race = lab.explore(cells=[empty["run"]["config_hash"]], heatmap=asked, budget={"minutes": 60})
    assert (race["kind"], race["start"], len(race["proposals"])) == ("cells", None, 1)
    assert race["proposals"][0]["changes"] == empty["run"]["changes"]
    assert race["estimated_seconds"] > 0
    found = lab.play(race, lambda _: 0.5)
    assert (found["status"], found["why"]) == ("finished", "All of its cells are filled.")
    drawn = heatmap(lab.api, lab.dataset)
    assert (drawn["empty"], len(drawn["cells"])) == ([], 4)
    assert drawn["cells"][3]["best"]["feature_config"] == found["proposals"][0]["feature_config"]


def test_a_cell_that_somebody_has_a_draft_of_is_filled_by_that_draft(lab: Lab) -> None:
    scored_grid(lab)
    draft = lab.api.config(lab.dataset, "A draft", **lists(64, 8, (CROSS,)))
    (empty,) = heatmap(lab.api, lab.dataset)["empty"]
    race = lab.explore(cells=[empty["run"]["config_hash"]], heatmap={}, budget={"tests": 1})
    assert lab.play(race, lambda _: 0.5)["proposals"][0]["feature_config"] == draft["id"]


def test_cells_that_are_not_there_are_refused(lab: Lab, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/explorations/"
    body = {"cells": ["ab", "cd"], "heatmap": {}, "budget": {"tests": 2}}
    assert faults(lab.api.call("POST", path, body), 409) == {"": "no_heatmap"}
    scored_grid(lab)
    assert faults(lab.api.call("POST", path, body)) == {"/cells/0": "unknown_cell", "/cells/1": "unknown_cell"}
    bad = body | {"heatmap": {"protocol": "none"}}
    assert faults(lab.api.call("POST", path, bad)) == {"/protocol": "unknown_protocol"}


def test_a_heatmap_of_another_protocol_is_not_filled(lab: Lab, dataset: dict[str, Any]) -> None:
    grid_of(lab.api, lab.deps, dataset, {(32, 8, False): 0.3, (64, 8, False): 0.45, (32, 8, True): 0.4})
    (empty,) = heatmap(lab.api, dataset)["empty"]
    body = {"cells": [empty["run"]["config_hash"]], "heatmap": {}, "budget": {"tests": 2}}
    answer = lab.api.call("POST", f"/api/datasets/{dataset['id']}/explorations/", body)
    assert faults(answer, 409) == {"": "other_protocol"}
