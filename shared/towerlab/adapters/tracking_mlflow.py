"""Experiment tracking by an MLflow server, over its REST API."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from towerlab.ports.errors import Transient
from towerlab.ports.tracking import TrackedRun

if TYPE_CHECKING:
    from requests.auth import AuthBase

TIMEOUT = 10.0  # seconds
CURVES = ("loss",)
MISSING = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})
LOGGED_AT = 0  # the same time at every logging: MLflow keeps equal points once
PARAMETERS_AT_ONCE = 100  # these three are MLflow's limits
LONGEST_NAME = 250
LONGEST_VALUE = 6_000
SERVED = "mlflow-artifacts"  # the scheme of files that go through the server


class MlflowTracking:
    """`server` is the base URL of the tracking server, '' when the installation has none; `sender` signs requests."""

    def __init__(self, server: str, sender: AuthBase | None = None) -> None:
        self._server, self._sender = server.rstrip("/"), sender

    def find_run(self, run_id: str) -> TrackedRun | None:
        answer = self._call("GET", "mlflow/runs/get", params={"run_id": run_id})
        if answer is None or answer["run"]["info"].get("lifecycle_stage") == "deleted":
            return None
        info, logged = answer["run"]["info"], answer["run"]["data"].get("metrics", [])
        return TrackedRun(
            run_id=run_id,
            url=f"{self._server}/#/experiments/{info['experiment_id']}/runs/{run_id}",
            metrics={metric["key"]: float(metric["value"]) for metric in logged},
            curves={name: self._curve(run_id, name) for name in CURVES},
            files=info.get("artifact_uri", ""),
        )

    def add_figures(
        self, run_id: str, metrics: Mapping[str, float], tags: Mapping[str, str], parameters: Mapping[str, str]
    ) -> None:
        figures = {
            "metrics": [{"key": k, "value": v, "timestamp": LOGGED_AT, "step": 0} for k, v in metrics.items()],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        named = [{"key": _named(key), "value": value[:LONGEST_VALUE]} for key, value in parameters.items()]
        parts = [named[i : i + PARAMETERS_AT_ONCE] for i in range(0, len(named), PARAMETERS_AT_ONCE)]
        bodies: list[dict[str, Any]] = [figures, *({"params": part} for part in parts)]
        for body in bodies:
            if self._call("POST", "mlflow/runs/log-batch", json={"run_id": run_id, **body}) is None:
                raise Transient(f"MLflow took no figures for run {run_id}")

    def add_files(self, run: TrackedRun, files: Mapping[str, bytes]) -> None:
        where = urlsplit(run.files)
        if where.scheme != SERVED:
            return
        for name, content in files.items():
            path = quote(f"{where.path.strip('/')}/{name}")
            if self._call("PUT", f"{SERVED}/artifacts/{path}", data=content) is None:
                raise Transient(f"MLflow took no {name} for run {run.run_id}")

    def _curve(self, run_id: str, name: str) -> tuple[tuple[int, float], ...]:
        answer = self._call("GET", "mlflow/metrics/get-history", params={"run_id": run_id, "metric_key": name}) or {}
        points = {int(point.get("step", 0)): float(point["value"]) for point in answer.get("metrics", [])}
        return tuple(sorted(points.items()))

    def _call(self, method: str, path: str, **sent: Any) -> Mapping[str, Any] | None:
        """The JSON answer, None when there is no such object. Raises Transient."""
        if not self._server:
            return None
        import requests

        url = f"{self._server}/api/2.0/{path}"
        try:
            response = requests.request(method, url, timeout=TIMEOUT, auth=self._sender, **sent)
            answer = response.json() if response.content else {}  # a file that is taken is not answered
        except requests.RequestException as error:
            raise Transient(f"MLflow at {self._server}: {error}") from error
        if not isinstance(answer, dict):
            raise Transient(f"MLflow at {self._server} answered {response.status_code} and no object")
        if response.ok:
            return answer
        if answer.get("error_code") in MISSING:
            return None
        raise Transient(f"MLflow at {self._server} answered {response.status_code}: {answer.get('message', '')}")


def _named(parameter: str) -> str:
    """A name that MLflow takes, different for different names: other characters as :hex:, long ones shortened."""
    plain = re.sub(r"[^\w.\- ]", lambda found: f":{ord(found[0]):x}:", parameter)
    if len(plain) <= LONGEST_NAME:
        return plain
    return f"{plain[: LONGEST_NAME - 17]}:{hashlib.sha256(plain.encode()).hexdigest()[:16]}"
