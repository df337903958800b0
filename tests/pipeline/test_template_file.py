"""The committed job template is what the pipeline definition compiles to, and names no machine."""

from __future__ import annotations

import json
from importlib.metadata import version

from bench import PARAMETERS, TEMPLATE
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from pipeline import compile, job_spec
from towerlab.adapters.pipeline_template import StoredTemplate, template_id
from towerlab.adapters.vertex_job import ContainerChange, Workload, pipeline_job


def test_the_committed_template_is_up_to_date() -> None:
    assert json.loads(TEMPLATE.read_text()) == compile.compiled(), "run `python -m pipeline.compile` and commit"


def test_the_template_names_no_machine_project_or_region() -> None:
    text = TEMPLATE.read_text()
    for word in ("/work", "/tmp", "/home", "gs://", "projects/", "europe-", "us-central"):
        assert word not in text


def test_the_template_asks_for_the_five_parameters() -> None:
    parameters = json.loads(TEMPLATE.read_text())["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    assert set(parameters) == set(PARAMETERS)


def test_tasks_come_after_what_they_need() -> None:
    values = {"stringValue": "x"}
    template = json.loads(TEMPLATE.read_text())
    names = template["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    tasks = job_spec.tasks_of({**template, "runtimeConfig": {"parameters": dict.fromkeys(names, values)}})
    assert [task.name for task in tasks] == ["ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer"]


def test_the_template_says_which_release_compiled_it_and_has_an_id_of_its_content() -> None:
    stored = StoredTemplate(str(TEMPLATE))
    assert stored.content["labels"]["towerlab_version"] == version("towerlab").replace(".", "-")
    assert stored.id == template_id(compile.compiled())
    assert stored.id != template_id({**stored.content, "displayName": "another"})


def test_the_job_that_vertex_is_given_is_a_pipeline_by_kubeflows_own_types() -> None:
    changes = {
        "StatisticsGen": ContainerChange(args=("--runner=DataflowRunner",)),
        "Trainer": ContainerChange(env={"A": "1"}, resources={"cpuLimit": 8.0, "memoryLimit": 32.0}),
    }
    workload = Workload("pipelines@p.iam.gserviceaccount.com", "registry.example/pipeline:1", "gs://b/runs")
    job = pipeline_job(compile.compiled(), "qt-1", dict.fromkeys(PARAMETERS, "x"), {}, workload, changes)
    spec = json_format.ParseDict(job["pipelineSpec"], pipeline_spec_pb2.PipelineSpec())
    deployment = pipeline_spec_pb2.PipelineDeploymentConfig()
    json_format.ParseDict(json_format.MessageToDict(spec.deployment_spec), deployment)
    trainer = deployment.executors["Trainer_executor"].container
    assert (trainer.resources.cpu_limit, trainer.resources.memory_limit) == (8.0, 32.0)
    assert {executor.container.image for executor in deployment.executors.values()} == {workload.image}
    assert set(spec.root.input_definitions.parameters) == set(PARAMETERS)
