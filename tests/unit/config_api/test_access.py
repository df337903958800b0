"""What each role may do over HTTP, and that nobody else may anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from config_api.app import create_public
from towerlab.domain.access import Access, Role
from towerlab.domain.errors import Unidentified
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BUYER_LISTS, Caller, faults
from tests.unit.config_api.test_bundles import generate_code
from tests.unit.config_api.test_reactions import ended


class Named:
    """Believes the header X-Person."""

    def who(self, headers: Mapping[str, str]) -> str:
        if "X-Person" not in headers:
            raise Unidentified("who are you?")
        return headers["X-Person"]


@pytest.fixture
def guarded(deps: Deps, dataset: dict[str, Any]) -> Caller:
    grants = {
        "root": {"*": Role.ADMIN},
        "editor": {dataset["id"]: Role.EDITOR},
        "viewer": {dataset["id"]: Role.VIEWER},
        "elsewhere": {"another": Role.ADMIN},
    }
    settings = replace(deps.settings, access=Access(grants))
    members: Any = {
        "documents": deps.documents,
        "artifacts": deps.artifacts,
        "warehouse": deps.warehouse,
        "identity": Named(),
    }
    return Caller(create_public(Deps(settings, **members)).test_client())


def status(guarded: Caller, person: str, method: str, path: str, body: Any = None) -> int:
    return guarded.call(method, path, body, X_Person=person, If_Match="*").status_code


def test_without_an_identity_only_health_is_told(guarded: Caller, dataset: dict[str, Any]) -> None:
    for path in ("/api/datasets/", f"/api/datasets/{dataset['id']}/", "/api/transforms/", "/api/openapi.json"):
        answer = guarded.call("GET", path)
        assert faults(answer, 401) == {"": "unidentified"}
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert guarded.call("GET", "/healthz").status_code == 200


def test_a_viewer_looks_and_asks_but_changes_nothing(
    guarded: Caller, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    of_dataset, of_config = f"/api/datasets/{dataset['id']}/", f"/api/feature-configs/{config['id']}/"
    for path in (of_dataset, of_dataset + "columns/", of_dataset + "feature-configs/", of_config, "/api/transforms/"):
        assert status(guarded, "viewer", "GET", path) == 200, path
    assert status(guarded, "viewer", "POST", of_dataset + "preview/", BUYER_LISTS) == 200
    assert status(guarded, "viewer", "PUT", of_config, {"name": "x"}) == 403
    assert status(guarded, "viewer", "DELETE", of_config) == 403
    assert status(guarded, "viewer", "POST", of_config + "clone/") == 403
    assert status(guarded, "viewer", "POST", of_config + "quick-test/", {}) == 403
    assert status(guarded, "viewer", "PUT", of_dataset + "column-mapping/", {}) == 403
    assert status(guarded, "viewer", "POST", "/api/datasets/", {}) == 403


def test_an_editor_changes_that_dataset_and_registers_none(
    guarded: Caller, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    of_config = f"/api/feature-configs/{config['id']}/"
    assert status(guarded, "editor", "PUT", of_config, {"name": "x"}) == 200
    assert status(guarded, "editor", "POST", of_config + "quick-test/", {}) == 202
    assert status(guarded, "editor", "DELETE", f"/api/datasets/{dataset['id']}/") in (403, 405)
    assert status(guarded, "editor", "POST", "/api/datasets/", {}) == 403
    assert status(guarded, "root", "POST", "/api/datasets/", {}) == 422


def test_a_full_training_is_its_datasets(guarded: Caller, deps: Deps, api: Caller, config: dict[str, Any]) -> None:
    generate_code(deps, config)
    ended(api, deps, config, 0.3)
    path = f"/api/feature-configs/{config['id']}/full-training/"
    assert [status(guarded, person, "POST", path) for person in ("viewer", "elsewhere", "editor")] == [403, 403, 202]
    (training,) = guarded.call("GET", path.replace("-training/", "-trainings/"), X_Person="viewer").get_json()["items"]
    path = f"/api/full-trainings/{training['id']}/"
    assert [status(guarded, person, "GET", path) for person in ("viewer", "elsewhere")] == [200, 403]
    assert [status(guarded, person, "POST", path + "cancel/") for person in ("viewer", "editor")] == [403, 202]


def test_who_has_a_role_elsewhere_sees_nothing_here(
    guarded: Caller, dataset: dict[str, Any], config: dict[str, Any], api: Caller
) -> None:
    test_id = api.start(config).get_json()["id"]
    of_dataset, of_config = f"/api/datasets/{dataset['id']}/", f"/api/feature-configs/{config['id']}/"
    for path in (
        of_dataset,
        of_dataset + "rows/",
        of_config,
        of_config + "versions/1/",
        f"/api/quick-tests/{test_id}/",
    ):
        assert status(guarded, "elsewhere", "GET", path) == 403, path
    assert status(guarded, "elsewhere", "POST", f"/api/quick-tests/{test_id}/cancel/") == 403


def test_a_list_of_datasets_shows_only_what_the_person_may_see(guarded: Caller, dataset: dict[str, Any]) -> None:
    def listed(person: str) -> list[str]:
        return [one["id"] for one in guarded.call("GET", "/api/datasets/", X_Person=person).get_json()["items"]]

    assert listed("root") == listed("viewer") == [dataset["id"]]
    assert listed("elsewhere") == []


def test_a_change_says_who_made_it(guarded: Caller, dataset: dict[str, Any]) -> None:
    body = {"name": "Mine", "start_from": {"kind": "blank"}}
    made = guarded.call("POST", f"/api/datasets/{dataset['id']}/feature-configs/", body, X_Person="editor")
    assert made.get_json()["created_by"] == "editor"


def test_a_config_elsewhere_can_be_neither_compared_nor_cloned(
    guarded: Caller, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    diff = f"/api/diff/?left={config['id']}@1&right={config['id']}"
    assert status(guarded, "viewer", "GET", diff) == 200
    assert status(guarded, "elsewhere", "GET", diff) == 403
    assert status(guarded, "elsewhere", "GET", f"/api/audit/?left={config['id']}") == 403
    body = {"name": "x", "start_from": {"kind": "clone", "config_id": config["id"]}}
    assert status(guarded, "elsewhere", "POST", "/api/datasets/another/feature-configs/", body) == 403
    assert status(guarded, "editor", "POST", f"/api/datasets/{dataset['id']}/feature-configs/", body) == 201


def test_dead_letters_are_for_administrators_of_all_datasets(guarded: Caller) -> None:
    for method, path in (
        ("GET", "/api/dead-letters/"),
        ("GET", "/api/dead-letters/config-api.x/"),
        ("POST", "/api/dead-letters/config-api.x/replay/"),
        ("DELETE", "/api/dead-letters/config-api.x/"),
    ):
        for person in ("viewer", "editor", "elsewhere"):
            assert status(guarded, person, method, path) == 403, (person, method, path)
        assert status(guarded, "root", method, path) in (200, 404)


def test_schemas_of_events_are_for_everybody_with_a_role(guarded: Caller) -> None:
    for path in ("/api/events/", "/api/events/dataset.updated/schema/"):
        assert status(guarded, "viewer", "GET", path) == 200
        assert status(guarded, "nobody", "GET", path) == 403


def test_a_viewer_sees_an_exploration_but_neither_starts_nor_stops_one(
    guarded: Caller, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    path, body = f"/api/datasets/{dataset['id']}/explorations/", {"config": config["id"], "budget": {"tests": 12}}
    made = guarded.call("POST", path, body, X_Person="editor").get_json()
    of_it = f"/api/explorations/{made['id']}/"
    assert status(guarded, "viewer", "GET", path) == status(guarded, "viewer", "GET", of_it) == 200
    assert status(guarded, "viewer", "POST", path, body) == 403
    assert (
        status(guarded, "viewer", "POST", of_it + "stop/")
        == status(guarded, "viewer", "POST", of_it + "resume/")
        == 403
    )
    assert status(guarded, "elsewhere", "GET", of_it) == 403
    assert status(guarded, "editor", "POST", of_it + "stop/") == 200
