"""A PipelineJob as Vertex AI describes it, read as the port's Job. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from towerlab.domain.times import rfc3339
from towerlab.ports.pipelines import Job, JobError, JobState, JobTask

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1.types import PipelineJob, PipelineTaskDetail

_STATES = {
    "PIPELINE_STATE_UNSPECIFIED": JobState.PENDING,
    "PIPELINE_STATE_QUEUED": JobState.PENDING,
    "PIPELINE_STATE_PENDING": JobState.PENDING,
    "PIPELINE_STATE_RUNNING": JobState.RUNNING,
    "PIPELINE_STATE_PAUSED": JobState.RUNNING,
    "PIPELINE_STATE_CANCELLING": JobState.RUNNING,
    "PIPELINE_STATE_SUCCEEDED": JobState.SUCCEEDED,
    "PIPELINE_STATE_FAILED": JobState.FAILED,
    "PIPELINE_STATE_CANCELLED": JobState.CANCELLED,
}
_TASK_STATES = {
    "RUNNING": "running",
    "CANCEL_PENDING": "running",
    "CANCELLING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "cached",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}  # all others: pending


@dataclass(frozen=True)
class Failure:
    """What a task said of its failure before it ended."""

    message: str
    log_tail: str


def job_of(job: PipelineJob, failures: Mapping[str, Failure]) -> Job:
    """The job with its tasks in the order of their dependencies. `failures` are by task; Vertex AI itself knows no more
    of a failure than the exit code."""
    state = _STATES[job.state.name]
    details = {detail.task_name: detail for detail in job.job_detail.task_details}
    tasks = tuple(_task(name, details.get(name)) for name in task_order(job.pipeline_spec))
    error = _error(job, failures) if state is JobState.FAILED else None
    return Job(job_id_of(job.name), state, tasks, error)


def job_id_of(resource_name: str) -> str:
    return resource_name.rpartition("/")[2]


def task_order(spec: Any) -> Sequence[str]:
    """The names of a pipeline spec's tasks, each after those it depends on. The job's own details have one more entry,
    for the whole."""
    tasks = spec["root"]["dag"]["tasks"]
    graph = {name: sorted(tasks[name].get("dependentTasks") or ()) for name in sorted(tasks)}
    return tuple(TopologicalSorter(graph).static_order())


def failed_tasks(job: PipelineJob) -> Sequence[PipelineTaskDetail]:
    """Those of the pipeline, not the entry for the whole; the one that failed first comes first."""
    names = set(task_order(job.pipeline_spec))
    found = [d for d in job.job_detail.task_details if d.task_name in names and d.state.name == "FAILED"]
    return sorted(found, key=lambda detail: _time(detail.end_time) or "")


def _task(name: str, detail: PipelineTaskDetail | None) -> JobTask:
    if detail is None:
        return JobTask(name, "pending")
    state = _TASK_STATES.get(detail.state.name, "pending")
    return JobTask(
        name=name,
        state=state,
        started_at=_time(detail.start_time),
        ended_at=_time(detail.end_time),
        progress=1.0 if state in ("succeeded", "cached") else None,
        outputs={key: listed.artifacts[0].uri for key, listed in detail.outputs.items() if listed.artifacts},
    )


def _error(job: PipelineJob, failures: Mapping[str, Failure]) -> JobError:
    failed = failed_tasks(job)
    if not failed:
        return JobError("", job.error.message or "the pipeline failed, and Vertex AI does not say why")
    first = failed[0]
    told = f"{first.task_name} failed: {first.error.message or job.error.message or 'Vertex AI does not say why'}"
    said = failures.get(first.task_name) or Failure(told, "")
    where = _where_to_look(first.executor_detail.container_detail.main_job)
    return JobError(first.task_name, said.message, "\n".join(filter(None, (said.log_tail, where))))


def _where_to_look(custom_job: str) -> str:
    if not custom_job:
        return ""
    return f'the whole log is in Cloud Logging: resource.type="ml_job" resource.labels.job_id="{job_id_of(custom_job)}"'


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
