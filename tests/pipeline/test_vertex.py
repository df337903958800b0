"""A real quick test on Vertex AI's stand-in, everything that it reads and writes in a bucket."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pipeline_jobs as jobs
import pyarrow.parquet as pq
import pytest
from bench import FINAL, TEMPLATE, Bench, states
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_vertex import VertexPipelines
from towerlab.adapters.storage_holds import StorageHolds
from towerlab.adapters.vertex_job import Workload
from towerlab.ports.pipelines import Job, JobState

sys.path.append(str(TEMPLATE.parents[3]))
from tests.cloud import emulators

SETTINGS = {"batch_size": 64, "epochs": 1, "replicates": 2, "seed": 11}
WORKLOAD = Workload("pipelines@some-project.iam.gserviceaccount.com", "registry.example/pipeline:1", "gs://shop/runs")


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def vertex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VertexPipelines]:
    folder = tmp_path_factory.mktemp("vertex")
    with emulators.storage("shop") as storage, pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", storage)
        environment.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        with emulators.vertex(folder, storage) as url:
            yield VertexPipelines(
                "projects/some-project/locations/europe-west4",
                StoredTemplate(str(TEMPLATE)),
                WORKLOAD,
                StorageHolds("some-project"),
                Now(),
                endpoint=url,
            )


def uploaded(path: Path) -> str:
    uri = f"gs://shop/inputs/{path.name}"
    fsspec.filesystem("gs").put_file(str(path), uri)
    return uri


def in_the_bucket(bench: Bench) -> dict[str, str]:
    """The parameters of a quick test of the shop, its inputs in the bucket."""
    modules = {
        name: f"{uploaded(path)}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"
        for name, path in (("preprocessing", bench.modules.preprocessing), ("trainer", bench.modules.trainer))
    }
    return {
        "snapshot_uri": uploaded(bench.snapshot),
        "split_plan": json.dumps(jobs.plan(), sort_keys=True, separators=(",", ":")),
        "preprocessing_module": modules["preprocessing"],
        "trainer_module": modules["trainer"],
        "trainer_settings": json.dumps(jobs.settings(**SETTINGS), sort_keys=True, separators=(",", ":")),
    }


def ended(vertex: VertexPipelines, job_id: str) -> Job:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        job = vertex.describe(job_id)
        if job and job.state in FINAL:
            return job
        time.sleep(0.2)
    raise AssertionError(f"{job_id} did not end: {vertex.describe(job_id)}")


def test_a_quick_test_has_the_same_ranks_on_vertex_as_here(vertex: VertexPipelines, bench: Bench) -> None:
    vertex.submit("qt-cloud", in_the_bucket(bench), {"correlation_id": "c-1"})
    bench.submit("qt-here", **SETTINGS)
    cloud, here = ended(vertex, "qt-cloud"), bench.wait("qt-here")
    assert cloud.state is JobState.SUCCEEDED, cloud.error
    assert here.state is JobState.SUCCEEDED
    assert list(states(cloud)) == list(states(here))
    assert set(states(cloud).values()) == {"succeeded"}
    assert {task.name: set(task.outputs) for task in cloud.tasks} == {t.name: set(t.outputs) for t in here.tasks}
    for file in ("ranks.parquet", "recommendations.parquet"):
        tables = [_table(f"{job.tasks[-1].outputs['model_run']}/{file}") for job in (cloud, here)]
        assert len(tables[0]) > 50
        assert tables[0].equals(tables[1]), file


def test_only_the_trainer_runs_again_when_only_its_settings_change(vertex: VertexPipelines, bench: Bench) -> None:
    changed = jobs.settings(**{**SETTINGS, "seed": 12, "replicates": 1})
    vertex.submit("qt-cloud-seed", {**in_the_bucket(bench), "trainer_settings": json.dumps(changed)}, {})
    job = ended(vertex, "qt-cloud-seed")
    assert {name: state for name, state in states(job).items() if state != "cached"} == {"Trainer": "succeeded"}


def test_a_failing_task_says_why_in_plain_words(vertex: VertexPipelines, bench: Bench) -> None:
    parameters = in_the_bucket(bench)
    plan = json.loads(parameters["split_plan"])
    parameters["split_plan"] = json.dumps({**plan, "roles": {**plan["roles"], "product_id": "Nowhere"}})
    vertex.submit("qt-cloud-fails", parameters, {})
    error = ended(vertex, "qt-cloud-fails").error
    assert error
    assert error.task == "ExampleGen"
    assert "Nowhere" in error.message
    assert "Traceback" in error.log_tail
    assert error.log_tail.splitlines()[-1].startswith("the whole log is in Cloud Logging")


def _table(uri: str) -> object:
    with fsspec.open(uri, "rb") as file:
        return pq.read_table(file)
