"""The job that Vertex AI is given, by the API's own types; and what is read from its description of one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from google.cloud.aiplatform_v1.types import PipelineJob
from hypothesis import given
from hypothesis import strategies as st
from towerlab.adapters.pipeline_template import runtime_parameters, template_id
from towerlab.adapters.vertex_described import Failure, job_of
from towerlab.adapters.vertex_job import ContainerChange, Workload, mended, pipeline_job
from towerlab.domain.errors import Invalid
from towerlab.ports.pipelines import JobError, JobState

TEMPLATE: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "services/quicktest-orchestrator/pipeline/quick_test.json").read_text()
)
NAMES = ("snapshot_uri", "split_plan", "preprocessing_module", "trainer_module", "trainer_settings")
PARAMETERS = {name: f"the {name}" for name in NAMES}
WORKLOAD = Workload("pipelines@p.iam.gserviceaccount.com", "registry.example/pipeline@sha256:1", "gs://bucket/runs")
STAGES = ("ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer")
NAME = "projects/42/locations/europe-west4/pipelineJobs/qt-1"


def job(labels: dict[str, str] | None = None, **changes: ContainerChange) -> dict[str, Any]:
    return pipeline_job(TEMPLATE, "qt-1", PARAMETERS, labels or {}, WORKLOAD, changes)


def container(made: dict[str, Any], task: str) -> dict[str, Any]:
    found: dict[str, Any] = made["pipelineSpec"]["deploymentSpec"]["executors"][f"{task}_executor"]["container"]
    return found


def test_the_job_is_one_by_the_apis_own_types() -> None:
    made = job({"test_id": "t1"}, Trainer=ContainerChange(("--x",), {"A": "1"}, {"cpuLimit": 4.0}))
    message = PipelineJob.from_json(json.dumps(made))
    assert (
        json.loads(PipelineJob.to_json(message, use_integers_for_enums=False))["pipelineSpec"] == made["pipelineSpec"]
    )
    assert message.display_name == "quick-test qt-1"
    assert message.service_account == WORKLOAD.account
    assert message.runtime_config.gcs_output_directory == WORKLOAD.root
    assert {name: value.string_value for name, value in message.runtime_config.parameters.items()} == PARAMETERS
    assert message.runtime_config.failure_policy.name == "PIPELINE_FAILURE_POLICY_FAIL_FAST"
    assert not message.runtime_config.parameter_values  # which this schema version does not know


def test_no_placeholder_is_left_and_every_task_keeps_its_cache() -> None:
    made = job()
    text = json.dumps(made)
    assert '"towerlab-pipeline"' not in text
    assert '"pipeline-root"' not in text
    assert {container(made, task)["image"] for task in STAGES} == {WORKLOAD.image}
    tasks = made["pipelineSpec"]["root"]["dag"]["tasks"]
    assert all(task["cachingOptions"]["enableCache"] for task in tasks.values())


def test_the_template_is_not_touched() -> None:
    before = json.dumps(TEMPLATE)
    job(Trainer=ContainerChange(("--x",), {"A": "1"}, {"cpuLimit": 4.0}))
    assert json.dumps(TEMPLATE) == before


def test_a_change_is_the_named_tasks_alone() -> None:
    changed = job(
        StatisticsGen=ContainerChange(("--runner=DataflowRunner",), {"B": "2", "A": "1"}, {"memoryLimit": 8.0})
    )
    plain = job()
    assert container(changed, "StatisticsGen") == {
        **container(plain, "StatisticsGen"),
        "args": [*container(plain, "StatisticsGen")["args"], "--runner=DataflowRunner"],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, *container(plain, "StatisticsGen")["env"]],
        "resources": {"memoryLimit": 8.0},
    }
    assert container(changed, "Trainer") == container(plain, "Trainer")


def test_a_change_of_a_task_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no task 'Trianer'"):
        job(Trianer=ContainerChange(("--x",)))


def test_two_changes_add_up() -> None:
    first, second = (
        ContainerChange(("a",), {"A": "1", "B": "1"}, {"x": 1}),
        ContainerChange(("b",), {"B": "2"}, {"y": 2}),
    )
    assert first.and_then(second) == ContainerChange(("a", "b"), {"A": "1", "B": "2"}, {"x": 1, "y": 2})


@given(st.dictionaries(st.text(), st.text()))
def test_any_labels_come_out_as_google_takes_them(labels: dict[str, str]) -> None:
    for key, value in mended(labels).items():
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key)
        assert re.fullmatch(r"[a-z0-9_-]{0,63}", value)


def test_labels_say_what_the_job_is_of() -> None:
    labels = job({"correlation_id": "Req/1:a", "config_version": "3"})["labels"]
    assert labels["correlation_id"] == "req-1-a"
    assert labels["config_version"] == "3"
    assert labels["template"] == template_id(TEMPLATE)
    assert labels["tfx_version"] == "1-16-0"


def test_every_parameter_that_does_not_fit_is_named() -> None:
    given = {**PARAMETERS, "more": "x"}
    del given["split_plan"]
    with pytest.raises(Invalid) as refused:
        pipeline_job(TEMPLATE, "qt-1", given, {}, WORKLOAD, {})
    assert {(p.pointer, p.code) for p in refused.value.problems} == {
        ("/parameters/split_plan", "missing"),
        ("/parameters/more", "unknown"),
    }


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("INT", "12", {"intValue": "12"}),
        ("DOUBLE", "0.5", {"doubleValue": 0.5}),
        ("STRING", "12", {"stringValue": "12"}),
    ],
)
def test_a_parameter_is_given_as_its_type_wants_it(kind: str, text: str, value: dict[str, Any]) -> None:
    assert runtime_parameters(_asking(kind), {"p": text}) == {"p": value}


@pytest.mark.parametrize(("kind", "text"), [("INT", "1.5"), ("DOUBLE", "much"), ("STRING", 3)])
def test_a_parameter_of_another_type_is_refused(kind: str, text: Any) -> None:
    with pytest.raises(Invalid, match=f"it is no {kind}"):
        runtime_parameters(_asking(kind), {"p": text})


def test_a_template_of_a_later_schema_is_refused() -> None:
    later = {"pipelineSpec": {**_asking("STRING")["pipelineSpec"], "schemaVersion": "2.1.0"}}
    with pytest.raises(Invalid, match=r"2\.1\.0"):
        runtime_parameters(later, {"p": "x"})


def _asking(kind: str) -> dict[str, Any]:
    parameters = {"p": {"type": kind}}
    return {"pipelineSpec": {"schemaVersion": "2.0.0", "root": {"inputDefinitions": {"parameters": parameters}}}}


def described(state: str, *details: dict[str, Any], **more: Any) -> PipelineJob:
    whole = {"taskName": "qt-1", "taskId": "1", "state": "FAILED" if state == "FAILED" else "RUNNING"}
    body = {**job(), "name": NAME, "state": f"PIPELINE_STATE_{state}", **more}
    return PipelineJob.from_json(json.dumps({**body, "jobDetail": {"taskDetails": [whole, *details]}}))


def detail(name: str, state: str, **more: Any) -> dict[str, Any]:
    return {"taskId": "2", "taskName": name, "state": state, **more}


def test_tasks_come_in_their_order_and_the_entry_for_the_whole_is_none_of_them() -> None:
    found = job_of(described("RUNNING", detail("StatisticsGen", "RUNNING"), detail("ExampleGen", "SKIPPED")), {})
    assert found.id == "qt-1"
    assert [task.name for task in found.tasks] == list(STAGES)
    assert [task.state for task in found.tasks] == ["cached", "running", "pending", "pending", "pending"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("QUEUED", JobState.PENDING),
        ("PENDING", JobState.PENDING),
        ("RUNNING", JobState.RUNNING),
        ("CANCELLING", JobState.RUNNING),
        ("PAUSED", JobState.RUNNING),
        ("SUCCEEDED", JobState.SUCCEEDED),
        ("FAILED", JobState.FAILED),
        ("CANCELLED", JobState.CANCELLED),
    ],
)
def test_every_state_of_theirs_is_one_of_ours(theirs: str, ours: JobState) -> None:
    assert job_of(described(theirs), {}).state is ours


def test_times_and_outputs_are_read() -> None:
    artifacts = {"artifacts": [{"name": "a", "uri": "gs://bucket/runs/42/qt-1/ExampleGen_2/examples"}]}
    times = {"startTime": "2026-01-01T12:00:00.5Z", "endTime": "2026-01-01T12:00:10Z"}
    (task, *_) = job_of(
        described("RUNNING", detail("ExampleGen", "SUCCEEDED", outputs={"examples": artifacts}, **times)), {}
    ).tasks
    assert (task.started_at, task.ended_at) == ("2026-01-01T12:00:00.500000Z", "2026-01-01T12:00:10.000000Z")
    assert task.outputs == {"examples": "gs://bucket/runs/42/qt-1/ExampleGen_2/examples"}


FAILED = detail(
    "Trainer",
    "FAILED",
    error={"code": 9, "message": "Replicas low on memory: workerpool0."},
    executorDetail={"containerDetail": {"mainJob": "projects/42/locations/europe-west4/customJobs/77"}},
)
LOGS = 'the whole log is in Cloud Logging: resource.type="ml_job" resource.labels.job_id="77"'


def test_a_failure_is_told_in_the_tasks_own_words() -> None:
    said = {"Trainer": Failure("Trainer failed: the loss is not finite", "Traceback")}
    error = job_of(described("FAILED", FAILED), said).error
    assert error == JobError("Trainer", "Trainer failed: the loss is not finite", f"Traceback\n{LOGS}")


def test_a_task_that_could_say_nothing_fails_with_what_vertex_says() -> None:
    error = job_of(described("FAILED", FAILED), {}).error
    assert error == JobError("Trainer", "Trainer failed: Replicas low on memory: workerpool0.", LOGS)


def test_a_job_that_failed_before_its_tasks_says_why() -> None:
    found = job_of(described("FAILED", error={"code": 7, "message": "the image cannot be pulled"}), {})
    assert found.error == JobError("", "the image cannot be pulled")
