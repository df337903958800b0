"""The runner's side of the mailbox: jobs as others submitted them, and their state as others may read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from towerlab.ports.pipelines import Job, JobError, JobState, JobTask

from pipeline.files import write_atomically

CLEANED = "cleaned"
FINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True)
class Submission:
    id: str
    submitted_at: str
    labels: Mapping[str, str]
    job: Mapping[str, Any]


class Mailbox:
    def __init__(self, folder: Path) -> None:
        self.jobs = folder / "jobs"
        self.jobs.mkdir(parents=True, exist_ok=True)
        self._ended: set[str] = set()  # a job that has ended stays so

    def folder(self, job_id: str) -> Path:
        return self.jobs / job_id

    def open_jobs(self) -> list[Submission]:
        """Jobs that have not ended, in the order of their submission. One that cannot be read ends failed."""
        found = []
        for path in self.jobs.glob("*/job.json"):
            job_id = path.parent.name
            if self.has_ended(job_id):
                continue
            try:
                found.append(_submission(path))
            except (ValueError, KeyError) as fault:
                self.record(Job(job_id, JobState.FAILED, (), JobError("", f"job.json cannot be read: {fault}")))
        return sorted(found, key=lambda submission: (submission.submitted_at, submission.id))

    def has_ended(self, job_id: str) -> bool:
        if job_id not in self._ended:
            state = self.state(job_id)
            if state is None or state.state not in FINAL:
                return False
            self._ended.add(job_id)
        return True

    def cancel_asked(self, job_id: str) -> bool:
        return (self.folder(job_id) / "cancel").exists()

    def keep_asked(self, job_id: str) -> bool:
        return (self.folder(job_id) / "keep").exists()

    def with_outputs(self) -> list[str]:
        """Jobs whose outputs were not cleaned away, the one that was submitted last first."""
        found = [path for path in self.jobs.glob("*/job.json") if not (path.parent / CLEANED).exists()]
        return [path.parent.name for path in sorted(found, key=lambda path: -path.stat().st_mtime_ns)]

    def note_cleaned(self, job_id: str) -> None:
        (self.folder(job_id) / CLEANED).touch()

    def state(self, job_id: str) -> Job | None:
        """The job as it was last recorded, None before the first time."""
        path = self.folder(job_id) / "state.json"
        if not path.exists():
            return None
        raw = json.loads(path.read_text())
        error = JobError(**raw["error"]) if raw["error"] else None
        return Job(raw["id"], JobState(raw["state"]), tuple(JobTask(**task) for task in raw["tasks"]), error)

    def record(self, job: Job) -> None:
        write_atomically(self.folder(job.id) / "state.json", json.dumps(asdict(job)))


def _submission(path: Path) -> Submission:
    raw = json.loads(path.read_text())
    return Submission(raw["id"], raw["submitted_at"], raw["labels"], raw["job"])
