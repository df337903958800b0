"""POSTs that are repeated with their Idempotency-Key: one effect, one answer (A2, A6, A7, A9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from config_api.app import create_public
from towerlab.ports.documents import Query
from towerlab.ports.errors import Transient
from towerlab.runtime import records
from towerlab.runtime.idempotency import LIFETIME
from towerlab.runtime.records import Answered
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.unit.config_api.calling import Caller, faults, recorded
from tests.unit.config_api.test_races import WRITERS, at_once

BLANK = {"name": "x", "start_from": {"kind": "blank"}}


class Later:
    """A clock some time ahead of the real one."""

    def __init__(self, deps: Deps, ahead: timedelta) -> None:
        self._clock, self._ahead = deps.clock, ahead

    def now(self) -> datetime:
        return self._clock.now() + self._ahead


def same(first: TestResponse, second: TestResponse) -> bool:
    headers = [
        (answer.status_code, answer.headers.get("ETag"), answer.headers.get("Location")) for answer in (first, second)
    ]
    return headers[0] == headers[1] and first.get_json() == second.get_json()


@pytest.fixture
def posts(api: Caller, dataset: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """Every POST that has an effect, with a body."""
    of_config = f"/api/feature-configs/{config['id']}/"
    test = api.start(config).get_json()
    return {
        f"/api/datasets/{dataset['id']}/feature-configs/": BLANK,
        f"/api/datasets/{dataset['id']}/preview/": {},
        of_config + "clone/": {"name": "y"},
        of_config + "quick-test/": {"seed": 7},
        f"/api/quick-tests/{test['id']}/cancel/": {},
        of_config + "archive/": {},
        of_config + "restore/": {},
        "/api/datasets/": {"name": "again", "source": dataset["source"]},
    }


def test_a_repeated_post_has_one_effect_and_one_answer(api: Caller, deps: Deps, posts: dict[str, Any]) -> None:
    for path, body in posts.items():
        first = api.call("POST", path, body, Idempotency_Key="once")
        assert first.status_code < 300, (path, first.text)
        events = len(recorded(deps))
        second = api.call("POST", path.rstrip("/"), body, Idempotency_Key="once")
        assert same(first, second), path
        assert second.headers["Idempotent-Replayed"] == "true"
        assert len(recorded(deps)) == events
        assert faults(api.call("POST", path, {**body, "name": "other"}, Idempotency_Key="once")), path


def test_the_answer_is_the_first_one_even_when_the_object_has_moved_on(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    first = api.call("POST", path, BLANK, Idempotency_Key="k")
    assert api.put(first.get_json(), name="renamed").status_code == 200
    assert same(first, api.call("POST", path, BLANK, Idempotency_Key="k"))


def test_a_key_is_good_for_one_path_one_body_and_one_day(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    first = api.call("POST", path, BLANK, Idempotency_Key="k").get_json()
    assert faults(api.call("POST", path, BLANK | {"name": "z"}, Idempotency_Key="k")) == {"": "idempotency_key_reused"}
    clone = f"/api/feature-configs/{first['id']}/clone/"
    assert api.call("POST", clone, BLANK | {}, Idempotency_Key="k").status_code == 422  # another path: its own checks
    assert api.call("POST", clone, {}, Idempotency_Key="k").status_code == 201
    deps.__dict__["clock"] = Later(deps, LIFETIME + timedelta(seconds=1))
    tomorrow = api.call("POST", path, BLANK, Idempotency_Key="k").get_json()
    assert tomorrow["id"] != first["id"]
    assert api.call("POST", path, BLANK, Idempotency_Key="k").get_json() == tomorrow


def test_a_refused_request_does_not_use_up_its_key(api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    assert faults(api.call("POST", path, {"name": ""}, Idempotency_Key="k"))
    assert api.call("POST", path, BLANK, Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256, "ü", "a b"])
def test_a_key_that_is_none_is_refused(api: Caller, dataset: dict[str, Any], key: str) -> None:
    answer = api.call("POST", f"/api/datasets/{dataset['id']}/feature-configs/", BLANK, Idempotency_Key=key)
    assert faults(answer) == {"": "idempotency_key"}


def test_after_a_crash_between_write_and_answer_the_answer_is_still_there(
    deps: Deps, dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went through and the process died before it could answer."""
    commit = deps.documents.commit

    def dies_after(*args: Any) -> Any:
        commit(*args)
        raise Transient("the machine went away")

    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    monkeypatch.setattr(deps.documents, "commit", dies_after)
    assert Caller(create_public(deps).test_client()).call("POST", path, BLANK, Idempotency_Key="k").status_code == 503
    monkeypatch.setattr(deps.documents, "commit", commit)
    again = Caller(create_public(deps).test_client())
    repeated = again.call("POST", path, BLANK, Idempotency_Key="k")
    assert repeated.status_code == 201
    assert again.get(f"/api/feature-configs/{repeated.get_json()['id']}/") == repeated.get_json()
    assert again.get(path)["total"] == 1


def test_of_many_at_once_with_one_key_one_has_the_effect(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    answers = at_once(deps, lambda caller, _: caller.call("POST", path, BLANK, Idempotency_Key="k"))
    assert {answer.status_code for answer in answers} == {201}
    assert all(same(answer, answers[0]) for answer in answers)
    assert api.get(path)["total"] == 1
    assert [event.type for event in recorded(deps)] == ["feature-config.version-created"]


def test_of_many_tests_at_once_with_one_key_one_is_started(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/quick-test/"
    answers = at_once(deps, lambda caller, _: caller.call("POST", path, {}, Idempotency_Key="k"))
    assert len(answers) == WRITERS
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert api.get(f"/api/feature-configs/{config['id']}/")["quick_tests"]["count"] == 1


def test_the_kept_answer_is_in_the_commit_of_its_effect(deps: Deps, api: Caller, dataset: dict[str, Any]) -> None:
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    made = api.call("POST", path, BLANK, Idempotency_Key="k").get_json()
    (stored,) = deps.documents.query(Query("answered")).items
    kept = records.from_json(Answered, stored.body)
    assert (kept.status, kept.body["id"]) == (201, made["id"])
    assert replace(kept, body={}).headers["Location"].endswith(f"/{made['id']}/")
