"""Google-signed tokens, with keys made here and a source of keys at the edge that is made here too."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from towerlab.adapters.identity_google import IAP, OIDC, GoogleIdentity, Kept
from towerlab.domain.errors import Unidentified
from towerlab.ports.errors import Transient

from tests.cloud.signing import AUDIENCE, Signer


@dataclass
class Edge:
    """What Google would answer: keys by URL."""

    keys: dict[str, dict[str, str]]
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, **_: Any) -> Any:
        self.asked.append(url)
        return type("Answer", (), {"status": self.status, "data": json.dumps(self.keys[url]).encode(), "headers": {}})()


SIGNER = Signer(rsa.generate_private_key(65537, 2048))
IAP_SIGNER = Signer(ec.generate_private_key(ec.SECP256R1()))
STRANGER = Signer(rsa.generate_private_key(65537, 2048))


@pytest.fixture
def edge() -> Edge:
    return Edge({OIDC.certs: {"k1": SIGNER.certificate}, IAP.certs: {"k1": IAP_SIGNER.certificate}})


@pytest.fixture
def identity(edge: Edge) -> GoogleIdentity:
    return GoogleIdentity([AUDIENCE, "/projects/1/x"], edge)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_signed_token_names_its_person_in_small_letters(identity: GoogleIdentity) -> None:
    assert identity.who(bearer(SIGNER.token())) == "ann@example.org"


def test_an_assertion_of_the_front_door_is_taken(identity: GoogleIdentity) -> None:
    token = IAP_SIGNER.token(iss="https://cloud.google.com/iap", aud="/projects/1/x", email_verified=None)
    assert identity.who({"X-Goog-IAP-JWT-Assertion": token}) == "ann@example.org"


REFUSED: dict[str, Callable[[], dict[str, str]]] = {
    "no token": dict,
    "another scheme": lambda: {"Authorization": "Basic YTpi"},
    "no token at all": lambda: bearer("x"),
    "three parts of nothing": lambda: bearer("a.b.c"),
    "another audience": lambda: bearer(SIGNER.token(aud="https://other.example.org")),
    "no audience": lambda: bearer(SIGNER.token(aud=None)),
    "another issuer": lambda: bearer(SIGNER.token(iss="https://accounts.evil.example")),
    "a front-door token as bearer": lambda: bearer(SIGNER.token(iss="https://cloud.google.com/iap")),
    "expired": lambda: bearer(SIGNER.token(iat=1, exp=2)),
    "of tomorrow": lambda: bearer(SIGNER.token(iat=int(time.time()) + 90_000, exp=int(time.time()) + 99_000)),
    "an email nobody verified": lambda: bearer(SIGNER.token(email_verified=False)),
    "no email": lambda: bearer(SIGNER.token(email=None)),
    "a stranger's signature": lambda: bearer(STRANGER.token()),
    "a bearer token where the assertion belongs": lambda: {"X-Goog-IAP-JWT-Assertion": SIGNER.token()},
    "no signature": lambda: bearer(SIGNER.token().rpartition(".")[0] + "."),
    "another body under the signature": lambda: bearer(
        ".".join([*SIGNER.token(email="eve@example.org").split(".")[:2], SIGNER.token().split(".")[2]])
    ),
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED.keys())
def test_what_proves_nothing_is_refused(identity: GoogleIdentity, headers: Callable[[], dict[str, str]]) -> None:
    with pytest.raises(Unidentified):
        identity.who(headers())


def test_keys_that_cannot_be_read_are_no_fault_of_the_caller(edge: Edge, identity: GoogleIdentity) -> None:
    edge.status = 500
    with pytest.raises(Transient):
        identity.who(bearer(SIGNER.token()))
    edge.status = 200
    assert identity.who(bearer(SIGNER.token()))


def test_keys_are_asked_for_once_an_hour(edge: Edge) -> None:
    now = [0.0]
    kept = Kept(edge, lambda: now[0])
    for at in (0, 3000, 3601, 3700):
        now[0] = at
        kept(OIDC.certs)
    assert len(edge.asked) == 2


def test_without_an_audience_there_is_no_identity() -> None:
    with pytest.raises(ValueError, match="audiences"):
        GoogleIdentity([])
