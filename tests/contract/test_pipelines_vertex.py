"""Pipelines by a PipelineService that stands in for Vertex AI."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient
from towerlab.adapters.artifacts_storage import StorageArtifacts
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_local import LocalPipelines
from towerlab.adapters.pipelines_vertex import VertexPipelines
from towerlab.adapters.storage_holds import StorageHolds
from towerlab.adapters.vertex_job import ContainerChange, Workload
from towerlab.domain.compute import Compute, Machine
from towerlab.domain.errors import Invalid
from towerlab.ports.artifacts import Artifacts
from towerlab.ports.errors import Transient
from towerlab.ports.pipelines import Pipelines
from towerlab.runtime.settings import settings_from
from towerlab.runtime.wiring import Deps

from tests.cloud import emulators
from tests.contract import tiny_job
from tests.contract.building import HandClock
from tests.contract.pipelines_contract import PipelinesContract, ended, finished, parameters

PARENT = "projects/some-project/locations/europe-west4"
WORKLOAD = Workload("pipelines@some-project.iam.gserviceaccount.com", "registry.example/pipeline:1", "gs://runs/quick")
NOBODY = f"http://127.0.0.1:{emulators.free_port()}"

if not emulators.PIPELINE_PYTHON.exists():
    pytest.skip("no pipeline environment: make .envs/pipeline/.ready", allow_module_level=True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> StoredTemplate:
    return tiny_job.stored(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    with emulators.storage("runs") as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", url)
        environment.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        yield url


class Vertex:
    """The service, which a test may kill and start again in the same folder."""

    def __init__(self, folder: Path, storage: str) -> None:
        self.port = emulators.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder, self._storage = folder, storage

    def __enter__(self) -> Vertex:
        self._running = emulators.vertex(self._folder, self._storage, self.port)
        self._running.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.__exit__(None, None, None)

    def jobs(self) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/v1/{PARENT}/pipelineJobs?pageSize=1000", timeout=10)
        answer.raise_for_status()
        listed: list[dict[str, Any]] = answer.json()["pipelineJobs"]
        return listed


@pytest.fixture(scope="module")
def vertex(tmp_path_factory: pytest.TempPathFactory, storage: str) -> Iterator[Vertex]:
    with Vertex(tmp_path_factory.mktemp("vertex"), storage) as running:
        yield running


def on(vertex: str, template: StoredTemplate, **more: Any) -> VertexPipelines:
    holds, clock = StorageHolds("some-project"), HandClock()
    return VertexPipelines(PARENT, template, WORKLOAD, holds, clock, endpoint=vertex, **more)


class TestByVertex(PipelinesContract):
    @pytest.fixture
    def pipelines(self, vertex: Vertex, template: StoredTemplate) -> Pipelines:
        self._vertex = vertex
        return on(vertex.url, template)

    @pytest.fixture
    def artifacts(self, storage: str) -> Artifacts:  # noqa: ARG002 - must be running
        return StorageArtifacts("gs://runs/artifacts", also_readable=[WORKLOAD.root])

    def on_record(self) -> Sequence[str]:
        return [job["name"].rpartition("/")[2] for job in self._vertex.jobs()]


def test_outputs_are_below_the_root_in_a_folder_of_job_and_task(vertex: Vertex, template: StoredTemplate) -> None:
    job = finished(on(vertex.url, template), "qt-layout", parameters("layout"))
    uri = job.tasks[0].outputs["model"]
    root, number, job_id, task, key = uri.rsplit("/", 4)
    assert (root, job_id, key) == (WORKLOAD.root, "qt-layout", "model")
    assert number.isdigit()
    assert task.startswith("First_")


def test_labels_reach_the_job_in_the_form_that_google_takes(vertex: Vertex, template: StoredTemplate) -> None:
    finished(on(vertex.url, template), "qt-labels", parameters("labels"))
    (labels,) = [job["labels"] for job in vertex.jobs() if job["name"].endswith("/qt-labels")]
    assert labels == {
        "tfx_version": "1-16-0",
        "test_id": "01j",
        "correlation_id": "req-abc-1",
        "template": template.id,
    }


def test_what_a_container_gets_reaches_its_task(vertex: Vertex, template: StoredTemplate) -> None:
    asked: list[Compute] = []

    def containers(compute: Compute) -> dict[str, ContainerChange]:
        asked.append(compute)
        return {"Trainer": ContainerChange(("--more=x",), {"SIZE": "large"}, {"memoryLimit": 16.0})}

    pipelines = on(vertex.url, template, tracking_uri="http://127.0.0.1:1/mlflow", containers=containers)
    pipelines.submit("qt-containers", parameters("containers"), {}, Compute(trainer=Machine(8, 52)))
    job = ended(pipelines, "qt-containers")
    assert asked == [Compute(trainer=Machine(8, 52))]
    artifacts = StorageArtifacts("gs://runs/artifacts", also_readable=[WORKLOAD.root])
    first, trainer = (artifacts.read(f"{task.outputs['model']}/deep/uri").decode() for task in job.tasks)
    assert (first, trainer) == ("", "http://127.0.0.1:1/mlflow")


def test_a_month_later_nothing_is_taken_from_earlier_jobs(vertex: Vertex, template: StoredTemplate) -> None:
    pipelines, later = on(vertex.url, template), on(vertex.url, template)
    finished(pipelines, "qt-june", parameters("months"))
    later._clock.move(31 * 24 * 3600)  # type: ignore[attr-defined]
    assert [task.state for task in finished(later, "qt-july", parameters("months")).tasks] == ["succeeded"] * 2


def test_what_was_submitted_survives_the_service(tmp_path: Path, storage: str, template: StoredTemplate) -> None:
    vertex = Vertex(tmp_path, storage)
    command = [*emulators.vertex_command(vertex.port, tmp_path), "--python", str(emulators.PIPELINE_PYTHON)]
    process = subprocess.Popen(command, cwd=emulators.REPOSITORY)
    pipelines = on(vertex.url, template)
    _submitted(pipelines, "qt-survives", parameters("survives"))
    process.kill()
    process.wait()
    with pytest.raises(Transient):
        pipelines.describe("qt-survives")
    with vertex:
        assert [task.state for task in ended(pipelines, "qt-survives").tasks] == ["succeeded"] * 2


def _submitted(pipelines: Pipelines, job_id: str, given: dict[str, str]) -> None:
    """As soon as there is somebody who takes it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return pipelines.submit(job_id, given, {})
        except Transient:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_jobs_can_be_listed_and_deleted_by_googles_client(vertex: Vertex, template: StoredTemplate) -> None:
    pipelines = on(vertex.url, template)
    finished(pipelines, "qt-deleted", parameters("deleted"))
    client = PipelineServiceClient(
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        transport="rest",
        client_options={"api_endpoint": vertex.url},
    )
    listed = list(client.list_pipeline_jobs(parent=PARENT))
    assert "qt-deleted" in {job.name.rpartition("/")[2] for job in listed}
    assert not any(job.job_detail.task_details for job in listed)  # which the real one leaves out of lists too
    client.delete_pipeline_job(name=f"{PARENT}/pipelineJobs/qt-deleted").result(10)
    assert pipelines.describe("qt-deleted") is None


