"""What the MLflow adapter makes of the server's answers."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from towerlab.adapters.tracking_mlflow import TIMEOUT, MlflowTracking
from towerlab.ports.errors import Transient


class Server:
    """Answers by path, as MLflow's REST API does; keeps what it was sent."""

    def __init__(self, **answers: tuple[int, Any]) -> None:
        self.answers, self.sent = answers, list[tuple[str, str, dict[str, Any]]]()

    def __call__(self, method: str, url: str, timeout: float, **content: Any) -> requests.Response:
        assert timeout == TIMEOUT
        self.sent.append((method, url, content))
        status, body = self.answers[url.rsplit("/", 1)[-1].replace("-", "_")]
        if isinstance(body, Exception):
            raise body
        response = requests.Response()
        response.status_code = status
        response._content = body if isinstance(body, bytes) else requests.compat.json.dumps(body).encode()
        return response


RUN = {
    "run": {
        "info": {"experiment_id": "7", "lifecycle_stage": "active"},
        "data": {"metrics": [{"key": "loss", "value": 6.5, "step": 2}]},
    }
}
HISTORY = {"metrics": [{"key": "loss", "value": 6.5, "step": 2}, {"key": "loss", "value": 7.0, "step": 1}]}
MISSING = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such run"}


def tracking(monkeypatch: pytest.MonkeyPatch, **answers: tuple[int, Any]) -> tuple[MlflowTracking, Server]:
    server = Server(**answers)
    monkeypatch.setattr(requests, "request", server)
    return MlflowTracking("http://mlflow.test:5000/"), server


def test_a_run_has_figures_a_curve_by_step_and_an_address_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, _ = tracking(monkeypatch, get=(200, RUN), get_history=(200, HISTORY))
    run = adapter.find_run("r1")
    assert run is not None
    assert run.url == "http://mlflow.test:5000/#/experiments/7/runs/r1"
    assert run.metrics == {"loss": 6.5}
    assert run.curves == {"loss": ((1, 7.0), (2, 6.5))}


def test_a_run_that_the_server_does_not_know_or_has_deleted_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, _ = tracking(monkeypatch, get=(404, MISSING))
    assert adapter.find_run("r1") is None
    deleted = {"run": {"info": {"experiment_id": "7", "lifecycle_stage": "deleted"}, "data": {}}}
    adapter, _ = tracking(monkeypatch, get=(200, deleted))
    assert adapter.find_run("r1") is None


@pytest.mark.parametrize(
    "answer",
    [
        (0, requests.ConnectionError("refused")),
        (0, requests.Timeout("10 s")),
        (503, {"message": "starting"}),
        (502, b"<html>bad gateway</html>"),
        (502, ["not an object"]),
    ],
)
def test_a_server_that_does_not_answer_properly_is_transient(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any]
) -> None:
    adapter, _ = tracking(monkeypatch, get=answer, log_batch=answer)
    with pytest.raises(Transient):
        adapter.find_run("r1")
    with pytest.raises(Transient):
        adapter.add_figures("r1", {}, {}, {})


def test_figures_are_logged_the_same_way_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, server = tracking(monkeypatch, log_batch=(200, {}))
    for _ in range(2):
        adapter.add_figures("r1", {"recall_at_10": 0.1}, {"towerlab.kind": "quick_test"}, {})
    assert server.sent[0] == server.sent[1]
    assert server.sent[0][2]["json"]["tags"] == [{"key": "towerlab.kind", "value": "quick_test"}]


def test_an_installation_without_a_server_knows_no_run() -> None:
    assert MlflowTracking("").find_run("r1") is None
