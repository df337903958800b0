"""What every place that runs pipelines promises."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import pytest
from towerlab.domain.errors import Invalid
from towerlab.ports.artifacts import Artifacts
from towerlab.ports.pipelines import Job, JobState, Pipelines

LABELS = {"test_id": "01J", "correlation_id": "Req/ABC:1"}
ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
WITHIN = 200.0  # seconds, the pipeline runner's start included


def parameters(text: str, ending: str = "well") -> dict[str, str]:
    return {"text": text, "ending": ending}


class PipelinesContract(ABC):
    """On a template of two tasks, First and Trainer (tests/contract/tiny_job.py)."""

    @abstractmethod
    def on_record(self) -> Sequence[str]:
        """The ids of all jobs, seen without the adapter."""

    @pytest.fixture
    @abstractmethod
    def pipelines(self) -> Pipelines: ...

    @pytest.fixture
    @abstractmethod
    def artifacts(self) -> Artifacts:
        """Reads what jobs have made."""

    def test_a_job_that_nobody_submitted_is_not_there(self, pipelines: Pipelines) -> None:
        assert pipelines.describe("qt-unknown") is None

    def test_a_job_is_on_record_when_submit_returns(self, pipelines: Pipelines) -> None:
        pipelines.submit("qt-record", parameters("record"), LABELS)
        assert "qt-record" in self.on_record()
        job = pipelines.describe("qt-record")
        assert job is not None
        assert job.id == "qt-record"

    def test_a_job_runs_to_its_end_and_its_outputs_can_be_read(
        self, pipelines: Pipelines, artifacts: Artifacts
    ) -> None:
        job = finished(pipelines, "qt-runs", parameters("runs"))
        assert job.state is JobState.SUCCEEDED, job.error
        assert job.error is None
        assert [(task.name, task.state, task.progress) for task in job.tasks] == [
            ("First", "succeeded", 1.0),
            ("Trainer", "succeeded", 1.0),
        ]
        for task in job.tasks:
            assert artifacts.read(f"{task.outputs['model']}/text") == b"runs"
            assert task.started_at
            assert task.ended_at
            assert task.started_at <= task.ended_at

    def test_submitting_twice_is_once(self, pipelines: Pipelines, artifacts: Artifacts) -> None:
        pipelines.submit("qt-twice", parameters("first"), LABELS)
        pipelines.submit("qt-twice", parameters("second"), LABELS)
        job = ended(pipelines, "qt-twice")
        pipelines.submit("qt-twice", parameters("third"), LABELS)
        assert pipelines.describe("qt-twice") == job
        assert artifacts.read(f"{job.tasks[-1].outputs['model']}/text") == b"first"
        assert list(self.on_record()).count("qt-twice") == 1

    def test_an_equal_job_takes_its_outputs_from_the_one_before(self, pipelines: Pipelines) -> None:
        first = finished(pipelines, "qt-first", parameters("equal"))
        again = finished(pipelines, "qt-again", parameters("equal"), {"test_id": "another"})
        assert again.state is JobState.SUCCEEDED
        assert [task.state for task in again.tasks] == ["cached", "cached"]
        assert [task.outputs for task in again.tasks] == [task.outputs for task in first.tasks]

    @pytest.mark.parametrize(
        ("task", "states"), [("First", ["failed", "pending"]), ("Trainer", ["succeeded", "failed"])]
    )
    def test_a_failed_job_says_which_task_failed_and_why(
        self, pipelines: Pipelines, task: str, states: list[str]
    ) -> None:
        job = finished(pipelines, f"qt-fails-{task.lower()}", parameters("use a larger sample", f"fail {task}"))
        assert job.state is JobState.FAILED
        assert [one.state for one in job.tasks] == states
        assert job.error is not None
        assert (job.error.task, job.error.message) == (task, f"{task} failed: no training rows: use a larger sample")
        assert "Traceback" in job.error.log_tail

    def test_a_running_job_can_be_cancelled(self, pipelines: Pipelines) -> None:
        pipelines.submit("qt-cancelled", parameters("cancelled", "wait Trainer"), LABELS)
        running = until(pipelines, "qt-cancelled", lambda job: job.tasks[1:] and job.tasks[1].state == "running")
        assert running.state is JobState.RUNNING
        assert running.tasks[0].state == "succeeded"
        pipelines.cancel("qt-cancelled")
        pipelines.cancel("qt-cancelled")
        job = ended(pipelines, "qt-cancelled")
        assert job.state is JobState.CANCELLED
        assert job.tasks[1].state == "cancelled"

    def test_cancelling_what_has_ended_or_never_was_changes_nothing(self, pipelines: Pipelines) -> None:
        job = finished(pipelines, "qt-over", parameters("over"))
        pipelines.cancel("qt-over")
        pipelines.cancel("qt-never")
        assert pipelines.describe("qt-over") == job
        assert pipelines.describe("qt-never") is None

    def test_a_cancelled_job_that_was_waiting_never_runs(self, pipelines: Pipelines) -> None:
        pipelines.submit("qt-before", parameters("before", "wait First"), LABELS)
        pipelines.submit("qt-waiting", parameters("waiting"), LABELS)
        pipelines.cancel("qt-waiting")
        job = ended(pipelines, "qt-waiting")
        pipelines.cancel("qt-before")
        assert job.state is JobState.CANCELLED
        assert {task.state for task in job.tasks} <= {"pending", "cancelled"}

    def test_keeping_can_be_said_again_and_taken_back(self, pipelines: Pipelines, artifacts: Artifacts) -> None:
        job = finished(pipelines, "qt-kept", parameters("kept"))
        for kept in (True, True, False, False):
            pipelines.keep("qt-kept", kept)
        pipelines.keep("qt-never", True)
        assert pipelines.describe("qt-never") is None
        assert artifacts.read(f"{job.tasks[-1].outputs['model']}/text") == b"kept"

    def test_parameters_that_do_not_fit_are_refused_all_at_once(self, pipelines: Pipelines) -> None:
        with pytest.raises(Invalid) as refused:
            pipelines.submit("qt-misfit", {"text": 3, "more": "x"}, LABELS)  # type: ignore[dict-item]
        assert {(problem.pointer, problem.code) for problem in refused.value.problems} == {
            ("/parameters/text", "wrong_type"),
            ("/parameters/ending", "missing"),
            ("/parameters/more", "unknown"),
        }
        assert pipelines.describe("qt-misfit") is None
        assert "qt-misfit" not in self.on_record()

    @pytest.mark.parametrize("job_id", ["", "../../etc", "Qt-1", "qt/1", "qt-" + "1" * 200])
    def test_an_impossible_id_is_refused(self, pipelines: Pipelines, job_id: str) -> None:
        for call in (
            lambda: pipelines.submit(job_id, parameters("x"), {}),
            lambda: pipelines.describe(job_id),
            lambda: pipelines.cancel(job_id),
            lambda: pipelines.keep(job_id, True),
        ):
            with pytest.raises(ValueError, match="not a job id"):
                call()


def finished(pipelines: Pipelines, job_id: str, given: Mapping[str, str], labels: Mapping[str, str] = LABELS) -> Job:
    pipelines.submit(job_id, given, labels)
    return ended(pipelines, job_id)


def ended(pipelines: Pipelines, job_id: str) -> Job:
    return until(pipelines, job_id, lambda job: job.state in ENDED)


def until(pipelines: Pipelines, job_id: str, condition: Callable[[Job], object]) -> Job:
    """The job once the condition holds."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        job = pipelines.describe(job_id)
        assert job is not None
        if condition(job):
            return job
        assert job.state not in ENDED, job
        time.sleep(0.05)
    raise AssertionError(f"{job_id} did not get there: {job}")
