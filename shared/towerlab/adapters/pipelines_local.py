"""Pipelines by the pipeline runner on this machine: a folder per job in its mailbox."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from towerlab.adapters.pipeline_template import StoredTemplate, runtime_parameters
from towerlab.domain.compute import HERE, Compute
from towerlab.ports.errors import Transient
from towerlab.ports.pipelines import Job, JobError, JobState, JobTask

_JOB_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,126}")


class LocalPipelines:
    """Every job carries the whole template, with its parameters, as on Vertex AI."""

    def __init__(self, runner_folder: Path, template: StoredTemplate) -> None:
        self._jobs = runner_folder / "jobs"
        self._template = template

    def submit(
        self, job_id: str, parameters: Mapping[str, str], labels: Mapping[str, str], compute: Compute = HERE
    ) -> None:
        if compute != HERE:
            raise ValueError(f"on one machine a job runs on that machine, not as asked for: {compute}")
        folder = self._folder(job_id)
        job = with_parameters(self._template.content, parameters)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            submitted_at = datetime.now(UTC).isoformat(timespec="microseconds")
            labelled = {**labels, "template": self._template.id}
            body = {"schema": 1, "id": job_id, "submitted_at": submitted_at, "labels": labelled, "job": job}
            _create(folder / "job.json", json.dumps(body))
        except OSError as error:
            raise Transient(f"the job could not be put into the pipeline runner's mailbox: {error}") from error

    def describe(self, job_id: str) -> Job | None:
        folder = self._folder(job_id)
        try:
            if not (folder / "job.json").exists():
                return None
            state = folder / "state.json"
            return _job(json.loads(state.read_text())) if state.exists() else Job(job_id, JobState.PENDING, ())
        except OSError as error:
            raise Transient(f"the pipeline runner's mailbox cannot be read: {error}") from error

    def keep(self, job_id: str, kept: bool) -> None:
        self._mark(job_id, "keep", kept)

    def cancel(self, job_id: str) -> None:
        self._mark(job_id, "cancel", True)

    def _mark(self, job_id: str, mark: str, there: bool) -> None:
        folder = self._folder(job_id)
        try:
            if not there:
                (folder / mark).unlink(missing_ok=True)
            elif (folder / "job.json").exists():
                (folder / mark).touch()
        except OSError as error:
            raise Transient(f"the pipeline runner's mailbox cannot be written: {error}") from error

    def _folder(self, job_id: str) -> Path:
        if not _JOB_ID.fullmatch(job_id):
            raise ValueError(f"not a job id: {job_id!r}")
        return self._jobs / job_id


def with_parameters(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The job that the compiled template is under these parameter values. Raises Invalid."""
    values = runtime_parameters(template, parameters)
    return {**template, "runtimeConfig": {**template["runtimeConfig"], "parameters": values}}


def _create(path: Path, text: str) -> None:
    """Write the file unless it is there; nobody ever sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(draft, "x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # the job is on record already
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _job(raw: Mapping[str, Any]) -> Job:
    error = JobError(**raw["error"]) if raw["error"] else None
    return Job(raw["id"], JobState(raw["state"]), tuple(JobTask(**task) for task in raw["tasks"]), error)
