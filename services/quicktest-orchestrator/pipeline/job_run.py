"""One job under way: its tasks in order, each from the cache or in a fork of the warm process, its state on record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from towerlab.ports.pipelines import Job, JobError, JobState, JobTask

from pipeline import failures, job_spec
from pipeline.failures import TaskFailed
from pipeline.forks import Zygote, ZygoteDied, kill_group, reduced_environment
from pipeline.job_log import JobLog, TaskOutput, now
from pipeline.job_spec import Artifacts, Task
from pipeline.mailbox import Mailbox, Submission
from pipeline.retention import to_be_kept
from pipeline.room import NoRoom, make_room
from pipeline.task_cache import TaskCache

POLL_SECONDS = 0.1
ATTEMPTS = 3  # of a task whose warm process died under it
TRACKED_TASK = "Trainer"


class Cancelled(Exception):
    """Somebody asked for the job to stop."""


@dataclass(frozen=True)
class Workshop:
    """What jobs are carried out with."""

    mailbox: Mailbox
    cache: TaskCache
    zygote: Zygote
    tracking_uri: str
    free: Callable[[], int]  # bytes on the disk


class JobRun:
    def __init__(self, workshop: Workshop, submission: Submission) -> None:
        self._shop, self._submission = workshop, submission
        self._log = job_log(workshop.mailbox, submission)
        self._job = Job(submission.id, JobState.RUNNING, ())
        self._outputs: dict[str, Artifacts] = {}
        self._keys: dict[str, str] = {}

    def run(self) -> None:
        """Carry the job out to its end, whatever that is."""
        try:
            for task in self._begin():
                self._run_task(task)
            self._finish(JobState.SUCCEEDED)
        except Cancelled:
            self._finish(JobState.CANCELLED)
        except TaskFailed as failure:
            self._finish(JobState.FAILED, JobError(failure.task, failure.message, failure.log_tail))
        except NoRoom as fault:
            self._finish(JobState.FAILED, JobError("", str(fault)))
        except job_spec.BadJob as fault:
            self._finish(JobState.FAILED, JobError("", f"the job cannot be carried out as it was submitted: {fault}"))

    def _begin(self) -> tuple[Task, ...]:
        tasks = job_spec.tasks_of(self._submission.job)
        before = self._shop.mailbox.state(self._submission.id)
        known = {task.name: task for task in before.tasks} if before else {}
        entries = tuple(_resumed(known.get(task.name, JobTask(task.name, "pending"))) for task in tasks)
        self._log.write("job resumed" if before else "job started")
        self._record(replace(self._job, tasks=entries))
        best = to_be_kept(self._shop.mailbox, self._shop.cache)
        for name in make_room(self._shop.cache, self._shop.free, best):
            self._log.write(f"{name} was cleaned away to make room")
        return tasks

    def _finish(self, state: JobState, error: JobError | None = None) -> None:
        self._record(replace(self._job, state=state, error=error))
        self._log.write(f"job {state.value}", "error" if error else "info", reason=error.message if error else "")

    def _record(self, job: Job) -> None:
        self._job = job
        self._shop.mailbox.record(job)

    def _entry(self, task: Task) -> JobTask:
        return next(entry for entry in self._job.tasks if entry.name == task.name)

    def _note(self, task: Task, **changes: Any) -> None:
        """Put a change of the task's entry on record."""
        before = self._entry(task)
        after = replace(before, **changes)
        if after.state != before.state:
            self._log.write(f"task {after.state}", task=task.name)
        self._record(replace(self._job, tasks=tuple(after if e is before else e for e in self._job.tasks)))

    def _run_task(self, task: Task) -> None:
        self._stop_if_asked(task)
        key = self._keys[task.name] = self._shop.cache.key(task, self._keys)
        found = self._shop.cache.find(key) if task.cacheable else None
        if found is not None:
            self._outputs[task.name] = found
            self._note_cached(task, found)
            return
        self._note(task, state="running", started_at=now())
        outputs = self._outputs[task.name] = self._compute(task, key)
        self._shop.cache.store(key, outputs)
        self._note(task, state="succeeded", ended_at=now(), progress=1.0, outputs=_uris(outputs))

    def _note_cached(self, task: Task, outputs: Artifacts) -> None:
        if self._entry(task).state != "succeeded":  # else it ran in this job, before the runner was killed
            at = now()
            self._note(task, state="cached", started_at=at, ended_at=at, progress=1.0, outputs=_uris(outputs))

    def _compute(self, task: Task, key: str) -> Artifacts:
        for attempt in range(1, ATTEMPTS + 1):
            folder = self._shop.cache.fresh_folder(task, key)
            outputs = job_spec.new_outputs(task, str(folder))
            output_file = folder / "executor_output.json"
            argv = job_spec.command_line(task, self._outputs, outputs, str(output_file))
            try:
                self._in_a_fork(task, argv, folder)
            except ZygoteDied:
                self._log.write(f"the warm process died under attempt {attempt}", "warning", task=task.name)
                continue
            shutil.rmtree(folder / "tmp")
            return job_spec.with_metadata(outputs, json.loads(output_file.read_text()))
        self._note(task, state="failed", ended_at=now())
        raise failures.never_ran(task.name, ATTEMPTS, self._shop.zygote.last_words())

    def _in_a_fork(self, task: Task, argv: list[str], folder: Path) -> None:
        output, progress = TaskOutput(folder / "task.log"), folder / "progress.json"
        (folder / "tmp").mkdir()
        self._shop.zygote.start(argv, self._environment(task, folder, progress), folder / "task.log", folder)
        pid, code = None, None
        while code is None:
            answer = self._shop.zygote.poll(POLL_SECONDS) or {}
            if pid is None and "pid" in answer:  # until here the warm process was importing
                self._note(task, started_at=now())
            pid, code = answer.get("pid", pid), answer.get("exit")
            if code is not None:
                self._note(task, peak_memory_mb=answer["peak_memory_mb"], cpu_seconds=answer["cpu_seconds"])
            self._watch(task, output, progress)
            if code is None and self._cancel_asked():
                self._stop_child(pid)
                self._stop_if_asked(task)
        if code != 0:
            self._note(task, state="failed", ended_at=now())
            raise failures.failed(task.name, code, output)

    def _watch(self, task: Task, output: TaskOutput, progress: Path) -> None:
        for line in output.new_lines():
            self._log.write(line, task=task.name)
        cancel_waiting(self._shop.mailbox, self._submission.id)
        if progress.exists():
            reported = json.loads(progress.read_text())
            if reported["fraction"] != self._entry(task).progress:
                self._note(task, progress=reported["fraction"], detail=reported["detail"])

    def _environment(self, task: Task, folder: Path, progress: Path) -> dict[str, str]:
        """What the job says of the task's container goes before the runner's own settings."""
        own = {"HOME": str(folder), "TMPDIR": str(folder / "tmp"), "TOWERLAB_PROGRESS": str(progress)}
        tracked = {}
        if task.name == TRACKED_TASK and self._shop.tracking_uri:
            labels = json.dumps({**self._submission.labels, "job": self._submission.id})
            tracked = {"MLFLOW_TRACKING_URI": self._shop.tracking_uri, "TOWERLAB_JOB_LABELS": labels}
        return reduced_environment({**tracked, **task.env, **own})

    def _cancel_asked(self) -> bool:
        return self._shop.mailbox.cancel_asked(self._submission.id)

    def _stop_if_asked(self, task: Task) -> None:
        if not self._cancel_asked():
            return
        if self._entry(task).state == "running":
            self._note(task, state="cancelled", ended_at=now())
        raise Cancelled

    def _stop_child(self, pid: int | None) -> None:
        """Kill the task, or the warm process that was about to fork it."""
        if pid is None:
            self._shop.zygote.close()
            return
        kill_group(pid)
        while "exit" not in (self._shop.zygote.poll(POLL_SECONDS) or {}):
            continue


def job_log(mailbox: Mailbox, submission: Submission) -> JobLog:
    fields = {"job": submission.id, "correlation_id": submission.labels.get("correlation_id", "")}
    return JobLog(mailbox.folder(submission.id) / "log.txt", fields)


def cancel_waiting(mailbox: Mailbox, running_id: str) -> None:
    """End jobs that were cancelled before their turn."""
    for submission in mailbox.open_jobs():
        if submission.id != running_id and mailbox.cancel_asked(submission.id):
            mailbox.record(Job(submission.id, JobState.CANCELLED, ()))
            job_log(mailbox, submission).write("job cancelled before it started")


def _resumed(entry: JobTask) -> JobTask:
    """What was running when the runner died has to run again."""
    return entry if entry.state in ("succeeded", "cached") else JobTask(entry.name, "pending")


def _uris(outputs: Artifacts) -> Mapping[str, str]:
    return {key: f"file://{listed['artifacts'][0]['uri']}" for key, listed in outputs.items()}
