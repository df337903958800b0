"""The job that Dataflow would be given: built by Beam's own runner as far as it comes without an account, and held
against the types of Dataflow's and of the pipeline's API. Nothing here is sent anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apache_beam as beam
import chain
import numpy as np
import pipeline_jobs as jobs
import pyarrow as pa
import pytest
import retail_config
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.runners.dataflow import DataflowRunner
from apache_beam.runners.dataflow.internal import apiclient
from bench import TEMPLATE
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from pipeline import columnar, on_beam, statistics_gen, transform
from tfx.dsl.components.base import base_executor
from tfx.types import standard_artifacts as kinds
from towerlab.adapters.vertex_compute import Ground, changes, dataflow_arguments
from towerlab.adapters.vertex_job import Workload, pipeline_job
from towerlab.domain.compute import Machine, Offer, choose

GROUND = Ground(
    "some-project", "europe-west4", "registry.example/pipeline:1", "runs@some-project.example", "gs://runs/quick", 7200
)
COMPUTE = choose(10**9, Offer(workers=20, worker_machine="n2-highmem-8", trainer=Machine(8, 52, "NVIDIA_TESLA_T4", 1)))
ARGUMENTS = list(dataflow_arguments(COMPUTE, GROUND))


@pytest.fixture(scope="module")
def inputs(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    return chain.examples_and_schema(tmp_path_factory.mktemp("dataflow"), shop, jobs.plan())


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[apiclient.Job]:
    """The Dataflow jobs that were built."""
    made: list[apiclient.Job] = []

    class Recorded(apiclient.Job):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(apiclient, "Job", Recorded)
    return made


def dry(kind: type, folder: Path) -> Any:
    """The executor as the command has it start, but for the sending of the job."""
    flags = [*ARGUMENTS, "--dry_run=True"]
    return kind(base_executor.BaseExecutor.Context(extra_flags=flags, tmp_dir=str(folder), unique_id="1"))


def environment(job: apiclient.Job) -> Any:
    """As the client sends it."""
    return apiclient.Environment([], job.options, "10", "gs://runs/quick/pipeline.pb", job.proto_pipeline).proto


def staged(job: apiclient.Job) -> set[str]:
    """The names of the files that workers are given."""
    names = set()
    for worker in job.proto_pipeline.components.environments.values():
        for artifact in worker.dependencies:
            names.add(beam.portability.api.beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(
                artifact.role_payload).staged_name)  # fmt: skip
    return names


def test_beam_finds_no_fault_with_the_arguments() -> None:
    options = PipelineOptions(ARGUMENTS, dry_run=True)
    assert PipelineOptionsValidator(options, DataflowRunner()).validate() == []
    unknown = options.get_all_options(retain_unknown_options=True).keys() - options.get_all_options().keys()
    assert unknown == set()


def test_statistics_become_a_job_for_the_machines_that_were_chosen(
    inputs: dict[str, list[Any]], built: list[apiclient.Job], tmp_path: Path
) -> None:
    outputs = {"statistics": chain.made(kinds.ExampleStatistics, tmp_path / "statistics")}
    dry(statistics_gen.Executor, tmp_path).Do({"examples": inputs["examples"]}, outputs, {})
    (job,) = built
    sent = environment(job)
    (pool,) = sent.workerPools
    assert (pool.machineType, pool.autoscalingSettings.maxNumWorkers) == ("n2-highmem-8", 20)
    assert pool.workerHarnessContainerImage == GROUND.image
    assert sent.serviceAccountEmail == GROUND.account
    assert sent.tempStoragePrefix.startswith("storage.googleapis.com/runs/quick/dataflow/temp/")
    assert "use_runner_v2" in sent.experiments
    assert {label.key: label.value for label in job.proto.labels.additionalProperties}["towerlab"] == "quick-test"


def test_transform_becomes_a_job_whose_workers_get_the_generated_module(
    inputs: dict[str, list[Any]], built: list[apiclient.Job], tmp_path: Path
) -> None:
    modules = retail_config.write_modules(tmp_path / "modules")
    outputs = {
        "transform_graph": chain.made(kinds.TransformGraph, tmp_path / "transform_graph"),
        "transformed_examples": chain.made(kinds.Examples, tmp_path / "transformed_examples"),
    }
    splits = json.dumps({"analyze": ["fit"], "transform": ["train", "eval", "catalogue"]})
    properties = {"splits_config": splits, "disable_statistics": 1, "force_tf_compat_v1": 0, "custom_config": "null"}
    given = {**properties, "module_file": jobs.module(modules.preprocessing)}
    dry(transform.Executor, tmp_path).Do(inputs, outputs, given)
    (job,) = built
    assert any(name.startswith("towerlab_preprocessing_") and name.endswith(".whl") for name in staged(job))
    assert environment(job).workerPools[0].workerHarnessContainerImage == GROUND.image


def test_more_rows_lie_in_more_files_for_more_workers_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "ROWS_A_SHARD", 100)
    rows = columnar.as_lists(pa.table({"row_id": np.arange(1001)}))
    for split, batches in (("whole", [rows]), ("parts", [rows.slice(start, 91) for start in range(0, 1001, 91)])):
        (artifact,) = chain.made(kinds.Examples, tmp_path / split)
        columnar.describe_splits(artifact, [split])
        columnar.write_split(artifact, split, batches)
        files = sorted((tmp_path / split / f"Split-{split}").iterdir())
        assert len(files) == 11
        assert sum(1 for _ in tf.data.TFRecordDataset([str(file) for file in files], "GZIP")) == 1001


def test_without_a_runner_there_are_no_beam_arguments(tmp_path: Path) -> None:
    for flags, wanted in ((None, []), ([], []), (["--project=p"], []), (ARGUMENTS, ARGUMENTS)):
        context = base_executor.BaseExecutor.Context(extra_flags=flags, tmp_dir=str(tmp_path), unique_id="1")
        assert on_beam.beam_arguments(transform.Executor(context)) == wanted


def test_the_changed_pipeline_is_a_pipeline_spec() -> None:
    template = json.loads(TEMPLATE.read_text())
    parameters = dict.fromkeys(template["pipelineSpec"]["root"]["inputDefinitions"]["parameters"], "x")
    workload = Workload(GROUND.account, GROUND.image, GROUND.root)
    job = pipeline_job(template, "qt-1", parameters, {}, workload, changes(COMPUTE, GROUND))
    spec = json_format.ParseDict(job["pipelineSpec"], pipeline_spec_pb2.PipelineSpec())
    deployment = json_format.ParseDict(
        json_format.MessageToDict(spec.deployment_spec), pipeline_spec_pb2.PipelineDeploymentConfig()
    )
    trainer = deployment.executors["Trainer_executor"].container.resources
    assert (trainer.cpu_limit, trainer.memory_limit) == (8, 52)
    assert (trainer.accelerator.type, trainer.accelerator.count) == ("NVIDIA_TESLA_T4", 1)
    for task in ("StatisticsGen", "Transform"):
        assert list(deployment.executors[f"{task}_executor"].container.args)[-len(ARGUMENTS) :] == ARGUMENTS
