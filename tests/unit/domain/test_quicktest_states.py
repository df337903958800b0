"""The quick test's state machine: any order and number of facts, one outcome."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.quicktest import (
    FINAL,
    STAGES,
    Cancelled,
    CancelRequested,
    Completed,
    DeadlinePassed,
    Fact,
    Failed,
    FullTraining,
    Phase,
    QuickTest,
    Stage,
    StagesObserved,
    Submitted,
    Submitting,
    advance,
)
from towerlab.domain.quicktest import (
    TestError as Fault,
)
from towerlab.domain.quicktest import (
    TestSettings as Asked,
)

AT = "2026-03-01T10:00:00Z"
DEADLINE = "2026-03-01T11:00:00Z"
LATE = "2026-03-01T11:00:01Z"
RANK = {"pending": 0, "running": 1, "completed": 2, "cached": 2, "failed": 2, "cancelled": 2}
FORWARD = (Phase.PENDING, Phase.SUBMITTING, Phase.RUNNING, Phase.CANCELLING)

ENDINGS: dict[Phase, Fact] = {
    Phase.COMPLETED: Completed((), AT),
    Phase.FAILED: Failed(Fault("Trainer", "out of memory"), AT),
    Phase.CANCELLED: Cancelled(AT),
    Phase.TIMED_OUT: DeadlinePassed(LATE),
}


def a_test(phase: Phase = Phase.PENDING, of: type[QuickTest] = QuickTest) -> QuickTest:
    return of(
        id="t1",
        config_id="c1",
        dataset_id="d1",
        version=1,
        config_hash="h",
        snapshot_id="s",
        settings=Asked(),
        created_at=AT,
        deadline=DEADLINE,
        requested_by="ada",
        phase=phase,
    )


def stage_facts() -> st.SearchStrategy[Fact]:
    stage = st.builds(
        Stage,
        name=st.sampled_from(STAGES),
        status=st.sampled_from(sorted(RANK)),
        progress=st.one_of(st.none(), st.floats(0, 1)),
    )
    return st.lists(stage, max_size=5).map(lambda stages: StagesObserved(tuple(stages)))


def open_facts() -> st.SearchStrategy[Fact]:
    return st.one_of(
        st.just(Submitting("qt-t1", {"customer_id": "Customer"})),
        st.just(Submitted("qt-t1", AT)),
        st.just(CancelRequested(AT)),
        stage_facts(),
    )


def after(facts: list[Fact]) -> QuickTest:
    test = a_test()
    for fact in facts:
        test = advance(test, fact)
    return test


@given(facts=st.lists(open_facts(), max_size=8), ending=st.sampled_from(sorted(ENDINGS)), seed=st.randoms())
def test_whatever_the_order_one_ending_is_the_end(facts, ending, seed):
    facts = [*facts, *facts[:3], ENDINGS[ending]]
    seed.shuffle(facts)
    assert after(facts).phase is ending


@given(facts=st.lists(open_facts(), max_size=8), seed=st.randoms())
def test_an_open_test_ends_up_in_the_same_phase_in_any_order(facts, seed):
    shuffled = [*facts, *facts]
    seed.shuffle(shuffled)
    one, other = after(facts), after(shuffled)
    assert (one.phase, one.job_id, one.roles) == (other.phase, other.job_id, other.roles)


@given(
    ending=st.sampled_from(sorted(ENDINGS)),
    later=st.lists(st.one_of(open_facts(), st.sampled_from(list(ENDINGS.values())))),
)
def test_a_finished_test_absorbs_everything(ending, later):
    ended = advance(a_test(), ENDINGS[ending])
    for fact in later:
        assert advance(ended, fact) is ended


@given(facts=st.lists(st.one_of(open_facts(), st.sampled_from(list(ENDINGS.values())))))
def test_what_was_handed_over_absorbs_everything(facts):
    handed_over = a_test(Phase.HANDED_OVER, FullTraining)
    for fact in facts:
        assert advance(handed_over, fact) is handed_over


@given(
    facts=st.lists(st.one_of(open_facts(), st.sampled_from(list(ENDINGS.values()))), max_size=10),
    of=st.sampled_from([QuickTest, FullTraining]),
)
def test_nothing_ever_goes_back(facts, of):
    test = a_test(of=of)
    for fact in facts:
        moved = advance(test, fact)
        assert moved.phase in FINAL or FORWARD.index(moved.phase) >= FORWARD.index(test.phase)
        for before, now in zip(test.stages, moved.stages, strict=True):
            assert RANK[now.status] >= RANK[before.status]
            if now.status == before.status == "running":
                assert (now.progress or 0) >= (before.progress or 0)
        test = moved
    assert type(test) is of


@given(facts=st.lists(open_facts(), max_size=8), fact=open_facts())
def test_a_fact_told_twice_is_a_fact_told_once(facts, fact):
    once = advance(after(facts), fact)
    assert advance(once, fact) == once


def test_a_submission_learned_after_a_cancel_leaves_the_test_cancelling_and_its_job_known():
    test = after([Submitting("qt-t1"), CancelRequested(AT), Submitted("qt-t1", AT)])
    assert (test.phase, test.job_id, test.started_at) == (Phase.CANCELLING, "qt-t1", AT)


def test_a_cancel_before_the_submission_leaves_no_job_behind():
    assert after([CancelRequested(AT)]).job_id == ""


def test_a_job_that_ended_well_before_the_cancel_reached_it_completes():
    assert after([Submitting("qt-t1"), CancelRequested(AT), Completed((), AT)]).phase is Phase.COMPLETED


def test_a_deadline_that_has_not_passed_changes_nothing():
    assert advance(a_test(), DeadlinePassed(AT)) == a_test()


@pytest.mark.parametrize(
    ("ending", "status"),
    [(Phase.FAILED, "failed"), (Phase.TIMED_OUT, "failed"), (Phase.CANCELLED, "cancelled")],
)
def test_no_stage_of_an_ended_test_is_left_running(ending, status):
    running = advance(a_test(), StagesObserved((Stage("ExampleGen", "running", progress=0.4),)))
    ended = advance(running, ENDINGS[ending])
    assert ended.stages[0].status == status
    assert ended.stages[1].status == "pending"


def test_a_stage_that_restarted_does_not_lose_its_progress():
    far = StagesObserved((Stage("Trainer", "running", progress=0.7),))
    again = StagesObserved((Stage("Trainer", "running", progress=0.1),))
    assert after([far, again]).stages[4].progress == 0.7


def test_a_failed_test_names_the_stage_it_failed_in():
    assert advance(a_test(), ENDINGS[Phase.FAILED]).current_stage == "Trainer"


def test_progress_counts_ended_stages_and_the_part_of_a_running_one():
    stages = (
        Stage("ExampleGen", "cached"),
        Stage("StatisticsGen", "completed"),
        Stage("SchemaGen", "running", progress=0.5),
    )
    assert advance(a_test(), StagesObserved(stages)).progress == 0.5
    assert replace(a_test(), phase=Phase.COMPLETED).progress == 1.0
