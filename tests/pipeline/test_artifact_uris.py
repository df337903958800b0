"""The job that Vertex runs, task by task, where nothing is on this machine's disk: modules and snapshot are in Cloud
Storage (fake-gcs-server), all artifacts are in TensorFlow's ram://, which its file API reaches as it reaches gs://."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gcsfs
import pipeline_jobs as jobs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
import retail_config
import tensorflow as tf
from pipeline import columnar, job_spec, modules
from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor
from towerlab.adapters.pipelines_local import with_parameters

from tests.cloud import emulators

BUCKET = "installation"
TEMPLATE = Path(__file__).parents[2] / "services/quicktest-orchestrator/pipeline/quick_test.json"
SETTINGS = jobs.settings(batch_size=64, epochs=1, replicates=2)  # those of trained_shop
Upload = Callable[[str, bytes], str]


@pytest.fixture(scope="module")
def upload() -> Iterator[Upload]:
    """Stores an object; its URI."""
    with emulators.storage(BUCKET) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", url)
        gcsfs.GCSFileSystem.clear_instance_cache()

        def put(name: str, content: bytes) -> str:
            where = f"{url}/upload/storage/v1/b/{BUCKET}/o"
            named = {"uploadType": "media", "name": name}
            requests.post(where, params=named, data=content, timeout=10).raise_for_status()
            return f"gs://{BUCKET}/{name}"

        yield put
        gcsfs.GCSFileSystem.clear_instance_cache()


def parameters(upload: Upload, shop: Path, folder: Path) -> dict[str, str]:
    written = retail_config.write_modules(folder)
    local = jobs.parameters(shop, written.preprocessing, written.trainer, trainer_settings=SETTINGS)
    stored = {
        name: upload(f"code/a b#é/{name}.py", getattr(written, name).read_bytes())
        for name in ("preprocessing", "trainer")
    }
    hashes = {name: local[f"{name}_module"].rpartition("#")[2] for name in stored}
    return {
        **local,
        "snapshot_uri": upload("snapshots/shop.parquet", shop.read_bytes()),
        **{f"{name}_module": f"{uri}#{hashes[name]}" for name, uri in stored.items()},
    }


def run(task: job_spec.Task, finished: Mapping[str, Any], root: str) -> dict[str, Any]:
    """The task's container command, in this process: ram:// ends with it."""
    folder = f"{root}/{task.name}"
    outputs, output_file = job_spec.new_outputs(task, folder), f"{folder}/executor_output.json"
    argv = job_spec.command_line(task, finished, outputs, output_file)
    kubeflow_v2_run_executor.main(kubeflow_v2_run_executor._parse_flags(argv[2:]))
    with tf.io.gfile.GFile(output_file) as file:
        return job_spec.with_metadata(outputs, json.loads(file.read()))


@pytest.fixture(scope="module")
def job(upload: Upload, shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What every task put out."""
    here = tmp_path_factory.mktemp("working-directory")
    given = parameters(upload, shop, tmp_path_factory.mktemp("modules"))
    compiled = with_parameters(json.loads(TEMPLATE.read_text()), given)
    finished: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        for task in job_spec.tasks_of(compiled):
            finished[task.name] = run(task, finished, "ram://pipelines/job")
    assert os.listdir(here) == []  # where what takes a URI for a path would write
    return finished


def uri(job: Mapping[str, Any], task: str, key: str) -> str:
    return str(job[task][key]["artifacts"][0]["uri"])


def read(path: str) -> bytes:
    with tf.io.gfile.GFile(path, "rb") as file:
        return bytes(file.read())


def test_ranks_are_those_of_a_run_in_a_folder(job: Mapping[str, Any], trained_shop: Path) -> None:
    for name in ("ranks.parquet", "recommendations.parquet"):
        there = pq.read_table(pa.BufferReader(read(f"{uri(job, 'Trainer', 'model_run')}/{name}")))
        assert there == pq.read_table(trained_shop / "model_run" / name)


def test_every_file_of_a_run_in_a_folder_is_there(job: Mapping[str, Any], trained_shop: Path) -> None:
    artifacts = {
        "ExampleGen": ["examples"],
        "StatisticsGen": ["statistics"],
        "SchemaGen": ["schema"],
        "Transform": ["transform_graph", "transformed_examples"],
        "Trainer": ["model", "model_run"],
    }
    for task, keys in artifacts.items():
        for key in keys:
            there, here = uri(job, task, key), trained_shop / key
            files = [path.relative_to(here) for path in here.rglob("*") if path.is_file()]
            assert files
            assert [file for file in files if not tf.io.gfile.exists(f"{there}/{file}")] == []


def test_the_model_serves_from_there(job: Mapping[str, Any]) -> None:
    model = tf.saved_model.load(f"{uri(job, 'Trainer', 'model')}/Format-Serving")
    assert set(model.signatures) == {"query", "candidate", "recommend"}


def test_the_arrow_file_of_a_split_is_read_from_there(job: Mapping[str, Any], trained_shop: Path) -> None:
    there = columnar.read_split(uri(job, "ExampleGen", "examples"), "train")
    assert there == columnar.read_split(str(trained_shop / "examples"), "train")


def test_a_module_in_cloud_storage_is_read_and_checked(upload: Upload, tmp_path: Path) -> None:
    source = tmp_path / "trainer.py"
    source.write_bytes(b"x = 1\r\n")
    stored, recorded = upload("code/x/trainer.py", source.read_bytes()), jobs.module(source).rpartition("#")[2]
    seen: list[str] = []
    assert modules.read_checked(f"{stored}#{recorded}", seen.append) == b"x = 1\r\n"
    assert seen == ["x = 1\r\n"]
    upload("code/x/trainer.py", b"x = 2\r\n")
    with pytest.raises(modules.RefusedModule, match="recorded hash"):
        modules.read_checked(f"{stored}#{recorded}", seen.append)
    with pytest.raises(FileNotFoundError):
        modules.read_checked(f"gs://{BUCKET}/code/no.py#{recorded}", seen.append)
