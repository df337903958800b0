"""The status of a config: every move, what forbids it, and what may be done (C14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from towerlab.configs.config import FeatureConfig
from towerlab.domain.times import rfc3339
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.unit.config_api.calling import BUYER_LISTS, Caller, faults, recorded
from tests.unit.config_api.test_quick_tests import complete
from tests.unit.config_api.test_reactions import ended, finished, push

COMMON = {"view", "clone"}
OF_DRAFT = COMMON | {"edit", "quick_test"}


def move(api: Caller, config: dict[str, Any], action: str, **headers: str) -> TestResponse:
    return api.call("POST", f"/api/feature-configs/{config['id']}/{action}/", **headers)


def moved(api: Caller, config: dict[str, Any], action: str) -> dict[str, Any]:
    answer = move(api, config, action)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    assert shown == api.get(f"/api/feature-configs/{config['id']}/")
    return shown


@pytest.fixture
def tested(api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]) -> dict[str, Any]:
    push(bus, finished(deps, ended(api, deps, config, 0.3)))
    shown: dict[str, Any] = api.get(f"/api/feature-configs/{config['id']}/")
    assert shown["status"] == "tested"
    return shown


def test_c14_a_draft_is_deleted_or_once_it_has_tests_archived(api: Caller, config: dict[str, Any]) -> None:
    assert set(config["actions"]) == OF_DRAFT | {"delete"}
    api.start(config)
    assert set(api.get(f"/api/feature-configs/{config['id']}/")["actions"]) == OF_DRAFT | {"archive"}


def test_c14_a_tested_config_can_be_promoted(api: Caller, deps: Deps, tested: dict[str, Any]) -> None:
    assert set(tested["actions"]) == OF_DRAFT | {"promote", "full_training", "archive"}
    shown = moved(api, tested, "promote")
    assert shown["status"] == "promoted"
    assert set(shown["actions"]) == OF_DRAFT | {"full_training", "archive"}
    event = recorded(deps)[-1]
    assert (event.type, event.data) == ("feature-config.promoted", {"config_id": tested["id"], "version": 1})
    assert faults(move(api, tested, "promote"), 409) == {"": "promoted"}


def test_c14_an_edit_of_a_promoted_config_is_a_draft_again(api: Caller, tested: dict[str, Any]) -> None:
    edited = api.put(moved(api, tested, "promote"), **BUYER_LISTS).get_json()
    assert (edited["status"], edited["version"]) == ("draft", 2)
    assert faults(move(api, edited, "promote"), 409) == {"": "not_tested"}


def test_c14_a_config_without_a_completed_test_is_not_promoted(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    assert faults(move(api, config, "promote"), 409) == {"": "not_tested"}
    test = api.start(config).get_json()
    assert faults(move(api, config, "promote"), 409) == {"": "not_tested"}
    complete(deps, test["id"])  # the event that tells of it is still under way
    assert moved(api, config, "promote")["status"] == "promoted"


@pytest.mark.parametrize("status", ["draft", "tested", "promoted"])
def test_c14_archiving_and_restoring_bring_a_config_back_to_what_it_was(
    api: Caller, deps: Deps, config: dict[str, Any], status: str, request: pytest.FixtureRequest
) -> None:
    if status != "draft":
        config = request.getfixturevalue("tested")
    if status == "promoted":
        config = moved(api, config, "promote")
    shown = moved(api, config, "archive")
    assert (shown["status"], set(shown["actions"])) == ("archived", COMMON | {"restore"})
    assert recorded(deps)[-1].type == "feature-config.archived"
    assert faults(api.put(shown, name="x"), 409) == {"": "archived"}
    assert faults(move(api, shown, "archive"), 409) == faults(move(api, shown, "promote"), 409) == {"": "archived"}
    assert faults(api.start(shown), 409) == {"": "archived"}
    assert moved(api, shown, "restore")["status"] == status
    assert recorded(deps)[-1].type == "feature-config.restored"
    assert faults(move(api, shown, "restore"), 409) == {"": "not_archived"}


def test_c14_a_draft_tested_while_archived_comes_back_as_tested(
    api: Caller, deps: Deps, config: dict[str, Any]
) -> None:
    test = api.start(config).get_json()
    moved(api, config, "archive")
    complete(deps, test["id"])
    assert moved(api, config, "restore")["status"] == "tested"


def test_a_deleted_draft_is_restored_within_30_days(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/"
    assert api.call("DELETE", path, If_Match=config["etag"]).status_code == 204
    assert recorded(deps)[-1].type == "feature-config.deleted"
    assert faults(move(api, config, "archive"), 404)
    assert moved(api, config, "restore")["status"] == "draft"
    assert api.get(f"/api/datasets/{config['dataset']}/feature-configs/")["total"] == 1


def test_a_draft_deleted_more_than_30_days_ago_is_gone(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    api.call("DELETE", f"/api/feature-configs/{config['id']}/", If_Match="*")
    held = records.get(deps.documents, FeatureConfig, config["id"])
    long_ago = rfc3339(datetime.fromisoformat(held.value.updated_at) - timedelta(days=30, seconds=5))
    deps.documents.commit([records.put(replace(held.value, deleted_at=long_ago), held.id, held.revision)])
    assert faults(move(api, config, "restore"), 404)


def test_a_move_may_ask_for_the_revision_that_was_read(api: Caller, config: dict[str, Any]) -> None:
    assert api.put(config, name="newer").status_code == 200
    assert faults(move(api, config, "archive", If_Match=config["etag"]), 412)
    assert move(api, config, "archive").status_code == 200


def test_a_moved_config_makes_an_editors_copy_stale(api: Caller, config: dict[str, Any]) -> None:
    moved(api, config, "archive")
    moved(api, config, "restore")
    assert faults(api.put(config, name="x"), 412)
