"""Google's Firestore emulator, started once for all tests that ask for it and emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from google.cloud.firestore import Client

from tests.cloud import emulators
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


def wipe(host: str) -> None:
    requests.delete(documents_url(host, "emulator/v1"), timeout=30).raise_for_status()


def documents_url(host: str, api: str = "v1") -> str:
    return f"http://{host}/{api}/projects/{PROJECT}/databases/(default)/documents"
