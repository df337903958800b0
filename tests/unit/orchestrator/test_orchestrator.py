"""A test is submitted once, whatever comes first, twice or never; a cancel always wins or is too late."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quicktest_orchestrator.app import create
from quicktest_orchestrator.moves import start
from towerlab.adapters.pipeline_template import template_id
from towerlab.domain.compute import HERE, Machine, Offer, Place
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.quicktest import CancelRequested, FullTraining, Phase, QuickTest, advance
from towerlab.domain.times import rfc3339
from towerlab.events.catalog import CATALOG
from towerlab.events.envelope import Event
from towerlab.events.schemas import example
from towerlab.ports.pipelines import JobState
from towerlab.runtime import records
from towerlab.runtime.announce import CALLED, of_test

from tests.unit.worlds import TEMPLATE, World, on_google_cloud


@pytest.fixture
def app(world: World) -> Flask:
    return create(world.deps)


def requested(world: World, id: str = "t1") -> Event:
    return world.event("quick-test.requested", test_id=id)


def generated(world: World) -> Event:
    return world.event("transform-code.generated", config_id="c1", version=1, config_hash="hash")


def ask_to_cancel(world: World, of: type[QuickTest] = QuickTest) -> Event:
    """As config-api does it: the fact on the document, and the event."""
    asked = advance(world.now_is(of=of), CancelRequested(rfc3339(world.clock.now())))
    world.write(asked, "t1")
    return of_test(world.deps, asked, "cancel-requested")


def a_world_with_a_test(world: World) -> None:
    world.dataset()
    world.config()
    world.test()


def test_a_test_whose_code_is_there_is_submitted_with_its_labels(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    assert world.push(app, requested(world)) == 204
    test = world.now_is()
    assert (test.phase, test.job_id, test.started_at) == (Phase.RUNNING, "qt-t1", rfc3339(world.clock.now()))
    assert test.roles["product_id"] == "product"
    assert test.template == template_id(json.loads(TEMPLATE.read_text()))
    assert test.code == {"preprocessing.py": "ab" * 32, "trainer.py": "ab" * 32}
    ((job_id, parameters, labels),) = world.pipelines.submissions
    assert (job_id, len(parameters)) == ("qt-t1", 5)
    assert labels["correlation_id"] == "asked-t1"
    (told,) = world.told("quick-test.started")
    assert told.data == {"test_id": "t1", "job_id": "qt-t1"}


def test_the_job_is_submitted_to_run_where_the_test_says_that_it_runs(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.push(app, requested(world))
    assert world.now_is().compute == world.pipelines.computes["qt-t1"] == HERE
    world.test("t2")
    world.deps.settings = replace(world.deps.settings, place=on_google_cloud(Offer(dataflow_rows=999)))
    start(world.deps, records.get(world.deps.documents, QuickTest, "t2"))
    chosen = world.now_is("t2").compute
    assert chosen == world.pipelines.computes["qt-t2"]
    assert (chosen.beam, chosen.reason[:10]) == (Place.DATAFLOW, "1,000 rows")


def test_a_test_waits_for_its_code_and_the_code_wakes_it(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    assert world.push(app, requested(world)) == 204
    assert world.now_is().phase is Phase.PENDING
    world.code()
    assert world.push(app, generated(world)) == 204
    assert world.now_is().phase is Phase.RUNNING
    assert world.told("quick-test.started")[0].correlation_id == "asked-t1"


def test_a_test_that_the_pipeline_does_not_take_fails_and_says_why(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.pipelines.refusal = Invalid(
        [Problem("/parameters/split_plan", "unknown", "the template does not ask for it")]
    )
    assert world.push(app, requested(world)) == 204
    test = world.now_is()
    assert test.phase is Phase.FAILED
    assert test.error
    assert "/parameters/split_plan: the template does not ask for it" in test.error.message
    assert "release" in test.error.remedy
    assert len(world.told("quick-test.finished")) == 1


@pytest.mark.parametrize("error", ["", "an older release could not write it"])
def test_code_that_another_release_wrote_is_asked_for_anew_and_then_used(world: World, app: Flask, error: str) -> None:
    a_world_with_a_test(world)
    world.code(error=error, written_by="another release")
    world.push(app, requested(world))
    assert world.now_is().phase is Phase.PENDING
    (told,) = world.told("transform-code.requested")
    assert told.data == {"config_id": "c1", "version": 1, "config_hash": "hash"}
    world.code()
    world.push(app, generated(world))
    assert world.now_is().phase is Phase.RUNNING


def test_the_sweep_asks_again_for_code_that_another_release_wrote(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code(written_by="another release")
    world.tick(app, "sweep")
    assert len(world.told("transform-code.requested")) == 1


def test_code_of_another_version_wakes_nobody(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.test("t2", version=2)
    world.code(version=2)
    world.push(app, world.event("transform-code.generated", config_id="c1", version=2, config_hash="h"))
    assert world.now_is("t1").phase is Phase.PENDING


def test_all_tests_of_a_version_move_when_its_code_comes(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.test("t2")
    world.code()
    world.push(app, generated(world))
    assert [world.now_is(id).phase for id in ("t1", "t2")] == [Phase.RUNNING, Phase.RUNNING]


def test_code_that_failed_fails_the_test_with_the_reason(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code(error="the ProductModel has no features")
    world.push(app, world.event("transform-code.failed", config_id="c1", version=1, config_hash="h"))
    test = world.now_is()
    assert test.phase is Phase.FAILED
    assert test.error is not None
    assert test.error.message == "the ProductModel has no features"
    assert test.error.remedy
    assert world.pipelines.submissions == []
    assert [event.data["phase"] for event in world.told("quick-test.finished")] == ["failed"]


def test_a_refreshed_dataset_fails_the_test_and_says_what_to_do(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.test(snapshot_id="older")
    world.push(app, requested(world))
    error = world.now_is().error
    assert error is not None
    assert "refreshed" in error.message


def test_a_cancel_before_the_submission_ends_the_test_at_once(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.push(app, ask_to_cancel(world))
    assert world.now_is().phase is Phase.CANCELLED
    world.code()
    world.push(app, requested(world))
    world.push(app, generated(world))
    assert world.pipelines.submissions == []
    assert len(world.told("quick-test.finished")) == 1


def test_a_cancel_of_a_running_test_asks_the_job_to_stop(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.push(app, requested(world))
    world.push(app, ask_to_cancel(world))
    assert world.now_is().phase is Phase.CANCELLING
    assert world.pipelines.cancelled == {"qt-t1"}


def test_a_cancel_that_comes_while_the_job_is_on_its_way_reaches_the_job(
    world: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_world_with_a_test(world)
    world.code()
    submit = world.pipelines.submit

    def overtaken(*job: object) -> None:
        world.push(app, ask_to_cancel(world))
        submit(*job)  # type: ignore[arg-type]

    monkeypatch.setattr(world.pipelines, "submit", overtaken)
    world.push(app, requested(world))
    assert world.now_is().phase is Phase.CANCELLING
    assert world.pipelines.cancelled == {"qt-t1"}


def test_a_deleted_config_takes_its_open_tests_with_it(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.push(app, requested(world))
    world.test("t2", version=2)
    world.push(app, world.event("feature-config.deleted", config_id="c1"))
    assert (world.now_is("t1").phase, world.now_is("t2").phase) == (Phase.CANCELLING, Phase.CANCELLED)
    assert world.pipelines.cancelled == {"qt-t1"}


def test_an_unreachable_runner_puts_the_event_off_and_the_intention_is_on_record(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.pipelines.reachable = False
    event = requested(world)
    assert world.push(app, event) == 503
    assert world.now_is().phase is Phase.SUBMITTING
    world.pipelines.reachable = True
    assert world.push(app, event) == 204
    assert world.now_is().phase is Phase.RUNNING
    assert len(world.pipelines.submissions) == 1


def full_requested(world: World) -> Event:
    facts = {**example(CATALOG["full-training.requested"])["data"], "config_id": "c1", "training_id": "t1"}
    return world.event("full-training.requested", **facts)


def a_world_with_a_training(world: World, **changes: Any) -> None:
    world.dataset()
    world.config()
    world.code()
    world.test(of=FullTraining, **changes)


def test_a_full_training_is_submitted_as_one_to_the_machines_of_the_settings(world: World) -> None:
    a_world_with_a_training(world)
    trainer = Machine(16, 64, "NVIDIA_TESLA_T4", 1)
    world.deps.settings = replace(world.deps.settings, place=on_google_cloud(Offer(trainer=trainer)))
    start(world.deps, records.get(world.deps.documents, FullTraining, "t1"))
    training = world.now_is(of=FullTraining)
    ((job_id, _, labels),) = world.pipelines.submissions
    assert (training.job_id, job_id, labels["kind"]) == ("ft-t1", "ft-t1", "full_training")
    assert world.pipelines.computes["ft-t1"].trainer == trainer


def test_news_of_a_full_training_is_told_as_such(world: World, app: Flask) -> None:
    a_world_with_a_training(world)
    assert world.push(app, full_requested(world)) == 204
    assert world.push(app, world.event("full-training.cancel-requested", training_id="t1")) == 204
    assert world.now_is(of=FullTraining).phase is Phase.CANCELLING
    world.clock.pass_(hours=2)
    world.tick(app, "sweep")
    (started,), (finished,) = world.told("full-training.started"), world.told("full-training.finished")
    assert started.data == {"training_id": "t1", "job_id": "ft-t1"}
    assert finished.data == {"training_id": "t1", "config_id": "c1", "version": 1, "phase": "timed_out"}
    assert not [event for event in world.told() if event.type.startswith("quick-test.")]


def test_a_full_training_that_was_handed_over_is_left_alone(world: World, app: Flask) -> None:
    a_world_with_a_training(world, phase=Phase.HANDED_OVER)
    before = world.now_is(of=FullTraining)
    assert world.push(app, full_requested(world)) == 204
    world.clock.pass_(days=9)
    world.tick(app, "sweep")
    assert world.now_is(of=FullTraining) == before
    assert world.pipelines.submissions == []
    assert records.count(world.deps.documents, records.DeadLetter) == 0


def test_code_wakes_quick_tests_and_full_trainings_alike(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    a_world_with_a_training(world)
    world.push(app, generated(world))
    assert {job_id for job_id, _, _ in world.pipelines.submissions} == {"qt-t1", "ft-t1"}


def test_an_event_about_no_test_becomes_a_dead_letter(world: World, app: Flask) -> None:
    assert world.push(app, requested(world, "nobody")) == 204
    assert records.count(world.deps.documents, records.DeadLetter) == 1


def test_the_sweep_wakes_a_test_whose_code_is_there(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    assert world.tick(app, "sweep") == 204
    assert world.now_is().phase is Phase.RUNNING


def test_the_sweep_ends_a_submission_that_was_cut_short(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.pipelines.reachable = False
    world.push(app, requested(world))
    world.pipelines.reachable = True
    world.tick(app, "sweep")
    assert world.now_is().phase is Phase.RUNNING


def test_the_sweep_times_out_what_passed_its_deadline_and_stops_the_job(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.push(app, requested(world))
    world.clock.pass_(hours=2)
    world.tick(app, "sweep")
    test = world.now_is()
    assert test.phase is Phase.TIMED_OUT
    assert test.error is not None
    assert world.pipelines.cancelled == {"qt-t1"}
    assert [event.data["phase"] for event in world.told("quick-test.finished")] == ["timed_out"]


def test_a_test_that_waits_behind_a_full_training_is_not_timed_out_before_it_has_its_turn(
    world: World, app: Flask
) -> None:
    a_world_with_a_training(world, deadline=rfc3339(world.clock.now() + timedelta(days=1)))
    world.test("t2", phase=Phase.RUNNING, job_id="qt-t2", deadline=rfc3339(world.clock.now()))
    world.pipelines.becomes("qt-t2", JobState.PENDING)
    world.tick(app, "sweep")
    assert world.now_is("t2").phase is Phase.RUNNING
    world.pipelines.becomes("qt-t2", JobState.RUNNING)
    world.tick(app, "sweep")
    assert world.now_is("t2").phase is Phase.TIMED_OUT


def test_the_sweep_leaves_a_job_that_has_ended_to_the_collector(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.test("t1", phase=Phase.RUNNING, job_id="qt-t1")
    world.pipelines.becomes("qt-t1", JobState.SUCCEEDED)
    world.clock.pass_(days=1)
    world.tick(app, "sweep")
    assert world.now_is().phase is Phase.RUNNING


def test_the_sweep_ends_a_cancel_whose_job_is_gone_and_repeats_one_whose_job_is_not(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.test("t1", phase=Phase.CANCELLING, job_id="qt-t1")
    world.test("t2", phase=Phase.CANCELLING, job_id="qt-t2")
    world.pipelines.becomes("qt-t2", JobState.RUNNING)
    world.tick(app, "sweep")
    assert (world.now_is("t1").phase, world.now_is("t2").phase) == (Phase.CANCELLED, Phase.CANCELLING)
    assert world.pipelines.cancelled == {"qt-t2"}


def test_sweeping_twice_is_sweeping_once(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.code()
    world.test("t2", deadline=rfc3339(world.clock.now()))
    world.test("t3", phase=Phase.CANCELLING, job_id="qt-t3")
    world.tick(app, "sweep")
    once = [world.now_is(id) for id in ("t1", "t2", "t3")], world.told()
    world.tick(app, "sweep")
    assert ([world.now_is(id) for id in ("t1", "t2", "t3")], world.told()) == once


def test_a_test_that_cannot_be_swept_does_not_keep_the_others_waiting(world: World, app: Flask) -> None:
    a_world_with_a_test(world)
    world.test("t1", phase=Phase.CANCELLING, job_id="qt-t1")
    world.test("t2", deadline=rfc3339(world.clock.now()))
    world.pipelines.reachable = False
    assert world.tick(app, "sweep") == 503
    assert world.now_is("t2").phase is Phase.TIMED_OUT


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(["requested", "generated", "requested", "cancel", "sweep"]),
    of=st.sampled_from([QuickTest, FullTraining]),
    data=st.data(),
)
def test_events_doubled_and_in_any_order_leave_one_job_at_most(
    order: list[str], of: type[QuickTest], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    app = create(world.deps)
    world.dataset()
    world.config()
    world.test(of=of)
    coded = data.draw(st.integers(0, len(order)))
    asked = requested(world) if of is QuickTest else full_requested(world)
    events = {"requested": asked, "generated": generated(world)}
    for position, step in enumerate(order):
        if position == coded:
            world.code()
        if step == "sweep":
            world.tick(app, "sweep")
        else:
            world.push(app, ask_to_cancel(world, of) if step == "cancel" else events[step])
    submitted = len(world.pipelines.submissions)
    assert submitted <= 1
    assert world.now_is(of=of).phase is (Phase.CANCELLING if submitted else Phase.CANCELLED)
    assert world.pipelines.cancelled == {job_id for job_id, _, _ in world.pipelines.submissions}
    assert len(world.told(f"{CALLED[of].name}.started")) == submitted
