"""The audit log: every change is in it, in the commit that made it (A13)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from towerlab.ports.errors import RevisionConflict
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BUYER_LISTS, Caller, faults
from tests.unit.config_api.test_reactions import ended, finished, push


def lines(api: Caller, object: str) -> list[tuple[str, int | None, int | None]]:
    found = api.get(f"/api/audit/?object={object}")["items"]
    return [(line["action"], line["from_version"], line["to_version"]) for line in reversed(found)]


def test_the_life_of_a_config_is_kept(api: Caller, bus: FlaskClient, deps: Deps, config: dict[str, Any]) -> None:
    edited = api.put(config, **BUYER_LISTS).get_json()
    test = ended(api, deps, edited, 0.3)
    push(bus, finished(deps, test))
    for action in ("promote", "archive", "restore"):
        assert api.call("POST", f"/api/feature-configs/{config['id']}/{action}/").status_code == 200
    assert lines(api, config["id"]) == [
        ("created", None, 1),
        ("updated", 1, 2),
        ("test_requested", 2, 2),
        ("tested", 2, 2),
        ("promoted", 2, 2),
        ("archived", 2, 2),
        ("restored", 2, 2),
    ]
    assert lines(api, test["id"]) == [("requested", 2, 2)]
    newest = api.get("/api/audit/?limit=1")
    assert newest["items"][0]["action"] == "restored"
    assert newest["items"][0]["who"] == "local"
    assert newest["items"][0]["at"].endswith("Z")
    assert newest["next_cursor"]


def test_a_dataset_and_a_cancelled_test_are_in_it(api: Caller, dataset: dict[str, Any], config: dict[str, Any]) -> None:
    test = api.start(config).get_json()
    for _ in range(2):
        api.call("POST", f"/api/quick-tests/{test['id']}/cancel/")
    api.call("PUT", f"/api/datasets/{dataset['id']}/column-mapping/", {}, If_Match="*")
    assert [action for action, *_ in lines(api, test["id"])] == ["requested", "cancel_requested"]
    assert lines(api, dataset["id"]) == [("registered", None, 1), ("column_mapping_put", 1, 1)]


def test_what_was_refused_or_lost_is_not_in_it(
    api: Caller, deps: Deps, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faults(api.call("PUT", f"/api/feature-configs/{config['id']}/", {"name": "x"}, If_Match='"old"'), 412)

    def lose(*_: Any) -> Any:
        raise RevisionConflict("another writer was faster")

    monkeypatch.setattr(deps.documents, "commit", lose)
    assert api.put(config, name="y").status_code == 412
    assert lines(api, config["id"]) == [("created", None, 1)]
