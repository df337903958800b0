"""What all commands have in common: where the installation is, who asks, how failures end."""

from __future__ import annotations

from importlib.metadata import entry_points, version

import pytest
import requests
from click.testing import CliRunner
from towerlab_cli.app import towerlab

from tests.unit.cli.conftest import Run


def test_the_script_is_the_command() -> None:
    (script,) = entry_points(group="console_scripts", name="towerlab")
    assert script.load() is towerlab


def test_its_version_is_the_packages() -> None:
    assert version("towerlab") in CliRunner().invoke(towerlab, ["--version"]).stdout


def test_help_names_commands_and_exit_codes(run: Run) -> None:
    shown = run("--help").stdout
    assert [word in shown for word in ("dead-letters", "prediction-report", "TOWERLAB_API", "Exit codes")] == [True] * 4


def test_an_installation_out_of_reach_is_3_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise requests.ConnectionError("refused")

    monkeypatch.setattr(requests.Session, "send", unreachable)
    done = CliRunner().invoke(towerlab, ["--api", "http://127.0.0.1:1", "dead-letters", "list"])
    assert done.exit_code == 3
    assert "http://127.0.0.1:1 does not answer" in done.stderr
    assert "make up" in done.stderr


def test_something_else_at_that_address_is_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def login_page(*_: object, **__: object) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer._content, answer.url = 200, b"<html>Sign in</html>", "https://example.org"
        return answer

    monkeypatch.setattr(requests.Session, "send", login_page)
    done = CliRunner().invoke(towerlab, ["dead-letters", "list"])
    assert (done.exit_code, "Sign in" in done.stderr) == (3, True)


def test_an_address_that_is_none_is_2(run: Run) -> None:
    assert run("--api", "127.0.0.1:8080", "dead-letters", "list").exit_code == 2
    assert run("dead-letters", "list", TOWERLAB_API="ftp://x").exit_code == 2


def test_the_token_is_sent_and_the_address_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[requests.PreparedRequest] = []

    def note(_: requests.Session, request: requests.PreparedRequest, **__: object) -> None:
        asked.append(request)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "send", note)
    environment = {"TOWERLAB_TOKEN": "t", "TOWERLAB_API": "https://example.org/"}
    CliRunner(env=environment).invoke(towerlab, ["dead-letters", "list"])
    assert asked[0].headers["Authorization"] == "Bearer t"
    assert (asked[0].url or "").startswith("https://example.org/api/dead-letters/?")
