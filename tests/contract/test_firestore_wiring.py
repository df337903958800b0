"""A service of an installation on Google Cloud, as far as its documents go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client
from towerlab.events.envelope import Event
from towerlab.runtime import records
from towerlab.runtime.kinds import Received
from towerlab.runtime.service import service_app
from towerlab.runtime.settings import Settings, SettingsError
from towerlab.runtime.wiring import Deps

from tests.cloud.emulators import free_port
from tests.cloud.place import google_place
from tests.contract.building import event
from tests.contract.conftest import PROJECT

SETTINGS = Settings(google_place("", PROJECT))


@dataclass
class HeldBus:
    """What Pub/Sub's bus is to the documents."""

    told: list[Event] = field(default_factory=list)

    def announce(self, events: Any) -> None:
        self.told += events


@pytest.fixture
def deps(firestore: Client, firestore_host: str, monkeypatch: pytest.MonkeyPatch) -> Deps:  # noqa: ARG001
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    return Deps(SETTINGS, bus=HeldBus())


def test_records_and_events_go_where_the_settings_say(deps: Deps, firestore: Client) -> None:
    note = Received("e1", "codegen", "t", "2026-01-01T00:00:00Z")
    (revision,) = deps.documents.commit([records.put(note, "n1", None)], [event("e1")])
    assert records.get(deps.documents, Received, "n1") == records.Held("n1", note, revision)
    assert deps.bus.told == [event("e1")]
    assert {found.id for found in firestore.collections()} == {"inbox", "outbox"}


def test_another_database_has_other_records(deps: Deps) -> None:
    other = Deps(replace(SETTINGS, place=replace(SETTINGS.place, database="other")), bus=HeldBus())
    note = Received("e1", "codegen", "t", "2026-01-01T00:00:00Z")
    deps.documents.commit([records.put(note, "n1", None)])
    assert records.find(other.documents, Received, "n1") is None


def test_a_service_is_ready_when_its_documents_answer(deps: Deps) -> None:
    assert _readiness(deps) == 200


def test_a_service_whose_documents_are_away_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("towerlab.adapters.firestore_calls.READ_AGAIN._timeout", 0.3)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    assert _readiness(Deps(SETTINGS)) == 503


def test_a_place_without_credentials_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(SettingsError, match="credentials") as raised:
        _ = Deps(SETTINGS).documents
    assert "\n" not in str(raised.value)


def _readiness(deps: Deps) -> int:
    with service_app("codegen", deps, internal=False).test_client() as client:
        return client.get("/readyz", base_url="http://127.0.0.1").status_code
