"""Reruns are asked for when they are due: once, whatever comes in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from quicktest_orchestrator.app import create
from towerlab.domain.reruns import RerunPlan, planned
from towerlab.runtime import records

from tests.unit.worlds import START, World


@pytest.fixture
def app(world: World) -> Flask:
    return create(world.deps)


def a_plan(world: World, when: str, config_id: str = "c1", dataset_id: str = "d1") -> None:
    world.write(planned(RerunPlan(config_id, dataset_id, "off", None, "", ""), when, START, "ada"), config_id)


def asked(world: World) -> list[str]:
    return [told.data["config_id"] for told in world.told("quick-test.rerun-due")]


@pytest.mark.parametrize(("when", "period"), [("daily", timedelta(days=1)), ("weekly", timedelta(weeks=1))])
def test_every_period_has_one_rerun_however_often_the_clock_ticks(
    world: World, app: Flask, when: str, period: timedelta
) -> None:
    a_plan(world, when)
    for periods in range(4):
        world.clock.time = START + periods * period + timedelta(minutes=1)
        assert [world.tick(app, "reruns") for _ in range(3)] == [204] * 3
        assert len(asked(world)) == periods


def test_what_was_missed_is_made_up_for_once(world: World, app: Flask) -> None:
    a_plan(world, "daily")
    world.clock.pass_(days=10, hours=2)
    for _ in range(2):
        world.tick(app, "reruns")
    assert asked(world) == ["c1"]
    plan = records.get(world.deps.documents, RerunPlan, "c1").value
    assert plan.due_at == "2026-03-12T10:00:00.000000Z"


def test_a_plan_that_is_off_is_never_due(world: World, app: Flask) -> None:
    a_plan(world, "off")
    a_plan(world, "on_update", "c2")
    world.clock.pass_(days=100)
    world.tick(app, "reruns")
    assert asked(world) == []


def test_a_changed_dataset_asks_for_the_plans_that_wait_for_it(world: World, app: Flask) -> None:
    for number, (when, dataset) in enumerate([("on_update", "d1"), ("daily", "d1"), ("on_update", "d2")]):
        a_plan(world, when, f"c{number}", dataset)
    told = world.event("dataset.refreshed", dataset_id="d1", snapshot_id="s2")
    assert [world.push(app, told) for _ in range(3)] == [204] * 3
    assert asked(world) == ["c0"]
