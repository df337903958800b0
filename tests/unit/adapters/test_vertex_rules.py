"""The stand-in for Vertex AI takes the jobs that we make, and refuses what the real one refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from towerlab.adapters.vertex_job import Workload, pipeline_job

from tests.cloud.vertex_rules import Refused, checked
from tests.contract import tiny_job

WORKLOAD = Workload("pipelines@p.iam.gserviceaccount.com", "registry.example/pipeline:1", "gs://bucket/runs")
JOB = pipeline_job(tiny_job.template(), "qt-1", {"text": "x", "ending": "well"}, {"a": "B"}, WORKLOAD, {})
Break = Callable[[dict[str, Any]], object]


def test_our_jobs_are_taken_as_they_are() -> None:
    assert checked("qt-1", JOB) == JOB


@pytest.mark.parametrize("job_id", ["", "1qt", "Qt", "qt_1", "q" * 129])
def test_ids_are_checked(job_id: str) -> None:
    with pytest.raises(Refused, match="pipeline_job_id"):
        checked(job_id, JOB)


def _config(job: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = job["runtimeConfig"]
    return config


BROKEN: dict[str, Break] = {
    "label": lambda job: job["labels"].update(a="B"),
    "service_account": lambda job: job.pop("serviceAccount"),
    "gcs_output_directory": lambda job: _config(job).update(gcsOutputDirectory="/tmp"),
    "parameter text has no value": lambda job: _config(job)["parameters"].pop("text"),
    "parameter more is not found": lambda job: _config(job)["parameters"].update(more={"stringValue": "x"}),
    "parameter text must be a STRING": lambda job: _config(job)["parameters"].update(text={"intValue": "1"}),
    "for schema_version 2.1.0": lambda job: _config(job).update(parameterValues={"text": "x"}),
    "pipeline_spec is no pipeline": lambda job: job.pop("pipelineSpec"),
    "Invalid JSON payload": lambda job: job.update(surprise=1),
}


@pytest.mark.parametrize("message", BROKEN)
def test_each_fault_is_refused(message: str) -> None:
    job = copy.deepcopy(JOB)
    BROKEN[message](job)
    with pytest.raises(Refused, match=message) as refused:
        checked("qt-1", job)
    assert refused.value.code == 400
