"""Many writers at once: nothing is lost, nothing is counted twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from config_api.app import create_public
from flask.testing import FlaskClient
from towerlab.runtime.wiring import Deps
from werkzeug.test import TestResponse

from tests.unit.config_api.calling import PRODUCT, Caller, recorded
from tests.unit.config_api.test_bundles import generate_code
from tests.unit.config_api.test_reactions import ended, finished, push

WRITERS = 50


def at_once(deps: Deps, call: Callable[[Caller, int], TestResponse]) -> list[TestResponse]:
    app = create_public(deps)
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(lambda n: call(Caller(app.test_client()), n), range(WRITERS)))


def test_of_many_edits_of_one_revision_one_is_taken(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    def edit(caller: Caller, n: int) -> TestResponse:
        return caller.put(config, product_model_features=[PRODUCT | {"embedding_dim": 4 + n}], product_model_crosses=[])

    answers = at_once(deps, edit)
    taken = [answer for answer in answers if answer.status_code == 200]
    assert len(taken) == 1
    assert {answer.status_code for answer in answers} == {200, 412}
    assert api.get(f"/api/feature-configs/{config['id']}/") == taken[0].get_json()


def test_accepted_edits_are_the_versions(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/"

    def edit(caller: Caller, n: int) -> TestResponse:
        seen = caller.get(path)
        return caller.put(seen, product_model_features=[PRODUCT | {"embedding_dim": 4 + n}], product_model_crosses=[])

    answers = at_once(deps, edit)
    assert {answer.status_code for answer in answers} <= {200, 412}
    taken = sorted(answer.get_json()["version"] for answer in answers if answer.status_code == 200)
    versions = [version["version"] for version in api.get(path + "versions/?limit=100")["items"]]
    assert taken == list(range(2, len(taken) + 2))
    assert versions == list(range(len(taken) + 1, 0, -1))
    announced = [event.data["version"] for event in recorded(deps) if event.type == "feature-config.version-created"]
    assert sorted(announced) == sorted(versions)


def test_numbers_are_dense_however_many_create(api: Caller, deps: Deps, dataset: dict[str, Any]) -> None:
    body = {"name": "x", "start_from": {"kind": "blank"}}
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    answers = at_once(deps, lambda caller, _: caller.call("POST", path, body))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.get_json()["number"] for answer in answers) == list(range(1, WRITERS + 1))
    assert api.get(path)["total"] == WRITERS


def test_every_test_that_is_asked_for_is_counted(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    answers = at_once(deps, lambda caller, n: caller.start(config, seed=n))
    assert {answer.status_code for answer in answers} == {202}
    assert api.get(f"/api/feature-configs/{config['id']}/")["quick_tests"]["count"] == WRITERS


def test_of_equal_full_trainings_one_is_new_and_promotes(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    generate_code(deps, config)
    ended(api, deps, config, 0.3)
    path = f"/api/feature-configs/{config['id']}/full-training/"
    answers = at_once(deps, lambda caller, _: caller.call("POST", path))
    assert sorted(answer.status_code for answer in answers) == [200] * (WRITERS - 1) + [202]
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    types = [event.type for event in recorded(deps)]
    assert (types.count("feature-config.promoted"), types.count("full-training.requested")) == (1, 1)


def test_a_draft_is_either_deleted_or_tested(api: Caller, deps: Deps, config: dict[str, Any]) -> None:
    path = f"/api/feature-configs/{config['id']}/"

    def meet(caller: Caller, n: int) -> TestResponse:
        return caller.start(config) if n % 2 else caller.call("DELETE", path, If_Match=config["etag"])

    statuses = [answer.status_code for answer in at_once(deps, meet)]
    deleted, started = statuses.count(204), statuses.count(202)
    assert (deleted, started) in {(1, 0), (0, 1)}  # whoever starts later finds the test that is there
    assert api.call("GET", path).status_code == (404 if deleted else 200)


def test_a_list_shows_what_the_configs_are_whatever_happens_at_once(
    api: Caller, bus: FlaskClient, deps: Deps, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    test = ended(api, deps, config, 0.3)
    path = f"/api/feature-configs/{config['id']}/"
    internal = bus.application

    def meet(caller: Caller, n: int) -> TestResponse:
        if n % 3 == 0:
            return push(internal.test_client(), finished(deps, test))
        if n % 3 == 1:
            return caller.start(config, seed=n)
        return caller.call("PUT", path, {"name": f"name {n}"}, If_Match="*")

    statuses = {answer.status_code for answer in at_once(deps, meet)}
    assert statuses <= {200, 202, 204, 503}  # 503: the bus delivers that event again
    assert push(bus, finished(deps, test)).status_code == 204
    shown = api.get(path)
    (listed,) = api.get(f"/api/datasets/{dataset['id']}/feature-configs/")["items"]
    (by_name,) = api.get(f"/api/datasets/{dataset['id']}/feature-configs/?sort=name&status=tested")["items"]
    assert listed == by_name == {name: shown[name] for name in listed}
    assert (shown["status"], shown["best_recall_at_100"]) == ("tested", 0.3)
    assert shown["quick_tests"]["count"] == 1 + len([n for n in range(WRITERS) if n % 3 == 1])
