"""On Google Cloud an internal endpoint takes what a known account signed for it, and nothing else has any effect."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from config_api.app import create_internal, create_public
from flask import Flask
from towerlab.events.codec import push_body
from towerlab.events.envelope import Event
from towerlab.ports.documents import Key, Put
from towerlab.runtime.kinds import KINDS
from towerlab.runtime.outcomes import Done
from towerlab.runtime.push import reacting_app
from towerlab.runtime.wiring import Deps

from tests.cloud.place import PUSHER, SIGNER, pushed_to
from tests.cloud.signing import Signer, signer
from tests.contract.building import event

STRANGER = signer()
PATHS = ("/events/", "/dead-letters/", "/tasks/sweep")
Token = Callable[[], str]

REFUSED: dict[str, tuple[int, Token]] = {
    "no token": (401, str),
    "no bearer": (401, lambda: f"Basic {_token()}"),
    "malformed": (401, lambda: "Bearer x"),
    "three parts of nothing": (401, lambda: "Bearer a.b.c"),
    "no signature": (401, lambda: f"Bearer {_token().rpartition('.')[0]}."),
    "a stranger's signature": (401, lambda: f"Bearer {_token(STRANGER)}"),
    "another audience": (401, lambda: f"Bearer {_token(aud='https://codegen.example.org')}"),
    "another issuer": (401, lambda: f"Bearer {_token(iss='https://issuer.example.org')}"),
    "expired": (401, lambda: f"Bearer {_token(iat=int(time.time()) - 7200, exp=int(time.time()) - 3600)}"),
    "not verified": (401, lambda: f"Bearer {_token(email_verified=False)}"),
    "nobody": (401, lambda: f"Bearer {_token(email=None)}"),
    "another account": (403, lambda: f"Bearer {_token(email='other@towerlab-test.iam.gserviceaccount.example')}"),
    "a person": (403, lambda: f"Bearer {_token(email='ann@example.org')}"),
}


def _token(by: Signer = SIGNER, **changed: Any) -> str:
    return by.token(**{"email": PUSHER} | changed)


class Service:
    """A reacting application whose every effect is counted."""

    def __init__(self, deps: Deps) -> None:
        self.documents, self.ran = deps.documents, list[str]()
        self.app: Flask = reacting_app("codegen", {event().type: self._handle}, deps, {"sweep": self._sweep})

    def post(self, path: str, authorization: str) -> int:
        body = push_body(event("e1"), "projects/p/subscriptions/codegen.quick-test.requested")
        headers = {"Authorization": authorization} if authorization else {}
        return self.app.test_client().post(path, json=body, headers=headers).status_code

    @property
    def kept(self) -> int:
        return sum(self.documents.count(kind, {}) for kind in (*(kind.name for kind in KINDS), "thing"))

    def _handle(self, _: Deps, event: Event) -> Done:
        self.ran.append(event.id)
        return Done([Put(Key("thing", "a"), {}, None)])

    def _sweep(self, _: Deps) -> None:
        self.ran.append("sweep")


@pytest.fixture
def service(tmp_path: Path, certs_url: str) -> Service:
    return Service(pushed_to(tmp_path, certs_url))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("status", "given"), REFUSED.values(), ids=REFUSED.keys())
def test_whoever_proves_nothing_has_no_effect(service: Service, path: str, status: int, given: Token) -> None:
    assert service.post(path, given()) == status
    assert (service.ran, service.kept) == ([], 0)


@pytest.mark.parametrize(
    ("path", "ran", "kept"), [("/events/", ["e1"], 2), ("/dead-letters/", [], 1), ("/tasks/sweep", ["sweep"], 0)]
)
def test_the_pushing_account_is_let_in(service: Service, path: str, ran: list[str], kept: int) -> None:
    assert service.post(path, f"Bearer {_token()}") == 204
    assert (service.ran, service.kept) == (ran, kept)


def test_the_public_application_has_none_of_the_internal_paths(tmp_path: Path, certs_url: str) -> None:
    deps = pushed_to(tmp_path, certs_url, "config-api")
    internal = ("/events", "/tasks", "/dead-letters")
    assert _below(create_public(deps), internal) == []
    assert _below(create_internal(deps), internal) == ["/dead-letters/", "/events/"]


def _below(app: Flask, paths: tuple[str, ...]) -> list[str]:
    return sorted(rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(paths))
