"""The sweep reminds the config API of explorations that nothing is on its way of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from quicktest_orchestrator.app import create
from towerlab.domain.contestants import Trial, TrialState
from towerlab.domain.exploration import Exploration, Status
from towerlab.domain.quicktest import Phase

from tests.unit.domain.racing import race
from tests.unit.worlds import World


@pytest.fixture
def app(world: World) -> Flask:
    return create(world.deps)


def running(world: World, id: str = "e1", test_id: str = "", **changes: object) -> None:
    found: Exploration = replace(race(2, 2, 12), id=id, **changes)  # type: ignore[arg-type]
    if test_id:
        found = replace(found, start=replace(found.start, trials=(Trial(test_id, 0, state=TrialState.OPEN),)))
    world.write(found, id)


def reminded(world: World) -> list[object]:
    return [told.data["exploration_id"] for told in world.told("exploration.due")]


def test_one_with_a_test_on_its_way_is_left_alone(world: World, app: Flask) -> None:
    world.config()
    world.test("t1")
    running(world, test_id="t1")
    assert world.tick(app, "sweep") == 204
    assert reminded(world) == []


def test_one_whose_test_has_ended_unheard_is_reminded_of(world: World, app: Flask) -> None:
    world.config()
    world.test("t1", phase=Phase.COMPLETED)
    running(world, test_id="t1")
    running(world, "e2")  # nothing of it was ever started
    assert world.tick(app, "sweep") == 204
    assert sorted(map(str, reminded(world))) == ["e1", "e2"]


def test_one_that_was_stopped_or_has_ended_is_not(world: World, app: Flask) -> None:
    running(world, "e1", status=Status.STOPPED)
    running(world, "e2", status=Status.FINISHED)
    assert world.tick(app, "sweep") == 204
    assert reminded(world) == []


def test_a_test_that_cannot_be_looked_at_keeps_no_exploration_waiting(world: World, app: Flask) -> None:
    world.test("t1", phase=Phase.CANCELLING, job_id="qt-t1")
    world.pipelines.reachable = False
    running(world, "e2")
    assert world.tick(app, "sweep") == 503
    assert reminded(world) == ["e2"]
