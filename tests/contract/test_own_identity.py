"""A process on Google Cloud signs its requests with the token that the metadata server gives for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from towerlab.adapters.own_identity import OwnIdentity
from towerlab.adapters.tracking_mlflow import MlflowTracking
from towerlab.ports.errors import Transient

from tests.cloud.http_server import Answer, Request, http_server
from tests.cloud.signing import signer

AUDIENCE = "https://tracking.example"
GOOGLE = {"Metadata-Flavor": "Google", "Content-Type": "text/plain"}
SIGNER = signer()
CODE = """
import sys
from towerlab.adapters.own_identity import OwnIdentity
from towerlab.adapters.tracking_mlflow import MlflowTracking
tracking = MlflowTracking(sys.argv[1], OwnIdentity(sys.argv[2]))
print([tracking.find_run("r1") for _ in range(2)])
"""  # Google's library looks for the metadata server's address once, when it is imported


@pytest.fixture
def asked() -> list[str]:
    """The audiences that tokens were asked for."""
    return []


@pytest.fixture
def metadata(asked: list[str]) -> Iterator[dict[str, str]]:
    """The environment of a process beside a metadata server."""

    def answer(request: Request) -> Answer:
        url = urlsplit(request.path)
        if not url.path.endswith("/identity"):
            return Answer(200, b'{"email": "collector@example.org"}', GOOGLE | {"Content-Type": "application/json"})
        asked.extend(parse_qs(url.query)["audience"])
        return Answer(200, SIGNER.token(aud=asked[-1]).encode(), GOOGLE)

    with http_server(answer) as url:
        host = urlsplit(url).netloc
        kept = {name: value for name, value in os.environ.items() if name != "GOOGLE_APPLICATION_CREDENTIALS"}
        yield kept | {"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host}


def test_the_tracking_server_is_told_who_asks_with_one_token_until_it_expires(
    metadata: dict[str, str], asked: list[str]
) -> None:
    told: list[str] = []

    def mlflow(request: Request) -> Answer:
        told.append(request.headers["Authorization"])
        return Answer(404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST"}')

    with http_server(mlflow) as url:
        command = [sys.executable, "-c", CODE, url, f"{AUDIENCE}/"]
        answer = subprocess.run(command, env=metadata, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.strip() == "[None, None]", answer.stderr
    assert asked == [AUDIENCE]
    assert len(told) == 2
    assert len(set(told)) == 1
    assert told[0].startswith("Bearer ey")


def test_without_credentials_the_server_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    with pytest.raises(Transient, match="no token"):
        MlflowTracking("http://127.0.0.1:1", OwnIdentity(AUDIENCE)).find_run("r1")
