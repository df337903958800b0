"""Where pipelines run: Vertex AI, or the pipeline runner on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from towerlab.domain.compute import HERE, Compute


class JobState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class JobTask:
    """One task of a job. Times are RFC 3339 UTC; `progress` 0-1 where known; `outputs` are artifact URIs by key.
    `peak_memory_mb` is its resident memory at most, with what it shares with other processes."""

    name: str
    state: str  # pending | running | succeeded | cached | failed | cancelled
    started_at: str | None = None
    ended_at: str | None = None
    progress: float | None = None
    detail: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    peak_memory_mb: float | None = None
    cpu_seconds: float | None = None


@dataclass(frozen=True)
class JobError:
    task: str
    message: str
    log_tail: str = ""


@dataclass(frozen=True)
class Job:
    id: str
    state: JobState
    tasks: tuple[JobTask, ...]
    error: JobError | None = None


class Pipelines(Protocol):
    def submit(
        self, job_id: str, parameters: Mapping[str, str], labels: Mapping[str, str], compute: Compute = HERE
    ) -> None:
        """Start the compiled quick test pipeline under that id, its tasks where and on what `compute` says. A job id
        that is there already is success and starts nothing. Returns once the job is on record. Raises Invalid for
        parameters that the pipeline does not take (all that are missing, unknown or of another type), ValueError for an
        impossible id and for a compute that is not to be had (on one machine there is HERE alone), and Transient."""

    def describe(self, job_id: str) -> Job | None:
        """The job as it stands, None when no such job was submitted. Raises Transient."""

    def keep(self, job_id: str, kept: bool) -> None:
        """Say whether what the job has made (examples, transforms, models) is to stay when it becomes an old one, as
        long as there is room for it. Safe to repeat; unknown ids are ignored. Raises Transient."""

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop; it ends cancelled unless it ended first. Safe to repeat; unknown ids are ignored.
        Raises Transient."""
