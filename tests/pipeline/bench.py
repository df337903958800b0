"""A pipeline runner in a folder of its own, and jobs for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pipeline_jobs as jobs
import retail_config
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_local import LocalPipelines
from towerlab.ports.pipelines import Job, JobState

TEMPLATE = Path(__file__).parents[2] / "services/quicktest-orchestrator/pipeline/quick_test.json"
PARAMETERS = ("snapshot_uri", "split_plan", "preprocessing_module", "trainer_module", "trainer_settings")
FINAL = {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@dataclass
class Bench:
    """A runner's folder and what is put into its mailbox."""

    folder: Path
    snapshot: Path
    modules: retail_config.Modules
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def pipelines(self) -> LocalPipelines:
        return LocalPipelines(self.folder, StoredTemplate(str(TEMPLATE)))

    def start(self) -> None:
        with open(self.folder.with_suffix(".log"), "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.run", str(self.folder)],
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def submit(self, job_id: str, snapshot_id: str = "s", **changes: object) -> None:
        """A quick test of the retail config; `changes` are trainer settings. Nothing is cached of another snapshot."""
        plan = jobs.plan(snapshot_id=snapshot_id)
        settings = jobs.settings(**{"batch_size": 64, "epochs": 1, **changes})
        parameters = jobs.parameters(
            self.snapshot, self.modules.preprocessing, self.modules.trainer, split_plan=plan, trainer_settings=settings
        )
        self.pipelines.submit(job_id, parameters, {"correlation_id": f"c-{job_id}"})

    def wait(self, job_id: str, seconds: float = 240) -> Job:
        """The job once it has ended."""
        return self.wait_for(job_id, lambda job: job.state in FINAL, seconds)

    def wait_for(self, job_id: str, condition: Callable[[Job], bool], seconds: float = 240) -> Job:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job = self.pipelines.describe(job_id)
            if job and condition(job):
                return job
            time.sleep(0.05)
        raise AssertionError(f"{job_id} did not get there: {self.pipelines.describe(job_id)}\n{self.log(job_id)}")

    def log(self, job_id: str) -> str:
        path = self.folder / "jobs" / job_id / "log.txt"
        return path.read_text() if path.exists() else ""

    def events(self, job_id: str) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.log(job_id).splitlines()]


def states(job: Job) -> dict[str, str]:
    return {task.name: task.state for task in job.tasks}
