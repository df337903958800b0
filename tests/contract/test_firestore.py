"""The document store on Google Cloud, on Google's Firestore emulator."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.cloud.firestore import Client
from towerlab.adapters.documents_firestore import FirestoreDocuments
from towerlab.adapters.firestore_outbox import FirestoreOutbox
from towerlab.events.envelope import Event
from towerlab.ports.documents import Documents

from tests.contract.building import HandClock
from tests.contract.conftest import documents_url
from tests.contract.documents_contract import DocumentsContract, Raw

LISTINGS = dict.fromkeys(("thing", "other"), (("x",), ("-x", "y"), ("y", "-x")))


@pytest.fixture
def announced() -> list[Event]:
    return []


@pytest.fixture
def outbox(firestore: Client, clock: HandClock) -> FirestoreOutbox:
    return FirestoreOutbox(firestore, clock)


@pytest.fixture
def store(firestore: Client, outbox: FirestoreOutbox, announced: list[Event]) -> FirestoreDocuments:
    return FirestoreDocuments(firestore, LISTINGS, outbox, announced.extend)


class TestFirestoreDocuments(DocumentsContract):
    @pytest.fixture
    def documents(self, store: FirestoreDocuments, firestore_host: str) -> Documents:
        self._host = firestore_host
        return store

    def raw(self) -> Raw:
        ids = sorted(name for kind in LISTINGS for name in _names(self._host, kind))
        return Raw(tuple(id[1:] for id in ids), tuple(id[1:] for id in sorted(_names(self._host, "outbox"))))


def _names(host: str, collection: str) -> list[str]:
    """Ids of documents, by REST."""
    answer: Any = requests.get(f"{documents_url(host)}/{collection}", {"pageSize": 1000}, timeout=30).json()
    return [document["name"].rpartition("/")[2] for document in answer.get("documents", ())]
