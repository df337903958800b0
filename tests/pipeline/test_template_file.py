"""The committed job template is what the pipeline definition compiles to, and names no machine."""

from __future__ import annotations

import json

from bench import TEMPLATE
from pipeline import compile, job_spec


def test_the_committed_template_is_up_to_date() -> None:
    assert json.loads(TEMPLATE.read_text()) == compile.compiled(), "run `python -m pipeline.compile` and commit"


def test_the_template_names_no_machine_project_or_region() -> None:
    text = TEMPLATE.read_text()
    for word in ("/work", "/tmp", "/home", "gs://", "projects/", "europe-", "us-central"):
        assert word not in text


def test_the_template_asks_for_the_five_parameters() -> None:
    parameters = json.loads(TEMPLATE.read_text())["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    assert set(parameters) == {
        "snapshot_uri", "split_plan", "preprocessing_module", "trainer_module", "trainer_settings"
    }  # fmt: skip


def test_tasks_come_after_what_they_need() -> None:
    values = {"stringValue": "x"}
    template = json.loads(TEMPLATE.read_text())
    names = template["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    tasks = job_spec.tasks_of({**template, "runtimeConfig": {"parameters": dict.fromkeys(names, values)}})
    assert [task.name for task in tasks] == ["ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer"]
