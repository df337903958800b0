"""One look at a running test: what its job did becomes a fact, and the fact one commit."""

from __future__ import annotations

from datetime import datetime

from towerlab.domain.best import tests_of, with_test
from towerlab.domain.errors import NotFound
from towerlab.domain.quicktest import (
    Cancelled,
    Completed,
    Failed,
    FullTraining,
    Phase,
    QuickTest,
    StagesObserved,
    TestError,
    advance,
)
from towerlab.domain.results import BestMetrics, Result
from towerlab.domain.scores import score_of
from towerlab.domain.times import rfc3339
from towerlab.ports.pipelines import Job, JobState
from towerlab.runtime import announce, records
from towerlab.runtime.logs import logger
from towerlab.runtime.open_tests import look_at_all, moved
from towerlab.runtime.outcomes import Done
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from metrics_collector.inputs import Unusable
from metrics_collector.result import best_test, compute
from metrics_collector.stages import ended_at, error_of, stages_of

_log = logger(__name__)
TRY_AGAIN = "Start the test again; if it happens twice, the output of that stage is broken."


def collect(deps: Deps) -> None:
    """Look at every open test that has a job."""
    look_at_all(deps, observe)


def observe(deps: Deps, held: Held[QuickTest]) -> Done:
    """What one look at the test's job gives, to be committed as a whole. Raises Transient."""
    test = held.value
    if test.final or not test.job_id:
        return Done()
    job = deps.pipelines.describe(test.job_id)
    if job is None:
        return moved(deps, held, _lost(deps, test)) if test.phase is Phase.RUNNING else Done()
    at = ended_at(job) or rfc3339(deps.clock.now())
    match job.state:
        case JobState.PENDING | JobState.RUNNING:
            return _progressed(deps, held, job)
        case JobState.SUCCEEDED:
            return _succeeded(deps, held, job, at)
        case JobState.FAILED:
            return moved(deps, held, Failed(error_of(job), at, stages_of(job)))
        case JobState.CANCELLED:
            return moved(deps, held, Cancelled(at, stages_of(job)))


def _progressed(deps: Deps, held: Held[QuickTest], job: Job) -> Done:
    fact = StagesObserved(stages_of(job))
    test = advance(held.value, fact)
    told = announce.of_test(deps, test, "progressed", phase=test.phase.value, progress=test.progress)
    return moved(deps, held, fact, told)


def _succeeded(deps: Deps, held: Held[QuickTest], job: Job, at: str) -> Done:
    stages = stages_of(job)
    try:
        result = compute(deps, held.value, job, at)
    except Unusable as error:
        told = TestError(error.stage, error.message, remedy=error.remedy or TRY_AGAIN)
        return moved(deps, held, Failed(told, at, stages))
    except NotFound as error:
        told = TestError("", f"the result needs what is no longer there: {error}", remedy=TRY_AGAIN)
        return moved(deps, held, Failed(told, at, stages))
    except Exception as error:
        if deps.clock.now() < datetime.fromisoformat(held.value.deadline):
            raise
        _log.exception("overdue", test_id=held.id)
        told = TestError("", f"its result could not be computed before its deadline: {error}", remedy=TRY_AGAIN)
        return moved(deps, held, Failed(told, at, stages))
    entered = _kept_apart if isinstance(held.value, FullTraining) else _on_the_boards
    ended, found = moved(deps, held, Completed(stages, at)), entered(deps, held.value, result)
    return Done([*ended.writes, *found.writes], [*ended.events, *found.events])


def _on_the_boards(deps: Deps, test: QuickTest, result: Result) -> Done:
    best = _best(deps, test, result)
    found = [records.put(one, result.test_id, None) for one in (result, score_of(result))]
    return Done([*found, *best.writes], best.events)


def _kept_apart(deps: Deps, training: QuickTest, result: Result) -> Done:
    """No board and no best knows of it; all that its job has made stays."""
    deps.pipelines.keep(training.job_id, True)
    return Done([records.put(result, result.test_id, None)])


def _best(deps: Deps, test: QuickTest, result: Result) -> Done:
    """The config's best tests with this one among them; nothing when they stay as they are."""
    known = records.find(deps.documents, BestMetrics, test.config_id)
    before = known.value if known else BestMetrics(config_id=test.config_id, dataset_id=test.dataset_id)
    after = with_test(before, best_test(result, test))
    if after == before:
        return Done()
    _keep_outputs(deps, test, before, after)
    updated = announce.event(
        deps, "best-metrics.updated", test.config_id, config_id=test.config_id, version=test.version, test_id=test.id
    )
    return Done([records.put(after, test.config_id, known.revision if known else None)], [updated])


def _keep_outputs(deps: Deps, test: QuickTest, before: BestMetrics, after: BestMetrics) -> None:
    """Of the best tests; those that are so no longer become old like any other."""
    replaced = tests_of(before) - tests_of(after)
    if test.id in tests_of(after):
        deps.pipelines.keep(test.job_id, True)
    for held in records.get_many(deps.documents, QuickTest, replaced).values():
        deps.pipelines.keep(held.value.job_id, False)


def _lost(deps: Deps, test: QuickTest) -> Failed:
    error = TestError(
        stage=test.current_stage,
        message="the pipeline runner has no record of this test's job any more",
        remedy="Start the test again.",
    )
    return Failed(error, rfc3339(deps.clock.now()))
