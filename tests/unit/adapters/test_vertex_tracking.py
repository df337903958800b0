"""What the task that tells MLflow is told on Vertex AI."""

from __future__ import annotations

from towerlab.adapters.pipelines_vertex import tracking_environment


def test_a_server_behind_https_is_sent_a_token_for_itself() -> None:
    server = "https://tracking.example"
    assert tracking_environment(f"{server}/") == {
        "MLFLOW_TRACKING_URI": f"{server}/",
        "TOWERLAB_TRACKING_AUDIENCE": server,
    }


def test_a_server_without_https_and_no_server_at_all_are_sent_none() -> None:
    assert tracking_environment("http://10.0.0.1:5000") == {"MLFLOW_TRACKING_URI": "http://10.0.0.1:5000"}
    assert tracking_environment("") == {}
