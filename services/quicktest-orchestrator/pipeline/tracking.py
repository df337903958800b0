"""What MLflow is told of a training. It is a place to look at runs: a test never fails because of it."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

EXPERIMENT = "towerlab quick tests"
AUDIENCE_VARIABLE = "TOWERLAB_TRACKING_AUDIENCE"  # where the server wants to know who asks
LABELS_VARIABLE = "TOWERLAB_JOB_LABELS"  # JSON object; becomes tags

log = logging.getLogger(__name__)


def log_training(run_folder: str, settings: Mapping[str, Any]) -> None:
    """Log parameters and losses and write tracking.json beside them. A server out of reach is a warning in the log."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    with tf.io.gfile.GFile(os.path.join(run_folder, "training.json")) as file:
        training = json.loads(file.read())
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    try:
        _identify()
        run_id = _log_run(training, settings)
    except Exception as error:  # noqa: BLE001 - whatever MLflow's client raises: figures do not depend on it
        log.warning("MLflow at %s took nothing of this run: %s", os.environ["MLFLOW_TRACKING_URI"], error)
        return
    with tf.io.gfile.GFile(os.path.join(run_folder, "tracking.json"), "w") as file:
        file.write(json.dumps({"run_id": run_id}))


def _identify() -> None:
    """Let MLflow's client send a token of the account that this task runs as; it lasts an hour, the logging seconds."""
    if audience := os.environ.get(AUDIENCE_VARIABLE):
        from towerlab.adapters.own_identity import OwnIdentity

        os.environ["MLFLOW_TRACKING_TOKEN"] = OwnIdentity(audience).token()


def _log_run(training: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    client = MlflowClient()
    config = training["config"]
    experiment = client.get_experiment_by_name(EXPERIMENT)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
    run = client.create_run(experiment_id, run_name=f"{config['name']} v{config['version']}")
    parameters = {**flat(settings), **flat({"config": config}), "parameters": training["parameters"]}
    at = int(time.time() * 1000)
    losses = [Metric("loss", loss, at, epoch) for epoch, loss in enumerate(mean_losses(training), start=1)]
    seconds = [Metric(f"seconds.{part}", value, at, 0) for part, value in training["timings"].items()]
    tags = {"towerlab.config_hash": config["hash"], **_labels()}
    client.log_batch(
        run.info.run_id,
        metrics=[*losses, *seconds],
        params=[Param(key, str(value)) for key, value in parameters.items()],
        tags=[RunTag(key, str(value)) for key, value in tags.items()],
    )
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def mean_losses(training: Mapping[str, Any]) -> list[float]:
    """Loss per training row by epoch, mean over the replicates."""
    by_replicate = [replicate["loss"] for replicate in training["replicates"]]
    return [sum(epoch) / len(epoch) for epoch in zip(*by_replicate, strict=True)]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{'a': {'b': 1}} as {'a.b': 1}."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return result


def _labels() -> dict[str, str]:
    labels: dict[str, str] = json.loads(os.environ.get(LABELS_VARIABLE, "{}"))
    return {f"towerlab.{key}": value for key, value in labels.items()}
