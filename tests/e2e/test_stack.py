"""The commands a person types, and the doors that stay shut on loopback too."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from tests.stacks import Stack, free_ports

INTERNAL = {"config-api": 1, "codegen": 2, "quicktest-orchestrator": 3, "metrics-collector": 4}


def test_up_again_finds_the_running_stack(stack: Stack) -> None:
    again = stack.command("up")
    assert again.returncode == 0
    assert stack.url in again.stdout


def test_status_shows_programs_ports_logs_disk_and_dead_letters(stack: Stack) -> None:
    shown = stack.command("status")
    assert shown.returncode == 0
    for word in ("front-door", "pipeline-runner", str(stack.port), "disk:", "dead letters:", "logs"):
        assert word in shown.stdout.replace("\n", ""), shown.stdout


def test_a_port_in_use_is_a_clear_error(stack: Stack) -> None:
    other = Stack(stack.state.with_name(stack.state.name + "b"), stack.port)
    refused = other.command("up")
    assert refused.returncode == 1
    assert f"port {stack.port}" in refused.stdout
    assert "TOWERLAB_PORT" in refused.stdout
    other.command("clean")


def test_a_state_folder_in_use_is_a_clear_error(stack: Stack) -> None:
    (stack.state / "supervisor.sock").rename(stack.state / "hidden.sock")  # as if its control were out of sight
    try:
        refused = Stack(stack.state, free_ports()).command("up")
    finally:
        (stack.state / "hidden.sock").rename(stack.state / "supervisor.sock")
    assert refused.returncode == 1
    assert "another stack uses the state folder" in refused.stdout.replace("\n", " ")


def test_a_folder_that_is_not_a_state_folder_is_never_removed(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "thesis.txt").write_text("important")
    stranger = Stack(folder, free_ports())
    for command in ("up", "clean"):
        assert stranger.command(command).returncode == 1
    assert (folder / "thesis.txt").read_text() == "important"


@pytest.mark.parametrize("port", ["http", "80", "99999"])
def test_a_port_that_cannot_be_one_is_refused(stack: Stack, port: str) -> None:
    refused = stack.command("status", TOWERLAB_PORT=port)
    assert refused.returncode == 1
    assert "TOWERLAB_PORT" in refused.stdout


@pytest.mark.parametrize("service", sorted(INTERNAL))
def test_events_need_the_token_even_on_loopback(stack: Stack, service: str) -> None:
    url = f"http://127.0.0.1:{stack.port + INTERNAL[service]}/events/"
    envelope = {"message": {"data": base64.b64encode(b"{}").decode(), "messageId": "1"}, "subscription": "s"}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert requests.post(url, json=envelope, headers=headers, timeout=10).status_code in (401, 403)


@pytest.mark.parametrize(("service", "task"), [("metrics-collector", "collect"), ("quicktest-orchestrator", "sweep")])
def test_tasks_need_the_token_even_on_loopback(stack: Stack, service: str, task: str) -> None:
    url = f"http://127.0.0.1:{stack.port + INTERNAL[service]}/tasks/{task}"
    assert requests.post(url, json={}, timeout=10).status_code in (401, 403)


def test_the_front_door_has_no_internal_routes(stack: Stack) -> None:
    token = (stack.state / "token").read_text()
    for path in ("/events/", "/tasks/collect", "/tasks/sweep"):
        answer = stack.call("POST", path, {}, Authorization=f"Bearer {token}")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_foreign_host_or_origin_is_refused(stack: Stack) -> None:
    assert stack.call("GET", "/api/datasets/", Host="evil.example").status_code in (400, 403, 421)
    assert stack.call("POST", "/api/datasets/", {}, Origin="http://evil.example").status_code == 403


def test_the_state_folder_is_its_owners_alone(stack: Stack) -> None:
    assert stack.state.stat().st_mode & 0o077 == 0
    assert (stack.state / "token").stat().st_mode & 0o077 == 0


def test_a_file_outside_the_data_folders_is_not_read(stack: Stack) -> None:
    (stack.state / "uploads" / "link.csv").symlink_to("/etc/passwd")
    for uri in (
        "/etc/passwd",
        str(stack.state / "token"),
        str(stack.state / "uploads" / "link.csv"),
        "../../etc/passwd",
    ):
        answer = stack.call("POST", "/api/datasets/", {"name": "x", "source": {"kind": "file", "uri": uri}})
        assert answer.status_code == 422, uri
        problem = json.loads(answer.content)
        assert problem["errors"][0]["pointer"] == "/source/uri"
        assert "root:" not in answer.text
