"""Datasets that are registered after the answer, because their source is large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from config_api.app import create_internal, create_public
from config_api.commands import registering
from flask.testing import FlaskClient
from towerlab.ports.errors import Transient
from towerlab.ports.warehouse import Warehouse
from towerlab.runtime.wiring import Deps

from tests.embedded import place
from tests.unit.config_api.calling import Caller, faults, recorded
from tests.unit.config_api.test_dataset_life import PURCHASES, written
from tests.unit.config_api.test_reactions import push


class Watched:
    """A warehouse that calls `look` before it does anything."""

    def __init__(self, inner: Warehouse, look: Callable[[str], None]) -> None:
        self._inner, self._look = inner, look

    def __getattr__(self, name: str) -> Any:
        self._look(name)
        return getattr(self._inner, name)


class World:
    """An installation that takes every source for a large one."""

    def __init__(self, deps: Deps, folder: Path) -> None:
        self.path = folder / "large.parquet"
        self.look: Callable[[str], None] = lambda _: None
        here = replace(place(deps), data_folders=(folder,))
        settings = replace(deps.settings, register_at_once_values=0, place=here)
        own = Deps(settings, artifacts=deps.artifacts)
        watched = cast(Warehouse, Watched(own.warehouse, lambda name: self.look(name)))
        self.deps = Deps(settings, artifacts=deps.artifacts, warehouse=watched)
        self.api = Caller(create_public(self.deps).test_client())
        self.bus: FlaskClient = create_internal(self.deps).test_client()

    def ask(self, **headers: str) -> dict[str, Any]:
        body = {"name": "Large", "source": {"kind": "file", "uri": self.path.name}}
        answer = self.api.call("POST", "/api/datasets/", body, **headers)
        assert answer.status_code == 202, answer.text
        asked: dict[str, Any] = answer.get_json()
        assert answer.headers["Location"] == f"/api/registrations/{asked['id']}/"
        return asked

    def now(self, asked: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self.api.get(f"/api/registrations/{asked['id']}/")
        return shown


@pytest.fixture
def world(deps: Deps, tmp_path: Path) -> World:
    folder = tmp_path / "files"
    folder.mkdir()
    made = World(deps, folder)
    written(made.path, PURCHASES.replace("AS city", f"AS city, '{tmp_path.name}' AS test"))  # of no other test
    return made


def test_a_large_source_is_registered_after_the_answer_with_progress(world: World) -> None:
    asked = world.ask()
    assert (asked["status"], asked["step"], asked["progress"], asked["dataset"]) == ("running", "queued", 0.0, None)
    assert faults(world.api.call("GET", f"/api/datasets/{asked['id']}/"), 404)
    seen: list[tuple[str, str, float]] = []
    world.look = lambda name: seen.append((name, world.now(asked)["step"], world.now(asked)["progress"]))
    event = recorded(world.deps)[-1]
    assert (event.type, event.data) == ("dataset.registration-requested", {"registration_id": asked["id"]})
    assert push(world.bus, event).status_code == 204
    steps = {name: step for name, step, _ in seen}
    assert (steps["snapshot"], steps["profile"], steps["sketches"]) == ("copying", "profiling", "examining")
    assert [progress for *_, progress in seen] == sorted(progress for *_, progress in seen)
    ended = world.now(asked)
    assert (ended["status"], ended["progress"], ended["dataset"]) == ("completed", 1.0, asked["id"])
    made = world.api.get(f"/api/datasets/{asked['id']}/")
    assert (made["name"], made["rows"], made["column_mapping"]["product_id"]["role"]) == ("Large", 70, "product_id")
    changes = world.api.get(f"/api/audit/?object={asked['id']}")["items"]
    assert [change["action"] for change in changes] == ["registered", "registration_requested"]
    assert push(world.bus, replace(event, id="again")).status_code == 204
    assert world.api.get(f"/api/datasets/{asked['id']}/") == made


def test_asking_again_with_the_same_key_begins_nothing_new(world: World) -> None:
    assert world.ask(Idempotency_Key="k1") == world.ask(Idempotency_Key="k1")
    assert [event.type for event in recorded(world.deps)].count("dataset.registration-requested") == 1


def test_a_registration_that_cannot_be_carried_out_says_why(world: World) -> None:
    asked = world.ask()
    world.path.write_bytes(b"no table at all")
    assert push(world.bus, recorded(world.deps)[-1]).status_code == 204
    ended = world.now(asked)
    assert (ended["status"], ended["dataset"], ended["errors"][0]["pointer"]) == ("failed", None, "/source/uri")
    assert ended["errors"][0]["remedy"]
    assert faults(world.api.call("GET", f"/api/datasets/{asked['id']}/"), 404)


def test_a_registration_that_was_interrupted_goes_on(world: World) -> None:
    asked = world.ask()

    def fail(name: str) -> None:
        if name == "sketches":
            raise Transient("killed")

    world.look = fail
    event = recorded(world.deps)[-1]
    assert push(world.bus, event).status_code == 503
    assert world.now(asked)["step"] == "examining"
    world.look = lambda _: None
    assert push(world.bus, event).status_code == 204
    assert world.now(asked)["status"] == "completed"


def test_a_second_delivery_that_is_faster_is_not_taken_back(world: World) -> None:
    asked, event = world.ask(), recorded(world.deps)[-1]

    def overtake(name: str) -> None:
        if name == "profile":
            world.look = lambda _: None
            assert push(world.bus, event).status_code == 204

    world.look = overtake
    assert push(world.bus, event).status_code == 204
    ended = world.now(asked)
    assert (ended["status"], ended["progress"], ended["dataset"]) == ("completed", 1.0, asked["id"])


def test_what_goes_wrong_again_and_again_ends_after_an_hour(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, event = world.ask(), recorded(world.deps)[-1]

    def fail(name: str) -> None:
        if name == "profile":
            raise Transient("the table reader ended with status -9")

    world.look = fail
    assert push(world.bus, event).status_code == 503
    assert world.now(asked)["status"] == "running"
    monkeypatch.setattr(registering, "LONGEST", timedelta(0))
    assert push(world.bus, event).status_code == 204
    ended = world.now(asked)
    assert (ended["status"], ended["errors"][0]["code"]) == ("failed", "overdue")
    assert "status -9" in ended["errors"][0]["message"]


def test_a_source_that_is_not_there_is_refused_at_once(world: World) -> None:
    body = {"name": "None", "source": {"kind": "file", "uri": "nowhere.parquet"}}
    assert faults(world.api.call("POST", "/api/datasets/", body)) == {"/source/uri": "not_found"}
