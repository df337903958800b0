"""Pipelines by Vertex AI: a PipelineJob per quick test, through the PipelineService API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, cast

from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound, RetryError
from google.auth.exceptions import GoogleAuthError
from requests import RequestException

from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.storage_holds import StorageHolds
from towerlab.adapters.vertex_described import Failure, failed_tasks, job_of
from towerlab.adapters.vertex_job import Changes, ContainerChange, Workload, pipeline_job
from towerlab.domain.compute import HERE, Compute
from towerlab.domain.errors import Invalid, Problem
from towerlab.ports.clock import Clock
from towerlab.ports.errors import Transient
from towerlab.ports.pipelines import Job, JobState

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient
    from google.cloud.aiplatform_v1.types import PipelineJob

_JOB_ID = re.compile(r"[a-z][a-z0-9-]{0,126}")
SECONDS = 30.0  # until a call is given up
TRACKED_TASK = "Trainer"
FAILURE_FILE = "failure.json"
_importing = Lock()
ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


def _nothing_more(_: Compute) -> Changes:
    return {}


class VertexPipelines:
    """`parent` is projects/<project>/locations/<region>; `endpoint` is another address of the API than the region's, an
    http:// one needs no credentials. `containers` says what they need beyond the template for a compute."""

    def __init__(
        self,
        parent: str,
        template: StoredTemplate,
        workload: Workload,
        holds: StorageHolds,
        clock: Clock,
        tracking_uri: str = "",
        endpoint: str = "",
        containers: Callable[[Compute], Changes] = _nothing_more,
    ) -> None:
        self._parent, self._template, self._workload = parent, template, workload
        self._holds, self._clock, self._tracking_uri = holds, clock, tracking_uri
        self._endpoint, self._containers = endpoint, containers

    def submit(
        self, job_id: str, parameters: Mapping[str, str], labels: Mapping[str, str], compute: Compute = HERE
    ) -> None:
        name = self._name(job_id)
        changes = self._changes(compute)
        job = pipeline_job(self._template.content, job_id, parameters, labels, self._workload, changes)
        message = _api().PipelineJob.from_json(json.dumps(job))
        with _failures("Vertex AI took no pipeline job"):
            try:
                self._client.create_pipeline_job(
                    parent=self._parent, pipeline_job=message, pipeline_job_id=job_id, timeout=SECONDS
                )
            except Conflict as conflict:  # the job is there, or another writer was in the way
                if self._found(name) is None:
                    raise Transient(f"Vertex AI took no pipeline job: {conflict.message}") from conflict
            except BadRequest as refusal:
                raise Invalid([Problem("", "refused", f"Vertex AI refused it: {refusal.message}")]) from refusal

    def describe(self, job_id: str) -> Job | None:
        with _failures("Vertex AI does not describe the pipeline job"):
            found = self._found(self._name(job_id))
            return job_of(found, self._said(found)) if found else None

    def keep(self, job_id: str, kept: bool) -> None:
        job = self.describe(job_id)
        if job is None:
            return
        with _failures("Cloud Storage does not change what it holds"):
            for uri in sorted({uri for task in job.tasks for uri in task.outputs.values()}):
                self._holds.keep(uri, job_id) if kept else self._holds.release(uri, job_id)

    def cancel(self, job_id: str) -> None:
        name = self._name(job_id)
        with _failures("Vertex AI cancelled no pipeline job"):
            try:
                self._client.cancel_pipeline_job(name=name, timeout=SECONDS)
            except NotFound:
                return
            except BadRequest:
                job = self._found(name)
                if job is not None and job_of(job, {}).state not in ENDED:
                    raise

    def _changes(self, compute: Compute) -> Changes:
        """Environment variables are part of what Vertex AI compares before it takes a task's outputs from an earlier
        job; so nothing in them may differ from job to job. They name the month: what an earlier month's jobs left may
        have been deleted by the bucket's lifecycle rule, and Vertex AI would still hand it out."""
        every = ContainerChange(env={"TOWERLAB_CACHE_PERIOD": f"{self._clock.now():%Y-%m}"})
        tracked = ContainerChange(env=tracking_environment(self._tracking_uri))
        asked = self._containers(compute)
        tasks = self._template.content["pipelineSpec"]["root"]["dag"]["tasks"]
        changes = {task: every.and_then(asked.get(task, ContainerChange())) for task in {*tasks, *asked}}
        return {task: change.and_then(tracked) if task == TRACKED_TASK else change for task, change in changes.items()}

    def _found(self, name: str) -> PipelineJob | None:
        try:
            return self._client.get_pipeline_job(name=name, timeout=SECONDS)
        except NotFound:
            return None

    def _said(self, job: PipelineJob) -> Mapping[str, Failure]:
        """By task: what it wrote of its failure beside where its outputs would be."""
        failed = {detail.task_name for detail in failed_tasks(job)}
        if not failed:
            return {}
        project, job_id = job.name.split("/")[1], job.name.rpartition("/")[2]
        folder = f"{job.runtime_config.gcs_output_directory}/{project}/{job_id}"
        written = self._holds.read_named(folder, FAILURE_FILE)
        by_folder = {path.split("/")[-2]: json.loads(content) for path, content in written.items()}
        return {
            task: Failure(f"{task} failed: {said['message']}", str(said["log_tail"]))
            for name, said in by_folder.items()
            if (task := name.rpartition("_")[0]) in failed
        }

    def _name(self, job_id: str) -> str:
        if not _JOB_ID.fullmatch(job_id):
            raise ValueError(f"not a job id: {job_id!r}")
        return f"{self._parent}/pipelineJobs/{job_id}"

    @cached_property
    def _client(self) -> PipelineServiceClient:
        from google.auth.credentials import AnonymousCredentials

        region = self._parent.rpartition("/")[2]
        endpoint = self._endpoint or f"{region}-aiplatform.googleapis.com"
        emulated = endpoint.startswith("http://")
        credentials = AnonymousCredentials() if emulated else None  # type: ignore[no-untyped-call]
        client = _api().PipelineServiceClient(
            credentials=credentials, transport="rest", client_options={"api_endpoint": endpoint}
        )
        return cast("PipelineServiceClient", client)


def _api() -> ModuleType:
    """The library, which takes a second to import and refers to itself in circles: two threads that import it at the
    same time leave it broken for good."""
    with _importing:
        from google.cloud import aiplatform_v1
    return aiplatform_v1


def tracking_environment(server: str) -> Mapping[str, str]:
    """What the task that tells MLflow is told: where, and whom its token is for, where the server wants to know."""
    audience = {"TOWERLAB_TRACKING_AUDIENCE": server.rstrip("/")} if server.startswith("https://") else {}
    return {"MLFLOW_TRACKING_URI": server, **audience} if server else {}


@contextmanager
def _failures(what: str) -> Iterator[None]:
    try:
        yield
    except (GoogleAPICallError, RetryError, GoogleAuthError, RequestException) as error:
        raise Transient(f"{what}: {error}") from error
