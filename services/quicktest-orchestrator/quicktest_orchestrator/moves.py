"""What the orchestrator does with a test: start it, cancel it, or find out what became of it."""

from __future__ import annotations

from datetime import datetime

from towerlab.configs.config import ConfigVersion
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, NotFound
from towerlab.domain.quicktest import (
    Cancelled,
    CancelRequested,
    DeadlinePassed,
    Failed,
    FullTraining,
    Phase,
    QuickTest,
    Submitted,
    Submitting,
    TestError,
    advance,
)
from towerlab.domain.times import rfc3339
from towerlab.emit.generator import generator
from towerlab.emit.record import CodeRecord
from towerlab.events.envelope import Event
from towerlab.ports.pipelines import JobState
from towerlab.runtime import announce, records
from towerlab.runtime.open_tests import finished, moved, open_tests
from towerlab.runtime.outcomes import Done
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from quicktest_orchestrator.plan import Plan, Unplannable, plan

ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
JOBS = {QuickTest: "qt", FullTraining: "ft"}  # what a job's id begins with
NOT_SUBMITTED = frozenset({Phase.PENDING, Phase.SUBMITTING})
CODE_FAILED = "Change the features that it names, save the config, and test the new version."
MISFIT = "Services and pipeline are not of one release, or not set up right: tell whoever runs them."
GONE = "Start a test of a config that is still there."


def start(deps: Deps, held: Held[QuickTest]) -> Done:
    """Submit the test when its code is there; fail it when there will be none; else leave it waiting for the code. Code
    that another release wrote is asked for anew."""
    test = held.value
    if test.phase not in NOT_SUBMITTED:
        return Done()
    code = records.find(deps.documents, CodeRecord, f"{test.config_id}.{test.version}")
    if code is None:
        return Done()
    if code.value.generator != generator():
        return Done(events=[_code_requested(deps, code.value)])
    if code.value.status == "failed":
        return _failed(deps, held, code.value.error, CODE_FAILED)
    try:
        planned = _planned(deps, test, code.value)
    except Unplannable as error:
        return _failed(deps, held, error.message, error.remedy)
    except NotFound as error:
        return _failed(deps, held, f"what the test points at is gone: {error}", GONE)
    return _submit(deps, held, planned)


def _code_requested(deps: Deps, code: CodeRecord) -> Event:
    return announce.event(
        deps,
        "transform-code.requested",
        code.config_id,
        config_id=code.config_id,
        version=code.version,
        config_hash=code.config_hash,
    )


def cancel(deps: Deps, held: Held[QuickTest]) -> Done:
    """Ask the job to stop; a test that has none is cancelled at once. Safe to repeat."""
    asked = advance(held.value, CancelRequested(_now(deps)))
    if asked.final:
        return Done()
    if not asked.job_id:
        ended = advance(asked, Cancelled(_now(deps)))
        return Done([records.put(ended, ended.id, held.revision)], [finished(deps, ended)])
    deps.pipelines.cancel(asked.job_id)
    return moved(deps, held, CancelRequested(_now(deps)))


def sweep(deps: Deps, held: Held[QuickTest]) -> Done:
    """Whatever was lost on the way: wake-ups, submissions, cancels, and tests that nothing is heard of."""
    test = held.value
    if test.final:
        return Done()
    if datetime.fromisoformat(test.deadline) <= deps.clock.now():
        return _time_out(deps, held)
    if test.phase is Phase.CANCELLING:
        return _cancel_again(deps, held)
    return start(deps, held)


def _planned(deps: Deps, test: QuickTest, code: CodeRecord) -> Plan:
    dataset = records.get(deps.documents, Dataset, test.dataset_id).value
    version = records.get(deps.documents, ConfigVersion, f"{test.config_id}.{test.version}").value
    return plan(test, dataset, version, code, deps.settings.offer)


def _submit(deps: Deps, held: Held[QuickTest], planned: Plan) -> Done:
    """The intention is on record before the job can be: a crash in between is seen, and submitting twice is once."""
    planning = Submitting(
        f"{JOBS[type(held.value)]}-{held.id}", planned.roles, deps.template.id, planned.code, planned.compute
    )
    test = advance(held.value, planning)
    if test != held.value:
        deps.documents.commit([records.put(test, test.id, held.revision)])
    refusal = _submitted(deps, test, planned)
    newest = records.get(deps.documents, type(test), test.id)
    if refusal:
        return _failed(deps, newest, refusal, MISFIT)
    if newest.value.final or newest.value.phase is Phase.CANCELLING:
        deps.pipelines.cancel(test.job_id)  # asked for while the job was on its way
    started = announce.of_test(deps, test, "started", job_id=test.job_id)
    return moved(deps, newest, Submitted(test.job_id, _now(deps)), started)


def _submitted(deps: Deps, test: QuickTest, planned: Plan) -> str:
    """'' once the job is on record, else why there will be none."""
    try:
        deps.pipelines.submit(test.job_id, planned.parameters, _labels(test), test.compute)
    except Invalid as error:
        return f"the pipeline does not take this test: {error}"
    return ""


def _cancel_again(deps: Deps, held: Held[QuickTest]) -> Done:
    job_id = held.value.job_id
    if not job_id or deps.pipelines.describe(job_id) is None:
        return moved(deps, held, Cancelled(_now(deps)))
    deps.pipelines.cancel(job_id)
    return Done()


def _time_out(deps: Deps, held: Held[QuickTest]) -> Done:
    """A job that has ended is the collector's: its end may only have come while this machine was asleep. One that waits
    in a queue behind a full training is not silent."""
    job_id = held.value.job_id
    if job_id:
        job = deps.pipelines.describe(job_id)
        if job is not None and (job.state in ENDED or (job.state is JobState.PENDING and _trains(deps, held.id))):
            return Done()
        deps.pipelines.cancel(job_id)
    return moved(deps, held, DeadlinePassed(_now(deps)))


def _trains(deps: Deps, other_than: str) -> bool:
    return any(isinstance(one.value, FullTraining) and one.id != other_than for one in open_tests(deps))


def _failed(deps: Deps, held: Held[QuickTest], message: str, remedy: str) -> Done:
    return moved(deps, held, Failed(TestError(stage="", message=message, remedy=remedy), _now(deps)))


def _labels(test: QuickTest) -> dict[str, str]:
    return {
        "kind": test.kind,
        "test_id": test.id,
        "config_id": test.config_id,
        "config_version": str(test.version),
        "dataset_id": test.dataset_id,
        "correlation_id": test.correlation_id,
    }


def _now(deps: Deps) -> str:
    return rfc3339(deps.clock.now())
