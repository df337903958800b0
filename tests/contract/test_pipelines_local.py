"""Pipelines by the runner on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from towerlab.adapters.artifacts import FileArtifacts
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_local import LocalPipelines
from towerlab.domain.compute import Compute, Place
from towerlab.ports.artifacts import Artifacts
from towerlab.ports.errors import Transient
from towerlab.ports.pipelines import Pipelines

from tests.cloud import emulators
from tests.contract import tiny_job
from tests.contract.pipelines_contract import PipelinesContract, parameters

if not emulators.PIPELINE_PYTHON.exists():
    pytest.skip("no pipeline environment: make .envs/pipeline/.ready", allow_module_level=True)


@pytest.fixture
def template(tmp_path: Path) -> StoredTemplate:
    return tiny_job.stored(tmp_path)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("runner")
    command = [str(emulators.PIPELINE_PYTHON), "-W", "ignore", "-m", "pipeline.run", str(folder)]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=emulators.REPOSITORY, stdout=log, stderr=log)
    yield folder
    process.terminate()
    process.wait(10)


class TestByTheRunner(PipelinesContract):
    @pytest.fixture
    def pipelines(self, runner: Path, template: StoredTemplate) -> Pipelines:
        self._folder = runner
        return LocalPipelines(runner, template)

    @pytest.fixture
    def artifacts(self, runner: Path, tmp_path: Path) -> Artifacts:
        return FileArtifacts(str(tmp_path), also_readable=[str(runner)])

    def on_record(self) -> Sequence[str]:
        return [path.parent.name for path in (self._folder / "jobs").glob("*/job.json")]


def test_a_mailbox_that_cannot_be_written_is_transient(tmp_path: Path, template: StoredTemplate) -> None:
    (tmp_path / "jobs").write_text("no folder")
    pipelines = LocalPipelines(tmp_path, template)
    with pytest.raises(Transient):
        pipelines.submit("qt-1", parameters("x"), {})


def test_another_compute_than_this_machine_is_not_to_be_had(tmp_path: Path, template: StoredTemplate) -> None:
    pipelines = LocalPipelines(tmp_path, template)
    with pytest.raises(ValueError, match="one machine"):
        pipelines.submit("qt-1", parameters("x"), {}, Compute(Place.DATAFLOW, 8, "e2-standard-4"))
    assert pipelines.describe("qt-1") is None


def test_a_template_out_of_reach_is_transient(tmp_path: Path) -> None:
    with pytest.raises(Transient):
        LocalPipelines(tmp_path, StoredTemplate(str(tmp_path / "none.json"))).submit("qt-1", {}, {})
