"""Experiment tracking by an MLflow server, over its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.ports.errors import Transient
from towerlab.ports.tracking import TrackedRun

TIMEOUT = 10.0  # seconds
CURVES = ("loss",)
MISSING = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})
LOGGED_AT = 0  # the same time at every logging: MLflow keeps equal points once


class MlflowTracking:
    """`server` is the base URL of the tracking server, '' when the installation has none."""

    def __init__(self, server: str) -> None:
        self._server = server.rstrip("/")

    def find_run(self, run_id: str) -> TrackedRun | None:
        answer = self._call("GET", "runs/get", {"run_id": run_id})
        if answer is None or answer["run"]["info"].get("lifecycle_stage") == "deleted":
            return None
        info, logged = answer["run"]["info"], answer["run"]["data"].get("metrics", [])
        return TrackedRun(
            run_id=run_id,
            url=f"{self._server}/#/experiments/{info['experiment_id']}/runs/{run_id}",
            metrics={metric["key"]: float(metric["value"]) for metric in logged},
            curves={name: self._curve(run_id, name) for name in CURVES},
        )

    def add_figures(self, run_id: str, metrics: Mapping[str, float], tags: Mapping[str, str]) -> None:
        body = {
            "run_id": run_id,
            "metrics": [{"key": k, "value": v, "timestamp": LOGGED_AT, "step": 0} for k, v in metrics.items()],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        if self._call("POST", "runs/log-batch", body) is None:
            raise Transient(f"MLflow took no figures for run {run_id}")

    def _curve(self, run_id: str, name: str) -> tuple[tuple[int, float], ...]:
        answer = self._call("GET", "metrics/get-history", {"run_id": run_id, "metric_key": name}) or {}
        points = {int(point.get("step", 0)): float(point["value"]) for point in answer.get("metrics", [])}
        return tuple(sorted(points.items()))

    def _call(self, method: str, path: str, content: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The JSON answer, None when there is no such object. Raises Transient."""
        if not self._server:
            return None
        import requests

        url = f"{self._server}/api/2.0/mlflow/{path}"
        sent: dict[str, Any] = {"params": content} if method == "GET" else {"json": content}
        try:
            response = requests.request(method, url, timeout=TIMEOUT, **sent)
            answer = response.json()
        except requests.RequestException as error:
            raise Transient(f"MLflow at {self._server}: {error}") from error
        if not isinstance(answer, dict):
            raise Transient(f"MLflow at {self._server} answered {response.status_code} and no object")
        if response.ok:
            return answer
        if answer.get("error_code") in MISSING:
            return None
        raise Transient(f"MLflow at {self._server} answered {response.status_code}: {answer.get('message', '')}")
