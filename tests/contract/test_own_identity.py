"""A process on Google Cloud signs its requests with the token that the metadata server gives for it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from towerlab.adapters.own_identity import OwnIdentity
from towerlab.adapters.tracking_mlflow import MlflowTracking
from towerlab.ports.errors import Transient

from tests.cloud.http_server import Answer, Request, http_server
from tests.cloud.tokens import Signer

AUDIENCE = "https://tracking.example"
SIGNER = Signer({"email": "collector@example.org"})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The audiences that tokens were asked for, of a metadata server."""
    seen: list[str] = []

    def answer(request: Request) -> Answer:
        url = urlsplit(request.path)
        if url.path.endswith("/identity"):
            (audience,) = parse_qs(url.query)["audience"]
            seen.append(audience)
            return Answer(200, SIGNER.token(aud=audience).encode(), GOOGLE)
        return Answer(200, b"{}", GOOGLE)

    with http_server(answer) as url:
        host = urlsplit(url).netloc
        for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
            monkeypatch.setenv(name, host)
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        yield seen


GOOGLE = {"Metadata-Flavor": "Google", "Content-Type": "text/plain"}


def test_a_request_carries_a_token_for_its_audience_and_the_token_is_kept(asked: list[str]) -> None:
    own = OwnIdentity(f"{AUDIENCE}/")
    first, second = (own(requests.Request("GET", AUDIENCE).prepare()).headers["Authorization"] for _ in range(2))
    assert first == second
    assert first.startswith("Bearer ey")
    assert asked == [AUDIENCE]


def test_the_tracking_server_is_told_who_asks(asked: list[str]) -> None:
    told: list[str] = []

    def mlflow(request: Request) -> Answer:
        told.append(request.headers["Authorization"])
        return Answer(404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST"}')

    with http_server(mlflow) as url:
        assert MlflowTracking(url, OwnIdentity(AUDIENCE)).find_run("r1") is None
    assert told[0].startswith("Bearer ey")
    assert asked == [AUDIENCE]


def test_without_credentials_the_server_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    with pytest.raises(Transient, match="no token"):
        MlflowTracking("http://127.0.0.1:1", OwnIdentity(AUDIENCE)).find_run("r1")
