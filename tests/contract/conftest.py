"""Google's Firestore emulator, emptied before each test that asks for it; Google's Pub/Sub emulator, and a stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from google.cloud.firestore import Client
from towerlab.runtime.wiring import Deps

from tests.cloud import emulators
from tests.cloud.fake_pubsub import fake_pubsub
from tests.cloud.memory_outbox import MemoryOutbox
from tests.cloud.place import SIGNER, certificates, pushed_to
from tests.contract.building import HandClock

PROJECT = "towerlab-contract"


@pytest.fixture(scope="session")
def firestore_host() -> Iterator[str]:
    try:
        with emulators.firestore() as host:
            yield host
    except emulators.Unavailable as error:
        pytest.skip(f"no Firestore emulator: {error}")


@pytest.fixture(scope="session")
def firestore_client(firestore_host: str) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
        client = Client(project=PROJECT)
        yield client
        client.close()


@pytest.fixture
def firestore(firestore_client: Client, firestore_host: str) -> Client:
    """A client of an empty database."""
    wipe(firestore_host)
    return firestore_client


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def certs_url() -> Iterator[str]:
    with certificates(SIGNER) as url:
        yield url


@pytest.fixture(scope="session")
def official() -> Iterator[str]:
    try:
        with emulators.pubsub() as host:
            yield host
    except emulators.Unavailable as error:
        pytest.skip(f"no Pub/Sub emulator: {error}")


@pytest.fixture(scope="session")
def fake() -> Iterator[str]:
    with fake_pubsub(SIGNER) as host:
        yield host


@pytest.fixture
def deps(tmp_path: Path, certs_url: str) -> Deps:
    """Of a service that is pushed to."""
    return pushed_to(tmp_path, certs_url, "quicktest-orchestrator")


@pytest.fixture
def memory() -> MemoryOutbox:
    return MemoryOutbox()


def wipe(host: str) -> None:
    requests.delete(documents_url(host, "emulator/v1"), timeout=30).raise_for_status()


def documents_url(host: str, api: str = "v1") -> str:
    return f"http://{host}/{api}/projects/{PROJECT}/databases/(default)/documents"
