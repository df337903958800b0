"""An installation on Google Cloud as far as pushes go: its documents are in a folder, its callers sign with a key made
here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from towerlab.adapters.bus_pubsub import PubsubBus
from towerlab.adapters.clock import SystemClock
from towerlab.adapters.documents_sqlite import SqliteDocuments
from towerlab.adapters.pubsub_subscriptions import Sender
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.ports.outbox import Outbox
from towerlab.runtime import dead_letters
from towerlab.runtime.records import LISTINGS
from towerlab.runtime.settings import Google, Settings
from towerlab.runtime.wiring import Deps

from tests.cloud.http_server import Answer, Request, http_server
from tests.cloud.signing import AUDIENCE, KEY_ID, Signer, signer
from tests.embedded import bus_on

PUSHER = "push@towerlab-test.iam.gserviceaccount.example"
SIGNER = signer()  # whose key the installation knows
SENDER = Sender(PUSHER, AUDIENCE)


@contextmanager
def certificates(signer: Signer) -> Iterator[str]:
    """The URL that has the key of `signer`, as Google's has Google's."""
    content = json.dumps({KEY_ID: signer.certificate}).encode()
    with http_server(lambda _: Answer(200, content)) as url:
        yield f"{url}/oauth2/v1/certs"


def google_place(certs_url: str, project: str = "towerlab-test") -> Google:
    return Google(
        project=project,
        region="somewhere1",
        artifacts="gs://towerlab-test/artifacts",
        pipeline_root="gs://towerlab-test/pipelines",
        snapshots=f"{project}.snapshots",
        push_audience=AUDIENCE,
        push_accounts=(PUSHER,),
        pipeline_image="image",
        pipeline_account="pipeline@towerlab-test.iam.gserviceaccount.example",
        token_certs=certs_url,
    )


def pushed_to(folder: Path, certs_url: str, service: str = "codegen") -> Deps:
    """What a service gets that is pushed to with tokens; its documents are in `folder`."""
    file, clock = SqliteFile(folder / "towerlab.db"), SystemClock()
    bus = bus_on(file, clock)
    documents = SqliteDocuments(file, clock, LISTINGS)
    return Deps(Settings(google_place(certs_url)), service, documents=documents, bus=bus, clock=clock)


def pass_on(app: Flask, request: Request, path: str, token: str = "") -> int:
    """Give the request to `app` as one for `path`; with `token`, as the pushes of the official emulator lack one."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if not token and "Authorization" in request.headers:
        headers = {"Authorization": request.headers["Authorization"]}
    headers |= {"Content-Type": request.headers.get("Content-Type", "")}
    with app.test_client() as client:
        return client.post(path, data=request.body, headers=headers, base_url="http://127.0.0.1").status_code


def bus_to(host: str, outbox: Outbox, deps: Deps, patch: pytest.MonkeyPatch, sender: Sender = SENDER) -> PubsubBus:
    """A bus with topics of its own on the Pub/Sub at `host`."""
    patch.setenv("PUBSUB_EMULATOR_HOST", host)
    letters = lambda limit: dead_letters.undelivered(deps.documents, limit)  # noqa: E731
    return PubsubBus(f"towerlab-{uuid4().hex[:8]}", outbox, letters, sender)
