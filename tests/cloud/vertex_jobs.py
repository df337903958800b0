"""Jobs of the PipelineService that stands in for Vertex AI: on disk, and carried out by the pipeline runner."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.cloud.vertex_publishing import Shelf, task_id
from tests.cloud.vertex_rules import Refused, checked

PROJECT_NUMBER = "4711000042"  # answers name a project by its number, whatever the request named
FINAL = {"succeeded": "SUCCEEDED", "failed": "FAILED", "cancelled": "CANCELLED"}
TASK_STATES = {**FINAL, "running": "RUNNING", "cached": "SKIPPED"}
Json = dict[str, Any]


class Jobs:
    """`folder` is the pipeline runner's; what only Vertex AI knows is in a folder of its own in it."""

    def __init__(self, folder: Path) -> None:
        self._records, self._mailbox = folder / "vertex" / "jobs", folder / "jobs"
        self._shelf = Shelf(folder / "outputs", folder / "vertex" / "published")
        for path in (self._records, self._mailbox, self._shelf.memory):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()  # of what writes job.json
        self._looking = threading.Lock()

    def create(self, location: str, job_id: str, body: Mapping[str, Any]) -> Json:
        job = checked(job_id, body)
        record = self._records / job_id
        name = f"projects/{PROJECT_NUMBER}/locations/{location}/pipelineJobs/{job_id}"
        with self._lock:
            if (record / "job.json").exists():
                raise Refused(409, f"PipelineJob {name} already exists")
            record.mkdir(exist_ok=True)
            _write(record / "job.json", {**job, "name": name, "createTime": _now()})
        return self.get(job_id)

    def get(self, job_id: str) -> Json:
        job = self._record(job_id)
        state, tasks = self._state(job_id), _read(self._records / job_id / "tasks.json") or {}
        ended = _read(self._records / job_id / "ended.json")
        starts = sorted(task["started_at"] for task in state["tasks"] if task["started_at"])
        shown = {**job, "updateTime": _now(), "state": f"PIPELINE_STATE_{self._shown(job_id, state, ended)}"}
        if starts:
            shown["startTime"] = starts[0]
        if ended:
            shown |= ended
        details = [self._detail(job, task, tasks) for task in _begun(state, tasks)]
        shown["jobDetail"] = {"taskDetails": [*details, self._whole(job, shown)]} if details else {}
        return shown

    def all(self) -> list[Json]:
        ids = [path.parent.name for path in self._records.glob("*/job.json")]
        listed = [{key: value for key, value in self.get(id).items() if key != "jobDetail"} for id in ids]
        return sorted(listed, key=lambda job: str(job["createTime"]), reverse=True)

    def cancel(self, job_id: str) -> None:
        self._record(job_id)
        if (self._records / job_id / "ended.json").exists():
            raise Refused(400, f"pipeline job {job_id} is in a terminal state and cannot be cancelled")
        self._hand_over(job_id)
        (self._mailbox / job_id / "cancel").touch()

    def delete(self, job_id: str) -> None:
        self._record(job_id)
        if not (self._records / job_id / "ended.json").exists():
            raise Refused(400, f"pipeline job {job_id} has not ended; cancel it first")
        with self._looking:
            shutil.rmtree(self._records / job_id)
            shutil.rmtree(self._mailbox / job_id, ignore_errors=True)

    def look_at_open_jobs(self) -> None:
        """Hand new jobs to the runner, and copy what tasks have made since the last look."""
        with self._looking:
            records = [path for path in self._records.glob("*/job.json") if not path.with_name("ended.json").exists()]
            for path in sorted(records, key=lambda path: path.stat().st_mtime_ns):
                self._hand_over(path.parent.name)
                self._look(path.parent.name)

    def _look(self, job_id: str) -> None:
        job, state = self._record(job_id), self._state(job_id)
        published = _read(self._records / job_id / "tasks.json") or {}
        for task in state["tasks"]:
            if _is_done(task) and task["name"] not in published:
                published[task["name"]] = self._shelf.publish(_folder(job, task["name"]), task)
                _write(self._records / job_id / "tasks.json", published)
        if state["state"] in FINAL:
            self._end(job, state)

    def _end(self, job: Json, state: Json) -> None:
        end: Json = {"endTime": _now()}
        if error := state["error"]:
            names = [task["name"] for task in state["tasks"] if task["state"] == "failed"]
            for name in names:
                self._shelf.publish_failure(_folder(job, name), name, error["message"])
            why = f"The DAG failed because some tasks failed. The failed tasks are: {names}."
            end["error"] = {"code": 9, "message": why if names else error["message"]}
        _write(self._records / _id(job) / "ended.json", end)

    def _shown(self, job_id: str, state: Json, ended: Json | None) -> str:
        """A job has ended when its outputs are where they belong."""
        if ended:
            return FINAL[state["state"]]
        if (self._mailbox / job_id / "cancel").exists():
            return "CANCELLING"
        return "PENDING" if state["state"] == "pending" else "RUNNING"

    def _detail(self, job: Json, task: Json, published: Json) -> Json:
        copying = _is_done(task) and task["name"] not in published
        state = "RUNNING" if copying else TASK_STATES[task["state"]]
        id = task_id(_id(job), task["name"])
        location = job["name"].partition("/pipelineJobs/")[0]
        detail = {
            "taskId": str(id),
            "parentTaskId": str(task_id(_id(job), "")),
            "taskName": task["name"],
            "createTime": job["createTime"],
            "startTime": task["started_at"],
            "state": state,
            "outputs": published.get(task["name"], {}),
            "executorDetail": {"containerDetail": {"mainJob": f"{location}/customJobs/{abs(id)}"}},
        }
        if state != "RUNNING":
            detail["endTime"] = task["ended_at"]
        if state == "FAILED":
            detail["error"] = {"code": 9, "message": "The replica workerpool0-0 exited with a non-zero status of 1."}
        return detail

    def _whole(self, job: Json, shown: Json) -> Json:
        """The entry that stands for the job itself."""
        state = shown["state"].removeprefix("PIPELINE_STATE_")
        times = {key: shown[key] for key in ("createTime", "startTime", "endTime") if key in shown}
        return {"taskId": str(task_id(_id(job), "")), "taskName": _id(job), "state": state, **times}

    def _record(self, job_id: str) -> Json:
        record = _read(self._records / job_id / "job.json")
        if record is None:
            raise Refused(404, f"The PipelineJob {job_id} does not exist.")
        return record

    def _state(self, job_id: str) -> Json:
        return _read(self._mailbox / job_id / "state.json") or {"state": "pending", "tasks": [], "error": None}

    def _hand_over(self, job_id: str) -> None:
        """Into the runner's mailbox, in the form that its jobs have there (adapters/pipelines_local.py)."""
        job, folder = self._record(job_id), self._mailbox / job_id
        with self._lock:
            if not (folder / "job.json").exists():
                folder.mkdir(exist_ok=True)
                body = {"schema": 1, "id": job_id, "submitted_at": job["createTime"], "labels": job.get("labels", {})}
                _write(folder / "job.json", {**body, "job": job})


def _begun(state: Json, published: Json) -> Iterator[Json]:
    """The tasks that have begun; none begins before the outputs of those before it are where they belong."""
    for task in state["tasks"]:
        if task["state"] == "pending":
            return
        yield task
        if _is_done(task) and task["name"] not in published:
            return


def _is_done(task: Json) -> bool:
    return task["state"] in ("succeeded", "cached")


def _folder(job: Json, task: str) -> str:
    root = job["runtimeConfig"]["gcsOutputDirectory"].rstrip("/")
    return f"{root}/{PROJECT_NUMBER}/{_id(job)}/{task}_{task_id(_id(job), task)}"


def _id(job: Json) -> str:
    return str(job["name"]).rpartition("/")[2]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _read(path: Path) -> Json | None:
    try:
        found: Json = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Nobody ever sees half of it."""
    draft = path.with_name(f".{path.name}.{threading.get_ident()}")
    draft.write_text(json.dumps(content))
    os.replace(draft, path)
