"""What a choice of compute makes of a PipelineJob's containers, held against the API's own types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.cloud.aiplatform_v1.types import AcceleratorType, PipelineJob
from google.protobuf import json_format
from towerlab.adapters.vertex_compute import HOLD_ROWS, ON_BEAM, Ground, changes
from towerlab.adapters.vertex_job import Workload, pipeline_job
from towerlab.domain.compute import HERE, Machine, Offer, choose
from towerlab.domain.quicktest import STAGES

TEMPLATE = json.loads(
    (Path(__file__).parents[3] / "services/quicktest-orchestrator/pipeline/quick_test.json").read_text()
)
GROUND = Ground(
    "some-project", "europe-west4", "registry.example/pipeline:1", "pipelines@some-project.example", "gs://runs/q", 7200
)
WORKLOAD = Workload(GROUND.account, GROUND.image, GROUND.root)
GPU = Machine(8, 52, "NVIDIA_TESLA_T4", 1)
OFFER = Offer(dataflow_rows=1000, workers=20, worker_machine="n2-highmem-8", trainer=GPU)
FEW, MANY = choose(1000, OFFER), choose(1001, OFFER)
PARAMETERS = dict.fromkeys(TEMPLATE["pipelineSpec"]["root"]["inputDefinitions"]["parameters"], "x")


def test_on_one_machine_nothing_is_changed() -> None:
    assert changes(HERE, GROUND) == {}


def test_few_rows_change_no_arguments_and_every_task_that_holds_them_has_room() -> None:
    changed = changes(FEW, GROUND)
    assert not any(change.args for change in changed.values())
    assert {task: change.resources["memoryLimit"] for task, change in changed.items()} == dict.fromkeys(HOLD_ROWS, 52.0)


def test_many_rows_send_statistics_and_transform_to_dataflow() -> None:
    changed = changes(MANY, GROUND)
    assert {task for task, change in changed.items() if "--runner=DataflowRunner" in change.args} == set(ON_BEAM)
    arguments = changed["Transform"].args
    for wanted in (
        "--project=some-project",
        "--region=europe-west4",
        "--temp_location=gs://runs/q/dataflow/temp",
        "--staging_location=gs://runs/q/dataflow/staging",
        "--sdk_container_image=registry.example/pipeline:1",
        "--service_account_email=pipelines@some-project.example",
        "--worker_machine_type=n2-highmem-8",
        "--max_num_workers=20",
    ):
        assert wanted in arguments
    assert not any(changed[task].resources for task in ON_BEAM)


@pytest.mark.parametrize("compute", [FEW, MANY])
def test_the_trainer_alone_has_the_accelerator(compute: Any) -> None:
    having = {task for task, change in changes(compute, GROUND).items() if "accelerator" in change.resources}
    assert having == {"Trainer"}


@pytest.mark.parametrize("compute", [FEW, MANY])
def test_tasks_are_those_of_the_template(compute: Any) -> None:
    assert set(changes(compute, GROUND)) <= set(TEMPLATE["pipelineSpec"]["root"]["dag"]["tasks"]) == set(STAGES)


@pytest.mark.parametrize("compute", [FEW, MANY])
def test_the_job_is_one_that_the_api_knows(compute: Any) -> None:
    job = pipeline_job(TEMPLATE, "qt-1", PARAMETERS, {}, WORKLOAD, changes(compute, GROUND))
    message = json_format.ParseDict(job, PipelineJob.pb(PipelineJob()))
    executors = json_format.MessageToDict(message)["pipelineSpec"]["deploymentSpec"]["executors"]
    assert executors["Trainer_executor"]["container"]["resources"] == {
        "cpuLimit": 8,
        "memoryLimit": 52,
        "accelerator": {"type": "NVIDIA_TESLA_T4", "count": "1"},
    }


def test_the_accelerator_that_the_settings_name_as_an_example_is_one_of_vertex_ais() -> None:
    assert AcceleratorType["NVIDIA_TESLA_T4"]


def test_two_tests_of_the_same_rows_have_the_same_containers() -> None:
    """Else Vertex AI would compute anew what an earlier test has computed."""
    assert changes(choose(5000, OFFER), GROUND) == changes(choose(9000, OFFER), GROUND)
