"""A pipeline job's tasks as the stages of a quick test, and its failure in words a data scientist understands."""

from __future__ import annotations

import re
from datetime import datetime

from towerlab.domain.quicktest import STAGES, Stage, TestError
from towerlab.domain.times import rfc3339, seconds_between
from towerlab.ports.pipelines import Job, JobTask

SHOWN_AS = {"succeeded": "completed"}
LOG_LINES, LOG_CHARACTERS = 20, 8000

REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"out[ -]of[ -]memory|low on memory|status of 137|oom|memoryerror|cannot allocate|resource ?exhausted"
        r"|killed by signal 9|exit code -9",
        "It ran out of memory: use a smaller data sample or batch, or smaller embedding dimensions and vocabularies.",
    ),
    (
        r"no (training|evaluation) rows|no rows",
        "Use a larger data sample, and check the column mapping: rows count when their customer and product are known"
        " and their quantity is above zero.",
    ),
    (r"no space left", "The disk is full: free some space on it, then start the test again."),
    (
        r"not finite|non-finite|\bnan\b",
        "Training diverged: lower the learning rate, or look for a feature with extreme values (log transform,"
        " buckets).",
    ),
    (
        r"recorded hash|unsafe",
        "The generated code is not what was recorded: save the config as a new version and test that.",
    ),
    (r"split", "Choose another split, or give the columns it needs a role in the column mapping."),
)
OTHERWISE = "Read the last lines of the log below; starting the test again helps when the machine was the cause."


def stages_of(job: Job) -> tuple[Stage, ...]:
    """The stages that the job knows of, in their order."""
    tasks = {task.name: task for task in job.tasks}
    return tuple(_stage(tasks[name]) for name in STAGES if name in tasks)


def used_by_stages(job: Job) -> dict[str, float]:
    """Seconds and memory of the stages that were carried out, by the names that they have in MLflow."""
    used: dict[str, float] = {}
    for stage in stages_of(job):
        facts = {"seconds": stage.seconds, "cpu_seconds": stage.cpu_seconds, "peak_memory_mb": stage.peak_memory_mb}
        if stage.status == "completed":
            used |= {f"stage/{stage.name}/{name}": fact for name, fact in facts.items() if fact is not None}
    return used


def ended_at(job: Job) -> str | None:
    """When the last of its tasks ended; None when none says so."""
    ends = [datetime.fromisoformat(task.ended_at) for task in job.tasks if task.ended_at]
    return rfc3339(max(ends)) if ends else None


def error_of(job: Job) -> TestError:
    """Why the job failed: the stage, its message, the last lines of its log, and what to do."""
    if job.error is None:
        stage = next((task.name for task in job.tasks if task.state == "failed"), "")
        return TestError(stage, "the pipeline ended without saying why", remedy=OTHERWISE)
    tail = "\n".join(job.error.log_tail.splitlines()[-LOG_LINES:])[-LOG_CHARACTERS:]
    return TestError(job.error.task, job.error.message, tail, _remedy(f"{job.error.message}\n{tail}"))


def _remedy(text: str) -> str:
    return next((remedy for pattern, remedy in REMEDIES if re.search(pattern, text, re.IGNORECASE)), OTHERWISE)


def _stage(task: JobTask) -> Stage:
    return Stage(
        name=task.name,
        status=SHOWN_AS.get(task.state, task.state),
        started_at=task.started_at,
        ended_at=task.ended_at,
        seconds=seconds_between(task.started_at, task.ended_at),
        progress=task.progress if task.state == "running" else None,
        detail=task.detail,
        peak_memory_mb=task.peak_memory_mb,
        cpu_seconds=task.cpu_seconds,
    )