def test_what_vertex_refuses_is_invalid(vertex: Vertex, template: StoredTemplate) -> None:
    nobody = VertexPipelines(
        PARENT, template, Workload("", "no-tag", "gs://runs"), StorageHolds("p"), HandClock(), endpoint=vertex.url
    )
    with pytest.raises(Invalid, match=r"service_account.*no-tag"):
        nobody.submit("qt-refused", parameters("x"), {})
    assert nobody.describe("qt-refused") is None


def test_a_service_out_of_reach_is_transient(template: StoredTemplate) -> None:
    pipelines = on(NOBODY, template)
    for call in (
        lambda: pipelines.submit("qt-1", parameters("x"), {}),
        lambda: pipelines.describe("qt-1"),
        lambda: pipelines.cancel("qt-1"),
        lambda: pipelines.keep("qt-1", True),
    ):
        with pytest.raises(Transient):
            call()


def test_the_template_may_be_stored_in_a_bucket(tmp_path: Path, storage: str, template: StoredTemplate) -> None:
    uri = StorageArtifacts("gs://runs").put_if_absent(
        f"templates/{template.id}.json", json.dumps(template.content).encode()
    )
    stored = StoredTemplate(uri)
    assert stored.id == template.id
    LocalPipelines(tmp_path, stored).submit("qt-1", parameters("x"), {})
    assert json.loads((tmp_path / "jobs/qt-1/job.json").read_text())["labels"] == {"template": template.id}
    assert os.environ["STORAGE_EMULATOR_HOST"] == storage


def test_an_installation_on_google_cloud_has_its_jobs_there(
    vertex: Vertex, template: StoredTemplate, tmp_path: Path
) -> None:
    tiny_job.stored(tmp_path)
    environment = {
        "TOWERLAB_PLATFORM": "google",
        "TOWERLAB_PROJECT": "some-project",
        "TOWERLAB_REGION": "europe-west4",
        "TOWERLAB_ARTIFACTS": "gs://runs/artifacts",
        "TOWERLAB_PIPELINE_ROOT": WORKLOAD.root,
        "TOWERLAB_SNAPSHOTS": "some-project.snapshots",
        "TOWERLAB_PUSH_AUDIENCE": "https://towerlab.example.org",
        "TOWERLAB_PUSH_ACCOUNTS": "pushes@example.org",
        "TOWERLAB_PIPELINE_IMAGE": WORKLOAD.image,
        "TOWERLAB_PIPELINE_ACCOUNT": WORKLOAD.account,
        "TOWERLAB_PIPELINE_TEMPLATE": str(tmp_path / "tiny.json"),
        "TOWERLAB_TRACKING_URI": "http://127.0.0.1:1",
        "TOWERLAB_VERTEX_ENDPOINT": vertex.url,
    }
    deps = Deps(settings_from(environment), "quicktest-orchestrator")
    deps.pipelines.submit("qt-wired", parameters("wired"), {})
    (job,) = [job for job in vertex.jobs() if job["name"].endswith("/qt-wired")]
    assert job["labels"]["template"] == template.id
    assert (job["serviceAccount"], job["runtimeConfig"]["gcsOutputDirectory"]) == (WORKLOAD.account, WORKLOAD.root)
    assert {one["container"]["image"] for one in job["pipelineSpec"]["deploymentSpec"]["executors"].values()} == {
        WORKLOAD.image
    }
