"""The runner carries jobs out once each, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import duckdb
import pytest
from bench import Bench, states
from pipeline.files import write_atomically
from towerlab.ports.pipelines import JobState

TASKS = ["ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer"]


def test_a_job_runs_through_and_an_equal_one_comes_from_the_cache(bench: Bench) -> None:
    bench.submit("qt-first")
    first = bench.wait("qt-first")
    assert first.state is JobState.SUCCEEDED, bench.log("qt-first")[-4000:]
    assert states(first) == dict.fromkeys(TASKS, "succeeded")
    bench.submit("qt-again")
    again = bench.wait("qt-again", 10)
    assert states(again) == dict.fromkeys(TASKS, "cached")
    assert [task.outputs for task in again.tasks] == [task.outputs for task in first.tasks]
    assert all(task.peak_memory_mb > 50 and task.cpu_seconds >= 0 for task in first.tasks)
    assert first.tasks[-1].cpu_seconds > 0.5
    assert {task.peak_memory_mb for task in again.tasks} == {None}
    run = Path(first.tasks[-1].outputs["model_run"].removeprefix("file://"))
    (rows,) = duckdb.sql(f"SELECT count(*), min(rank), max(rank) FROM '{run}/ranks.parquet'").fetchall()
    training = json.loads((run / "training.json").read_text())
    assert rows[0] > 50
    assert rows[1] >= 1
    assert rows[2] <= training["catalogue"]
    assert training["vocabulary"]["CustomerID"]["tower"] == "query"


def test_only_the_trainer_runs_again_when_only_its_settings_change(bench: Bench) -> None:
    bench.submit("qt-seed", seed=1)
    assert states(bench.wait("qt-seed")) == {**dict.fromkeys(TASKS, "cached"), "Trainer": "succeeded"}


def test_submitting_the_same_id_twice_is_one_job(bench: Bench) -> None:
    bench.submit("qt-twice", seed=1)
    first = (bench.folder / "jobs/qt-twice/job.json").read_text()
    bench.submit("qt-twice", seed=99)
    assert (bench.folder / "jobs/qt-twice/job.json").read_text() == first
    assert bench.wait("qt-twice").state is JobState.SUCCEEDED


def test_a_module_with_another_hash_is_refused(bench: Bench) -> None:
    parameters = _parameters_with(bench, preprocessing_module="{uri}#sha256=" + "0" * 64)
    bench.pipelines.submit("qt-tampered", parameters, {})
    job = bench.wait("qt-tampered")
    assert job.state is JobState.FAILED
    assert job.error
    assert job.error.task == "Transform"
    assert "module does not match its recorded hash" in job.error.message
    assert states(job)["Trainer"] == "pending"


def test_a_module_that_was_not_generated_is_refused_before_it_is_imported(bench: Bench, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.py"
    hostile.write_text(f"open({str(tmp_path / 'was-imported')!r}, 'w')\n")
    parameters = _parameters_with(bench, trainer_module=_with_hash(hostile))
    bench.pipelines.submit("qt-hostile", parameters, {})
    job = bench.wait("qt-hostile")
    assert job.state is JobState.FAILED
    assert job.error
    assert job.error.task == "Trainer"
    assert not (tmp_path / "was-imported").exists()


def test_a_failing_task_says_why_in_plain_words(bench: Bench) -> None:
    parameters = _parameters_with(bench)
    plan = json.loads(parameters["split_plan"])
    parameters["split_plan"] = json.dumps({**plan, "roles": {**plan["roles"], "product_id": "Nowhere"}})
    bench.pipelines.submit("qt-fails", parameters, {})
    job = bench.wait("qt-fails")
    assert job.error
    assert job.error.task == "ExampleGen"
    assert "Nowhere" in job.error.message
    assert "Traceback" in job.error.log_tail


def test_a_job_that_cannot_be_read_fails_and_the_next_one_runs(bench: Bench) -> None:
    bench.submit("qt-fine")
    body = json.loads((bench.folder / "jobs/qt-fine/job.json").read_text())
    unreadable = bench.folder / "jobs/qt-unreadable"
    unreadable.mkdir()
    write_atomically(unreadable / "job.json", json.dumps({**body, "id": "qt-unreadable", "job": {}}))
    assert bench.wait("qt-unreadable").state is JobState.FAILED
    bench.submit("qt-after-unreadable", seed=1)
    assert bench.wait("qt-after-unreadable").state is JobState.SUCCEEDED


def test_every_log_line_carries_the_correlation_id(bench: Bench) -> None:
    bench.submit("qt-logged", seed=1)
    bench.wait("qt-logged")
    events = bench.events("qt-logged")
    assert events
    assert {event["correlation_id"] for event in events} == {"c-qt-logged"}


def test_a_task_sees_no_credentials(bench: Bench) -> None:
    bench.submit("qt-environment", seed=2, epochs=3)
    pid = _task_pid(bench, "qt-environment")
    # the environment a process was forked with; what it sets later is not shown here
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"SECRET" not in environment
    assert b"MY_TOKEN" not in environment
    bench.wait("qt-environment")


def test_cancel_ends_a_running_job_and_its_task(bench: Bench) -> None:
    bench.submit("qt-cancelled", seed=3, replicates=5)
    pid = _task_pid(bench, "qt-cancelled")
    asked = time.monotonic()
    bench.pipelines.cancel("qt-cancelled")
    bench.pipelines.cancel("qt-cancelled")
    job = bench.wait("qt-cancelled", 10)
    assert time.monotonic() - asked < 10
    assert job.state is JobState.CANCELLED
    assert states(job)["Trainer"] == "cancelled"
    assert _is_gone(pid)


def test_a_waiting_job_runs_after_the_one_before_it_and_can_be_cancelled_meanwhile(bench: Bench) -> None:
    bench.submit("qt-long", seed=4, replicates=5)
    bench.submit("qt-next", seed=1)
    bench.submit("qt-not-wanted", seed=1)
    _task_pid(bench, "qt-long")
    waiting = bench.pipelines.describe("qt-next")
    assert waiting
    assert waiting.state is JobState.PENDING
    bench.pipelines.cancel("qt-not-wanted")
    assert bench.wait("qt-not-wanted", 5).state is JobState.CANCELLED
    bench.pipelines.cancel("qt-long")
    assert bench.wait("qt-next").state is JobState.SUCCEEDED


def test_a_killed_warm_process_is_replaced_and_the_task_runs_again(bench: Bench) -> None:
    bench.submit("qt-zygote", seed=5, replicates=3)
    pid = _task_pid(bench, "qt-zygote")
    os.kill(_parent(pid), signal.SIGKILL)
    assert bench.wait("qt-zygote").state is JobState.SUCCEEDED
    assert _is_gone(pid)


def test_a_killed_runner_goes_on_after_its_restart(bench: Bench) -> None:
    bench.submit("qt-resumed", seed=6, replicates=3)
    pid = _task_pid(bench, "qt-resumed")
    bench.kill()
    _wait_until_gone(pid)
    before = bench.pipelines.describe("qt-resumed")
    assert before
    assert before.state is JobState.RUNNING
    bench.start()
    job = bench.wait("qt-resumed")
    assert job.state is JobState.SUCCEEDED
    assert states(job) == {**dict.fromkeys(TASKS, "cached"), "Trainer": "succeeded"}
    events = [event["event"] for event in bench.events("qt-resumed")]
    assert events.count("job succeeded") == 1
    assert "job resumed" in events


def test_a_runner_that_is_killed_in_every_stage_goes_on_each_time(bench: Bench) -> None:
    bench.submit("qt-killed", snapshot_id="killed")
    for task in TASKS:
        bench.wait_for("qt-killed", lambda job, task=task: states(job).get(task, "pending") != "pending")
        bench.kill()
        bench.start()
    job = bench.wait("qt-killed")
    assert job.state is JobState.SUCCEEDED
    assert set(states(job).values()) <= {"succeeded", "cached"}
    events = [event["event"] for event in bench.events("qt-killed")]
    assert events.count("job succeeded") == 1
    assert events.count("job resumed") >= len(TASKS) - 1


def test_a_job_id_cannot_leave_the_mailbox(bench: Bench) -> None:
    with pytest.raises(ValueError, match="not a job id"):
        bench.pipelines.describe("../../etc")


def _parameters_with(bench: Bench, **changes: str) -> dict[str, str]:
    bench.submit("qt-parameters")
    job = json.loads((bench.folder / "jobs/qt-parameters/job.json").read_text())["job"]
    parameters = {key: value["stringValue"] for key, value in job["runtimeConfig"]["parameters"].items()}
    uris = {key: value.partition("#")[0] for key, value in parameters.items()}
    return {**parameters, **{key: value.format(uri=uris[key]) for key, value in changes.items()}}


def _with_hash(path: Path) -> str:
    from pipeline_jobs import module

    return module(path)


def _task_pid(bench: Bench, job_id: str) -> int:
    """The process of the job's Trainer, once it is at work."""
    bench.wait_for(job_id, lambda job: any(task.name == "Trainer" and "step" in task.detail for task in job.tasks))
    assert bench.process
    (zygote,) = _children(bench.process.pid)
    (child,) = _children(zygote)
    return child


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def _wait_until_gone(pid: int, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not _is_gone(pid):
        assert time.monotonic() < deadline, f"process {pid} outlived its runner"
        time.sleep(0.05)
