"""What MLflow learns of a training, from a real server; a test never waits for one that is not there."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from pipeline import tracking
from towerlab.adapters.tracking_mlflow import MlflowTracking

SERVER = Path(__file__).parents[2] / ".envs/tracking/bin"
TRAINING = {
    "config": {"name": "c", "version": 2, "hash": "h"},
    "replicates": [{"loss": [7.0, 6.0]}, {"loss": [8.0, 5.0]}],
    "parameters": 12,
    "timings": {"fit": 1.5},
}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not (SERVER / "mlflow").exists():
        pytest.skip(f"there is no MLflow server in {SERVER}")
    folder, port = tmp_path_factory.mktemp("mlflow"), _free_port()
    command = [SERVER / "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/m.db", "--artifacts-destination", str(folder / "files")]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    environment = {**os.environ, **quiet, "PATH": f"{SERVER}:{os.environ['PATH']}"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(url, folder / "log", process)
        yield url
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _wait_until_up(url: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            urllib.request.urlopen(f"{url}/health", timeout=2)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(log.read_text()[-2000:])


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    (tmp_path / "training.json").write_text(json.dumps(TRAINING))
    return tmp_path


def test_losses_settings_and_labels_reach_the_server(
    server: str, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv(
        "TOWERLAB_JOB_LABELS", json.dumps({"kind": "quick_test", "correlation_id": "abc", "job": "qt-1"})
    )
    tracking.log_training(str(run_folder), {"epochs": 2, "hidden_layers": []})
    run_id = json.loads((run_folder / "tracking.json").read_text())["run_id"]
    client = MlflowClient(server)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["epochs"] == "2"
    assert run.data.params["config.hash"] == "h"
    assert (run.data.tags["towerlab.correlation_id"], run.data.tags["towerlab.kind"]) == ("abc", "quick_test")
    assert [(metric.step, metric.value) for metric in client.get_metric_history(run_id, "loss")] == [(1, 7.5), (2, 5.5)]


def test_the_collectors_parameters_and_files_reach_it_whatever_a_column_is_called(
    server: str, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    tracking.log_training(str(run_folder), {"epochs": 2})
    run_id = json.loads((run_folder / "tracking.json").read_text())["run_id"]
    names = ["../a", "a/b", "a%b", "a\u202eb", "Größe", "a:b", "a" * 300, "a" * 301, *(f"c{n}" for n in range(150))]
    parameters = {f"buyer.{name}.type": name[-10:] for name in names}
    ours = MlflowTracking(server)
    run = ours.find_run(run_id)
    assert run is not None
    for _ in range(2):
        ours.add_figures(run_id, {"recall_at_100": 0.25}, {"towerlab.kind": "quick_test"}, parameters)
        ours.add_files(run, {"package/trainer.py": b"pass\n", "ranks.parquet": bytes(range(256)) * 999})
    client = MlflowClient(server)
    logged = client.get_run(run_id).data
    assert {"buyer.Größe.type", "buyer.c149.type"} < set(logged.params)
    assert sum(name.startswith("buyer.") for name in logged.params) == len(names)
    assert logged.metrics["recall_at_100"] == 0.25
    assert {entry.path for entry in client.list_artifacts(run_id)} == {"package", "ranks.parquet"}
    there = client.download_artifacts(run_id, "ranks.parquet", str(run_folder))
    assert Path(there).read_bytes() == bytes(range(256)) * 999


def test_a_server_out_of_reach_leaves_a_warning_and_no_file(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{_free_port()}")
    tracking.log_training(str(run_folder), {})
    assert not (run_folder / "tracking.json").exists()
    assert "took nothing of this run" in caplog.text


def test_a_task_without_an_account_asks_no_server_and_leaves_a_warning(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://tracking.example")
    monkeypatch.setenv(tracking.AUDIENCE_VARIABLE, "https://tracking.example")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    tracking.log_training(str(run_folder), {})
    assert not (run_folder / "tracking.json").exists()
    assert "no token for https://tracking.example" in caplog.text


def test_without_a_server_nothing_is_tried(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tracking.log_training(str(run_folder), {})
    assert not (run_folder / "tracking.json").exists()
